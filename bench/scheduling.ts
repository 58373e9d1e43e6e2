// Measures: pods scheduled and bound per second with 100, 1,000 and 5,000 hollow nodes on the embedded store, the scheduler in
// the API server's process, as tkctl runs it, and as a process of its own, where every binding is a request over TLS. The
// pods exist before the scheduler starts; the rate counts from the first pod that a watcher sees with a node to the last. A
// binding is on disk before it is acknowledged.
import { atLeast, plain, type Benchmark, type Row } from './benchmark.ts';
import { bundle } from './support/bundle.ts';
import { nodeTemplate, podTemplate } from './support/objects.ts';
import { startControlPlane } from './support/programs.ts';
import { runLoad } from './support/run-load.ts';
import { setTimeout as pause } from 'node:timers/promises';

const SIZES = [
  { layout: 'one process', nodes: 100, pods: 3000, target: undefined },
  { layout: 'one process', nodes: 1000, pods: 5000, target: undefined },
  { layout: 'one process', nodes: 5000, pods: 10_000, target: 2000 },
  { layout: 'own process', nodes: 5000, pods: 10_000, target: undefined },
] as const;
const WITHIN_MS = 120_000;

export const scheduling: Benchmark = {
  name: 'scheduling',
  async run(say) {
    const rows: Row[] = [];
    const oneProcess = await bundle('bench/support/one-process.ts', 'one-process');
    for (const { layout, nodes, pods, target } of SIZES) {
      const together = layout === 'one process' ? { oneProcess, schedulerWaits: true } : {};
      await using plane = await startControlPlane(together);
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
      plane.startScheduler();
      const { perSecond } = await bindings;
      const what = `pods/s scheduled and bound, ${nodes.toLocaleString('en-US')} nodes, ${layout}`;
      rows.push(target === undefined ? plain(what, perSecond) : atLeast(what, perSecond, target));
    }
    return rows;
  },
};
