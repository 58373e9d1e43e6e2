// What containers wrote into their own file systems, by the engine's count of the layer on top of their image.
import type Docker from 'dockerode';
import type { WrittenBytes } from '../runtime.ts';
import { engineCall } from './engine-errors.ts';
import { identityOf, OWNER } from './labels.ts';

export async function writtenBytes(docker: Docker, owner: string, signal?: AbortSignal): Promise<WrittenBytes[]> {
  const infos = await engineCall('list containers', () =>
    docker.listContainers({
      all: true,
      size: true,
      filters: { label: [`${OWNER}=${owner}`] },
      ...(signal !== undefined && { abortSignal: signal }),
    }),
  );
  return infos.flatMap((info) => {
    const identity = identityOf(info.Labels);
    if (identity?.type !== 'container') return [];
    const { SizeRw: bytes = 0 } = info as { SizeRw?: number }; // left out of dockerode's type
    return [{ pod: identity.pod, name: identity.container, bytes }];
  });
}
