// Makes sure that the engine has the sandboxes' image, out of a program this project brings along: no registry is needed.
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type Docker from 'dockerode';
import { pack } from 'tar-stream';
import { RuntimeError } from '../runtime.ts';
import { engineCall, httpStatusOf, runtimeErrorOf } from './engine-errors.ts';
import { pauseProgram } from './pause-program.ts';

const REPOSITORY = 'typekube/pause';
/** Changes with the program, so that an engine with an older one gets the new one. */
const TAG = '1';

export const PAUSE_IMAGE = `${REPOSITORY}:${TAG}`;

/** Throws RuntimeError on a processor that there is no program for. */
export async function ensurePauseImage(docker: Docker, architecture: string): Promise<void> {
  try {
    await docker.getImage(PAUSE_IMAGE).inspect();
    return;
  } catch (cause) {
    if (httpStatusOf(cause) !== 404) throw runtimeErrorOf('look for the pause image', cause);
  }
  const program = pauseProgram(architecture);
  if (program === undefined) throw new RuntimeError(`there is no pause program for ${architecture} processors`);
  const archive = pack();
  archive.entry({ name: 'pause', mode: 0o755 }, Buffer.from(program));
  archive.finalize();
  await engineCall('import the pause image', async () => {
    const progress = await docker.importImage(Readable.from(archive), { repo: REPOSITORY, tag: TAG });
    await finished(progress.resume());
  });
}
