// Images in the engine: what is there, and pulling what is not.
import type Docker from 'dockerode';
import { RuntimeError, type ImageInfo, type RegistryAuth } from '../runtime.ts';
import { engineCall, httpStatusOf, runtimeErrorOf } from './engine-errors.ts';
import { jsonLines } from './streams.ts';

export async function inspectImage(docker: Docker, image: string): Promise<ImageInfo | undefined> {
  try {
    const details = await docker.getImage(image).inspect();
    return {
      id: details.Id,
      names: [...(details.RepoTags ?? []), ...(details.RepoDigests ?? [])],
      size: details.Size,
      user: details.Config?.User ?? '',
    };
  } catch (cause) {
    if (httpStatusOf(cause) === 404) return undefined;
    throw runtimeErrorOf(`inspect image ${image}`, cause);
  }
}

/** False when a container uses it. */
export async function removeImage(docker: Docker, id: string, signal?: AbortSignal): Promise<boolean> {
  try {
    await docker.getImage(id).remove(signal === undefined ? {} : { abortSignal: signal });
    return true;
  } catch (cause) {
    if (httpStatusOf(cause) === 404) return true;
    if (httpStatusOf(cause) === 409) return false;
    throw runtimeErrorOf(`remove image ${id}`, cause);
  }
}

export async function listImages(docker: Docker, signal?: AbortSignal): Promise<ImageInfo[]> {
  const images = await engineCall('list images', () =>
    docker.listImages(signal === undefined ? {} : { abortSignal: signal }),
  );
  return images.map((image) => ({
    id: image.Id,
    names: [...(image.RepoTags ?? []), ...(image.RepoDigests ?? [])].filter((name) => !name.startsWith('<none>')),
    size: image.Size,
    user: '',
  }));
}

/** The engine answers 200 at once and tells of a failure in the stream that follows. */
export async function pullImage(
  docker: Docker,
  image: string,
  auth: RegistryAuth | undefined,
  signal?: AbortSignal,
): Promise<void> {
  const name = /[:@][^/]*$/.test(image) ? image : `${image}:latest`;
  const progress = await engineCall(`pull ${image}`, () =>
    docker.createImage(
      auth === undefined
        ? undefined
        : { username: auth.username, password: auth.password, serveraddress: auth.serverAddress },
      { fromImage: name, ...(signal !== undefined && { abortSignal: signal }) },
    ),
  );
  // The engine sends bytes; the type says only that it can be read.
  for await (const step of jsonLines(progress as AsyncIterable<Buffer>)) {
    if (typeof step === 'object' && step !== null && 'error' in step) throw new RuntimeError(String(step.error));
  }
}
