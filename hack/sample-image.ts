// Builds the sample app's image (manifests/examples/hello) through the engine's API. Needs no registry: the only program in
// it is the machine's static busybox.
import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import Docker from 'dockerode';
import { pack } from 'tar-stream';

export const SAMPLE_IMAGE = 'typekube/hello:1';
const BUSYBOX = '/bin/busybox';

/** On the engine at `endpoint` (`unix:///path`); by default where DOCKER_HOST says, else on this machine's. */
export async function ensureSampleImage(
  directory: string,
  say: (line: string) => void,
  endpoint?: string,
): Promise<void> {
  const engine = endpoint === undefined ? new Docker() : new Docker({ socketPath: new URL(endpoint).pathname });
  const present = await engine.listImages({ filters: { reference: [SAMPLE_IMAGE] } });
  if (present.length > 0) return;
  say(`building the sample app's image ${SAMPLE_IMAGE}`);
  const context = pack();
  context.entry({ name: 'Dockerfile' }, readFileSync(`${directory}/Dockerfile`));
  context.entry({ name: 'serve', mode: 0o755 }, readFileSync(`${directory}/serve`));
  context.entry({ name: 'busybox', mode: 0o755 }, readFileSync(BUSYBOX));
  context.finalize();
  const output = await engine.buildImage(Readable.from(context), {
    t: SAMPLE_IMAGE,
    forcerm: true,
    networkmode: 'none',
  });
  await new Promise<void>((resolve, reject) => {
    engine.modem.followProgress(output, (error: Error | null, lines: unknown[] | null) => {
      const failed = lines?.find((line) => typeof line === 'object' && line !== null && 'error' in line);
      if (error !== null) reject(error);
      else if (failed !== undefined) reject(new Error(`the engine could not build it: ${JSON.stringify(failed)}`));
      else resolve();
    });
  });
}
