import { expect, test } from 'vitest';
import type { Service, ServiceSpec } from '../../schema/generated/core.v1.gen.ts';
import { serviceKind } from './service.ts';

const CONTEXT = { now: 0, user: { name: 'someone', groups: [] } };

function service(spec: ServiceSpec): Service {
  const made: Service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 's', namespace: 'ns', uid: 'u', resourceVersion: '1', creationTimestamp: '2024-01-01T00:00:00Z' },
    spec,
    status: {},
  };
  serviceKind.setDefaults(made);
  return made;
}

const lines = (errors: readonly { field: string; body: string }[]) =>
  errors.map(({ field, body }) => `${field}: ${body}`);
const cell = (name: string, of: Service) => serviceKind.columns.find((column) => column.name === name)?.cell(of, 0);

test.each<{ name: string; spec: ServiceSpec; want: ServiceSpec }>([
  {
    name: 'of the usual kind',
    spec: { ports: [{ port: 80 }], sessionAffinityConfig: { clientIP: { timeoutSeconds: 5 } } },
    want: {
      ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
      type: 'ClusterIP',
      sessionAffinity: 'None',
      internalTrafficPolicy: 'Cluster',
    },
  },
  {
    name: 'with a balancer',
    spec: { type: 'LoadBalancer', ports: [{ port: 80, targetPort: 'web' }] },
    want: {
      ports: [{ port: 80, protocol: 'TCP', targetPort: 'web' }],
      type: 'LoadBalancer',
      sessionAffinity: 'None',
      internalTrafficPolicy: 'Cluster',
      externalTrafficPolicy: 'Cluster',
      allocateLoadBalancerNodePorts: true,
    },
  },
  {
    name: 'with sticky clients',
    spec: { sessionAffinity: 'ClientIP' },
    want: {
      type: 'ClusterIP',
      sessionAffinity: 'ClientIP',
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 10_800 } },
      internalTrafficPolicy: 'Cluster',
    },
  },
])('a service $name gets its defaults', ({ spec, want }) => {
  expect(service(spec).spec).toEqual(want);
});

test.each<{ spec: ServiceSpec; want: string }>([
  { spec: {}, want: 'spec.ports: Required value' },
  { spec: { ports: [{ port: 80 }, { port: 81 }] }, want: 'spec.ports[1].name: Required value' },
  {
    spec: {
      ports: [
        { name: 'a', port: 80 },
        { name: 'b', port: 80 },
      ],
    },
    want: 'spec.ports[1]: Duplicate value: {"port":80,"protocol":"TCP"}',
  },
  {
    spec: { ports: [{ port: 80, targetPort: -1 }] },
    want: 'spec.ports[0].targetPort: Invalid value: -1: must be between 1 and 65535, inclusive',
  },
  {
    spec: { ports: [{ port: 80, nodePort: 30_000 }] },
    want: "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'",
  },
  {
    spec: { type: 'Cluster', ports: [{ port: 80 }] },
    want: 'spec.type: Unsupported value: "Cluster": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"',
  },
  { spec: { type: 'ExternalName' }, want: 'spec.externalName: Required value' },
  {
    spec: { clusterIP: 'abc', clusterIPs: ['abc'], ports: [{ port: 80 }] },
    want: 'spec.clusterIPs[0]: Invalid value: "abc": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
  },
  {
    spec: { externalIPs: ['127.0.0.1'], ports: [{ port: 80 }] },
    want: 'spec.externalIPs[0]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
  },
  {
    spec: { externalTrafficPolicy: 'Local', ports: [{ port: 80 }] },
    want: 'spec.externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services',
  },
])('$want', ({ spec, want }) => {
  expect(lines(serviceKind.validate(service(spec)))).toContain(want);
});

test('a headless service needs no ports', () => {
  expect(serviceKind.validate(service({ clusterIP: 'None', clusterIPs: ['None'] }))).toEqual([]);
});

test('an address stays, and a client may know it by either field', () => {
  const old = service({ clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1'], ports: [{ port: 80 }] });
  const silent = service({ clusterIP: '10.0.0.1', ports: [{ port: 81 }] });
  serviceKind.prepareForUpdate(silent, old, CONTEXT);
  expect(silent.spec.clusterIPs).toEqual(['10.0.0.1']);
  const moved = service({ clusterIP: '10.0.0.2', clusterIPs: ['10.0.0.1'], ports: [{ port: 80 }] });
  serviceKind.prepareForUpdate(moved, old, CONTEXT);
  expect(lines(serviceKind.validateUpdate(moved, old))).toEqual([
    'spec.clusterIPs[0]: Invalid value: ["10.0.0.2"]: may not change once set',
  ]);
});

test('what only the old type had goes with it', () => {
  const old = service({ type: 'LoadBalancer', ports: [{ port: 80 }], clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1'] });
  const next = { ...structuredClone(old), spec: { ...structuredClone(old.spec), type: 'ClusterIP' } };
  serviceKind.prepareForUpdate(next, old, CONTEXT);
  expect(next.spec).not.toHaveProperty('externalTrafficPolicy');
  expect(next.spec).not.toHaveProperty('allocateLoadBalancerNodePorts');
  expect(serviceKind.validateUpdate(next, old)).toEqual([]);
});

test.each<{ spec: ServiceSpec; external: string; ports: string }>([
  { spec: { ports: [{ port: 80 }] }, external: '<none>', ports: '80/TCP' },
  { spec: { type: 'NodePort', ports: [{ port: 80, nodePort: 30_001 }] }, external: '<none>', ports: '80:30001/TCP' },
  { spec: { type: 'LoadBalancer', ports: [{ port: 53, protocol: 'UDP' }] }, external: '<pending>', ports: '53/UDP' },
  { spec: { type: 'ExternalName', externalName: 'a.b' }, external: 'a.b', ports: '<none>' },
])('a table shows $external and $ports', ({ spec, external, ports }) => {
  expect([cell('External-IP', service(spec)), cell('Port(s)', service(spec))]).toEqual([external, ports]);
});
