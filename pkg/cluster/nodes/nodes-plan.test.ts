import { expect, test } from 'vitest';
import { DEFAULT_CONFIG } from './cluster-config.ts';
import { candidateSubnets, nodesOf, planCluster, withWorkers, type AskedFor } from './nodes-plan.ts';

const nothing: AskedFor = { workers: undefined, controlPlanes: undefined, store: undefined, portMappings: [] };
function plan(asked: Partial<AskedFor>, config = DEFAULT_CONFIG) {
  return planCluster({
    name: 'dev',
    id: 'an-id',
    config,
    asked: { ...nothing, ...asked },
    engine: 'unix:///x',
    subnet: '10.89.100.0/24',
    apiServerPort: 6443,
  });
}
const shown = ({ containers }: ReturnType<typeof plan>) => containers.map(({ name, address }) => `${name} ${address}`);

test('one control plane is reached directly and keeps its objects itself', () => {
  const record = plan({ workers: 2 });
  expect(shown(record)).toEqual([
    'dev-control-plane 10.89.100.10',
    'dev-worker 10.89.100.11',
    'dev-worker2 10.89.100.12',
  ]);
  expect(record).toMatchObject({ store: 'embedded', endpoint: '10.89.100.10:6443', clusterDns: '10.96.0.10' });
});

test('three control planes use etcd and are reached through a load balancer', () => {
  const record = plan({ controlPlanes: 3, workers: 0 });
  expect(shown(record)).toEqual([
    'dev-load-balancer 10.89.100.2',
    'dev-control-plane 10.89.100.10',
    'dev-control-plane2 10.89.100.11',
    'dev-control-plane3 10.89.100.12',
  ]);
  expect(record).toMatchObject({ store: 'etcd', endpoint: '10.89.100.2:6443' });
});

test("published ports are the first control plane's", () => {
  const mapping = { containerPort: 30080, hostPort: 8080, listenAddress: '127.0.0.1', protocol: 'TCP' } as const;
  const { containers } = plan({ workers: 1, portMappings: [mapping] });
  expect(containers.map(({ portMappings }) => portMappings)).toEqual([[mapping], []]);
});

test.each([
  { name: 'two control planes', asked: { controlPlanes: 2 }, message: '--control-planes must be 1 or 3' },
  { name: 'fewer workers than none', asked: { workers: -1 }, message: '--workers must be from 0 to 189' },
  {
    name: 'more than the network has addresses for',
    asked: { workers: 190 },
    message: '--workers must be from 0 to 189',
  },
  {
    name: 'three control planes on the embedded store',
    asked: { controlPlanes: 3, store: 'embedded' as const },
    message: 'need --store etcd',
  },
])('$name are refused', ({ asked, message }) => {
  expect(() => plan(asked)).toThrow(message);
});

test('workers come behind those that are there and go from the end, as if the cluster had been made so', () => {
  const two = plan({ workers: 2 });
  expect(withWorkers(two, 4)).toEqual(plan({ workers: 4 }));
  expect(withWorkers(two, 0)).toEqual(plan({ workers: 0 }));
  expect(withWorkers(withWorkers(two, 1), 2)).toEqual(two);
  expect(() => withWorkers(two, 190)).toThrow('--workers must be from 0 to 189');
});

test('a new worker fills the gap of an address, wherever the file had put the control plane', () => {
  const node = (role: 'worker' | 'control-plane') => ({ role, labels: {}, portMappings: [] });
  const record = plan({}, { ...DEFAULT_CONFIG, nodes: [node('worker'), node('worker'), node('control-plane')] });
  expect(shown(withWorkers(withWorkers(record, 1), 3))).toEqual([
    'dev-worker 10.89.100.10',
    'dev-control-plane 10.89.100.12',
    'dev-worker2 10.89.100.11',
    'dev-worker3 10.89.100.13',
  ]);
});

test('nodes are listed in the file or counted by flags, not both', () => {
  const node = { role: 'control-plane', labels: {}, portMappings: [] } as const;
  const config = { ...DEFAULT_CONFIG, nodes: [node] };
  expect(nodesOf(config, nothing)).toEqual([node]);
  expect(() => nodesOf(config, { ...nothing, workers: 1 })).toThrow('leave --workers and --control-planes out');
});

test('a cluster has a hundred networks to try, always in the same order', () => {
  const subnets = candidateSubnets('dev');
  expect(new Set(subnets).size).toBe(100);
  expect(candidateSubnets('dev')).toEqual(subnets);
  expect(subnets.every((subnet) => /^10\.89\.1\d\d\.0\/24$/.test(subnet))).toBe(true);
});
