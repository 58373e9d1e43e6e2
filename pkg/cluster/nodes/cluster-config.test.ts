import { expect, test } from 'vitest';
import { DEFAULT_CONFIG, parseClusterConfig, parsePortMapping } from './cluster-config.ts';

const HEAD = 'kind: Cluster\napiVersion: typekube.dev/v1alpha1\n';

test('an empty cluster has the defaults', () => {
  expect(parseClusterConfig(HEAD)).toEqual(DEFAULT_CONFIG);
});

test('everything that can be said is read', () => {
  const config = parseClusterConfig(`${HEAD}name: ci
store: etcd
privilegedNodes: true
nodes:
- role: control-plane
  extraPortMappings:
  - {containerPort: 30080, hostPort: 8080, protocol: udp}
- role: worker
  labels: {zone: a}
networking: {podSubnet: 10.50.0.0/16, serviceSubnet: 10.60.0.0/16, apiServerPort: 7443}
controllerManager:
  extraArgs: {node-monitor-grace-period: 4s}
`);
  expect(config).toEqual({
    ...DEFAULT_CONFIG,
    name: 'ci',
    store: 'etcd',
    privilegedNodes: true,
    nodes: [
      {
        role: 'control-plane',
        labels: {},
        portMappings: [{ containerPort: 30080, hostPort: 8080, listenAddress: '127.0.0.1', protocol: 'UDP' }],
      },
      { role: 'worker', labels: { zone: 'a' }, portMappings: [] },
    ],
    podSubnet: '10.50.0.0/16',
    serviceSubnet: '10.60.0.0/16',
    apiServerPort: 7443,
    controllerManager: { 'node-monitor-grace-period': '4s' },
  });
});

test("kind's own files are taken as far as they say the same", () => {
  const kind = 'kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\nnodes: [{role: control-plane}, {role: worker}]\n';
  expect(parseClusterConfig(kind).nodes.map(({ role }) => role)).toEqual(['control-plane', 'worker']);
});

test.each([
  { text: 'a: [', message: 'not YAML' },
  { text: '- a', message: 'the file must be an object' },
  { text: 'kind: Pod\napiVersion: v1', message: 'kind must be Cluster' },
  { text: 'kind: Cluster\napiVersion: v1', message: 'apiVersion must be typekube.dev/v1alpha1' },
  { text: `${HEAD}nodez: []`, message: 'nodez is no field; known are' },
  { text: `${HEAD}nodes: {}`, message: 'nodes must be a list' },
  { text: `${HEAD}nodes: [{role: master}]`, message: 'nodes[0].role must be control-plane or worker' },
  { text: `${HEAD}nodes: [{role: worker}]`, message: 'nodes must hold 1 or 3 control planes, not 0' },
  { text: `${HEAD}nodes: [{image: x}]`, message: 'nodes[0].image is no field' },
  { text: `${HEAD}nodes: [{labels: {a/b/c: x}}]`, message: 'nodes[0].labels.a/b/c cannot be' },
  {
    text: `${HEAD}nodes: [{extraPortMappings: [{hostPort: 80}]}]`,
    message: 'nodes[0].extraPortMappings[0].containerPort must be a port, not nothing',
  },
  { text: `${HEAD}networking: {podSubnet: 10.0.0.1/16}`, message: 'networking.podSubnet must be an IPv4 network' },
  { text: `${HEAD}networking: {podSubnet: 10.0.0.0/24}`, message: 'must not be smaller than a /23' },
  { text: `${HEAD}networking: {serviceSubnet: 10.244.8.0/24}`, message: 'overlaps podSubnet' },
  { text: `${HEAD}networking: {apiServerPort: 70000}`, message: 'networking.apiServerPort must be a port, not 70000' },
  { text: `${HEAD}store: sqlite`, message: 'store must be embedded or etcd' },
  { text: `${HEAD}apiServer: {extraArgs: {--v: 1}}`, message: 'apiServer.extraArgs.--v is no name of a flag' },
])('refuses by name: $message', ({ text, message }) => {
  expect(() => parseClusterConfig(text)).toThrow(message);
});

test.each([
  { text: '8080:30080', want: { hostPort: 8080, containerPort: 30080, listenAddress: '127.0.0.1', protocol: 'TCP' } },
  {
    text: '0.0.0.0:53:30053/udp',
    want: { hostPort: 53, containerPort: 30053, listenAddress: '0.0.0.0', protocol: 'UDP' },
  },
])('--port $text', ({ text, want }) => {
  expect(parsePortMapping(text)).toEqual(want);
});

test.each(['8080', 'a:b', '1:70000', '0:30080', '300.0.0.1:1:2', '1:2/sctp'])('--port %s is refused', (text) => {
  expect(() => parsePortMapping(text)).toThrow('--port');
});
