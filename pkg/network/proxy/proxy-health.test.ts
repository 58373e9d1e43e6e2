import { expect, test } from 'vitest';
import type { Node } from '../../api/schema/generated/core.v1.gen.ts';
import { VirtualClock } from '../../clock/virtual-clock.ts';
import { testEndpoint, testService, testSlice } from '../test-objects.ts';
import { ProxyHealth } from './proxy-health.ts';
import { wantedHealthChecks } from './wanted-health-checks.ts';

test('is unhealthy only when a change has waited for a minute', async () => {
  const clock = new VirtualClock();
  const health = new ProxyHealth(clock);
  await clock.advance(59_000);
  expect(health.livez().status).toBe(200);
  await clock.advance(1_000);
  expect(health.livez().status).toBe(503);
  health.written();
  await clock.advance(3_600_000);
  expect(health.livez().status).toBe(200);
  health.changed();
  await clock.advance(30_000);
  health.changed();
  await clock.advance(30_000);
  expect(health.livez().status).toBe(503);
});

test.each([
  { name: 'stays', change: {}, taints: [], status: 200 },
  { name: 'is being deleted', change: { deletionTimestamp: '2026-01-01T00:00:00Z' }, taints: [], status: 503 },
  {
    name: 'is about to be taken by the autoscaler',
    change: {},
    taints: ['ToBeDeletedByClusterAutoscaler'],
    status: 503,
  },
  { name: 'is only cordoned', change: {}, taints: ['node.kubernetes.io/unschedulable'], status: 200 },
])('wants new connections when its node $name: $status', ({ change, taints, status }) => {
  const health = new ProxyHealth(new VirtualClock());
  const node: Node = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'n', uid: 'u', resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z', ...change },
    spec: { taints: taints.map((key) => ({ key, effect: 'NoSchedule' })) },
    status: {},
  };
  health.nodeIs(node);
  expect(health.healthz().status).toBe(status);
  // Rules are still written: the process is alive.
  expect(health.livez().status).toBe(200);
});

test('health check ports are those of load balancers with policy Local, with the endpoints that are ready here', () => {
  const spec = { type: 'LoadBalancer', externalTrafficPolicy: 'Local', healthCheckNodePort: 31_000 };
  const here = { nodeName: 'here' };
  const slices = [
    testSlice('a', [
      testEndpoint('10.0.0.1', here),
      testEndpoint('10.0.0.2'),
      testEndpoint('10.0.0.3', { ...here, state: 'leaving' }),
    ]),
  ];
  const wanted = wantedHealthChecks(
    [testService('a', spec), testService('b', { ...spec, externalTrafficPolicy: 'Cluster' })],
    () => slices,
    { name: 'here' },
  );
  expect([...wanted]).toEqual([[31_000, { namespace: 'ns', service: 'a', localEndpoints: 1 }]]);
});
