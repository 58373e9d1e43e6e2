import { expect, test } from 'vitest';
import { DEFAULT_CONFIG, type ClusterConfig } from './cluster-config.ts';
import { planCluster, type AskedFor } from './nodes-plan.ts';
import { planDifferences } from './plan-differences.ts';

const nothing: AskedFor = { workers: undefined, controlPlanes: undefined, store: undefined, portMappings: [] };
function plan(asked: Partial<AskedFor>, config: Partial<ClusterConfig> = {}) {
  const inputs = { name: 'dev', id: 'an-id', engine: 'unix:///x', subnet: '10.89.100.0/24', apiServerPort: 6443 };
  return planCluster({ ...inputs, config: { ...DEFAULT_CONFIG, ...config }, asked: { ...nothing, ...asked } });
}
const port = { containerPort: 30080, hostPort: 8080, listenAddress: '127.0.0.1', protocol: 'TCP' } as const;

test.each<{ name: string; asked: ReturnType<typeof plan>; words: string[]; workers?: number }>([
  { name: 'nothing', asked: plan({ workers: 1 }), words: [] },
  {
    name: 'maps in another order',
    asked: plan({ workers: 1 }, { scheduler: {} }),
    words: [],
  },
  { name: 'more workers', asked: plan({ workers: 3 }), words: ['1 worker, not 3'], workers: 3 },
  { name: 'no workers', asked: plan({}), words: ['1 worker, not 0'], workers: 0 },
  {
    name: 'three control planes',
    asked: plan({ workers: 1, controlPlanes: 3 }),
    words: ['1 control plane, not 3', 'store embedded, not etcd'],
  },
  {
    name: 'a port and a worker',
    asked: plan({ workers: 2, portMappings: [port] }),
    words: ['1 worker, not 2', 'ports none on dev-control-plane, not 127.0.0.1:8080:30080/tcp'],
  },
  {
    name: 'a flag of a program',
    asked: plan({ workers: 1 }, { apiServer: { v: '4' } }),
    words: ['apiServer.extraArgs {}, not {"v":"4"}'],
  },
  {
    name: 'labels',
    asked: plan(
      {},
      {
        nodes: [
          { role: 'control-plane', labels: {}, portMappings: [] },
          { role: 'worker', labels: { b: '2', a: '1' }, portMappings: [] },
        ],
      },
    ),
    words: ['labels {} on dev-worker, not {"a":"1","b":"2"}'],
  },
])('tells $name apart from what is there', ({ asked, words, workers }) => {
  expect(planDifferences(plan({ workers: 1 }), asked)).toEqual({ words, workers });
});
