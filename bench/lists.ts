// Measures: the time to list 5,000 pods (median of 20, every byte read), as a consistent read, from the watch cache
// (resourceVersion=0) and as one page of 500.
import { atMost, plain, type Benchmark } from './benchmark.ts';
import { podTemplate } from './support/objects.ts';
import { startControlPlane } from './support/programs.ts';
import { runLoad } from './support/run-load.ts';

const PODS = 5000;
const TIMES = 20;
const PATH = '/api/v1/namespaces/default/pods';

export const lists: Benchmark = {
  name: 'list',
  async run(say) {
    await using plane = await startControlPlane();
    const { target: endpoint } = plane;
    say(`creating ${PODS} pods`);
    const template = podTemplate();
    await runLoad({ do: 'create', endpoint, path: PATH, template, count: PODS, concurrency: 64, prefix: 'p' });
    say(`listing them ${TIMES} times`);
    const consistent = await runLoad({ do: 'list', endpoint, path: PATH, times: TIMES });
    const cached = await runLoad({ do: 'list', endpoint, path: `${PATH}?resourceVersion=0`, times: TIMES });
    const page = await runLoad({ do: 'list', endpoint, path: `${PATH}?limit=500`, times: TIMES });
    return [
      atMost('list of 5,000 pods, p50 (ms)', consistent.p50, 30),
      atMost('list of 5,000 pods at resourceVersion=0, p50 (ms)', cached.p50, 30),
      plain('page of 500 of them, p50 (ms)', page.p50),
      plain('size of the list (MB)', consistent.bytes / 1e6),
    ];
  },
};
