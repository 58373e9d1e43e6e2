// Measures: pods scheduled and bound per second with 100, 1,000 and 5,000 hollow nodes on the embedded store. The pods exist
// before the scheduler, a process of its own, starts; the rate counts from the first pod that a watcher sees with a node to
// the last. Every binding is a request over TLS, on disk before it is acknowledged.
import { atLeast, plain, type Benchmark, type Row } from './benchmark.ts';
import { nodeTemplate, podTemplate } from './support/objects.ts';
import { startControlPlane } from './support/programs.ts';
import { runLoad } from './support/run-load.ts';
import { setTimeout as pause } from 'node:timers/promises';

const SIZES = [
  { nodes: 100, pods: 3000, target: undefined },
  { nodes: 1000, pods: 5000, target: undefined },
  { nodes: 5000, pods: 10_000, target: 2000 },
] as const;
const WITHIN_MS = 120_000;

export const scheduling: Benchmark = {
  name: 'scheduling',
  async run(say) {
    const rows: Row[] = [];
    for (const { nodes, pods, target } of SIZES) {
      await using plane = await startControlPlane();
      const { target: endpoint } = plane;
      say(`creating ${nodes} nodes and ${pods} pods`);
      const common = { do: 'create', endpoint, concurrency: 32 } as const;
      await runLoad({ ...common, path: '/api/v1/nodes', template: nodeTemplate(), count: nodes, prefix: 'node' });
      const path = '/api/v1/namespaces/default/pods';
      // Each node has a NoExecute taint until its controller has seen it Ready; nobody plays that part here.
      const tolerations = [{ operator: 'Exists' }];
      await runLoad({ ...common, path, template: podTemplate({ tolerations }), count: pods, prefix: 'pod' });
      say(`scheduling ${pods} pods on ${nodes} nodes`);
      const bindings = runLoad({ do: 'watch-bindings', endpoint, pods, withinMs: WITHIN_MS });
      await pause(1000); // the watch is established before the scheduler starts
      plane.start('scheduler.js');
      const { perSecond } = await bindings;
      const what = `pods/s scheduled and bound, ${nodes.toLocaleString('en-US')} nodes`;
      rows.push(target === undefined ? plain(what, perSecond) : atLeast(what, perSecond, target));
    }
    return rows;
  },
};
