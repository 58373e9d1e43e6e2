// Measures, for store, API server, scheduler and controllers in one process with fresh data in the embedded store and
// certificates at hand (median of five): the time from the start of the process to the first 200 of /readyz, and until the
// control plane is of use: the default service account has been made and a pod has got a node.
import { setTimeout as pause } from 'node:timers/promises';
import { atMost, percentile, type Benchmark } from './benchmark.ts';
import { Connection } from './load/connection.ts';
import { bundle } from './support/bundle.ts';
import { nodeTemplate, podTemplate } from './support/objects.ts';
import { startControlPlane, type ControlPlane } from './support/programs.ts';

const ROUNDS = 5;
const USABLE_WITHIN_MS = 20_000;
const POLL_MS = 5;

export const startup: Benchmark = {
  name: 'startup',
  async run(say) {
    const program = await bundle('bench/support/one-process.ts', 'one-process');
    const ready: number[] = [];
    const usable: number[] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      say(`starting the control plane, ${round} of ${ROUNDS}`);
      await using plane = await startControlPlane({ oneProcess: program });
      ready.push(plane.readyMs);
      usable.push(await usableMs(plane));
    }
    ready.sort((a, b) => a - b);
    usable.sort((a, b) => a - b);
    return [
      atMost('start of the control plane to /readyz (s)', percentile(ready, 0.5) / 1000, 1),
      atMost('start of the control plane to a pod with a node (s)', percentile(usable, 0.5) / 1000, 1),
    ];
  },
};

async function usableMs(plane: ControlPlane): Promise<number> {
  using connection = await Connection.open(plane.target);
  const named = (template: string) => template.replaceAll('@NAME@', 'first');
  await connection.send('POST', '/api/v1/nodes', named(nodeTemplate()));
  const pods = '/api/v1/namespaces/default/pods';
  const pod = named(podTemplate({ tolerations: [{ operator: 'Exists' }] }));
  while ((await connection.send('POST', pods, pod)).status !== 201) await untilLater(plane);
  for (;;) {
    const { body } = await connection.send('GET', `${pods}/first`);
    if (body.includes('"nodeName":"first"')) return plane.sinceStartMs();
    await untilLater(plane);
  }
}

async function untilLater(plane: ControlPlane): Promise<void> {
  if (plane.sinceStartMs() > USABLE_WITHIN_MS) throw new Error('the control plane did not become usable');
  await pause(POLL_MS);
}
