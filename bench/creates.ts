// Measures: pods created per second through TLS and JSON, each request waiting for its answer, by 1, 16 and 64 connections of
// a load generator on the same machine; on the embedded store and on etcd. A create is acknowledged when it is on disk. What is
// created first, while both processes' code is being compiled, does not count.
import { atLeast, type Benchmark, type Row } from './benchmark.ts';
import { podTemplate } from './support/objects.ts';
import { startControlPlane } from './support/programs.ts';
import { runLoad } from './support/run-load.ts';

const TARGETS = {
  embedded: [
    { concurrency: 1, count: 1500, target: 1200 },
    { concurrency: 16, count: 6000, target: 3500 },
    { concurrency: 64, count: 8000, target: 5000 },
  ],
  etcd: [
    { concurrency: 1, count: 1000, target: 700 },
    { concurrency: 16, count: 3000, target: 2000 },
    { concurrency: 64, count: 4000, target: 2800 },
  ],
} as const;

/** Of the server, whose CPU a create falls until some 12,000 have been made, and of each load generator. */
const WARM_UP = 12_000;
const WARM_UP_LOAD = 500;

function creates(store: 'embedded' | 'etcd'): Benchmark {
  return {
    name: `creates-${store}`,
    async run(say) {
      await using plane = await startControlPlane({ store });
      const common = { do: 'create', endpoint: plane.target, path: '/api/v1/namespaces/default/pods' } as const;
      const template = podTemplate();
      say('warming up');
      await runLoad({ ...common, template, count: WARM_UP, concurrency: 64, prefix: 'warm' });
      const rows: Row[] = [];
      for (const { concurrency, count, target } of TARGETS[store]) {
        say(`creating ${count} pods on ${concurrency} connections (${store})`);
        const report = await runLoad({
          ...common,
          template,
          count,
          concurrency,
          warmUp: WARM_UP_LOAD,
          prefix: `c${concurrency}`,
        });
        rows.push(atLeast(`pod creates/s, concurrency ${concurrency}, ${store}`, report.perSecond, target));
      }
      return rows;
    },
  };
}

export const createsEmbedded = creates('embedded');
export const createsEtcd = creates('etcd');
