// Images for a cluster whose node is this machine: what its engine has is on the node, and archives are loaded into it.
import { createReadStream, existsSync } from 'node:fs';
import type Docker from 'dockerode';
import { ClusterError } from './cluster-record.ts';
import { httpStatusOf, untilDone } from './engine.ts';

export async function loadIntoEngine(
  engine: Docker,
  image: string,
  path: string,
  say: (step: string) => void,
): Promise<void> {
  if (!existsSync(path)) {
    await imageId(engine, image);
    say(`${image} is on every node already`);
    return;
  }
  say(`loading ${image}`);
  await untilDone(engine, await engine.loadImage(createReadStream(path), { quiet: true }));
}

/** Throws ClusterError when the engine has no such image. */
export async function imageId(engine: Docker, image: string): Promise<string> {
  try {
    return (await engine.getImage(image).inspect()).Id;
  } catch (cause) {
    if (httpStatusOf(cause) !== 404 && httpStatusOf(cause) !== 400) throw cause;
    throw new ClusterError(`"${image}" is neither an image of the engine here nor a file`, { cause });
  }
}
