// Services and EndpointSlices for the tests, with only what matters written out.
import type { Service, ServiceSpec } from '../../pkg/api/schema/generated/core.v1.gen.ts';
import type { Endpoint, EndpointSlice } from '../../pkg/api/schema/generated/discovery.v1.gen.ts';
import { POD_PORT, TestNode } from './test-node.ts';

export const NODE_NAME = 'test-node';

export function service(name: string, spec: Partial<ServiceSpec>, ingress: readonly string[] = []): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name,
      namespace: 'default',
      uid: `${name}-uid`,
      resourceVersion: '1',
      creationTimestamp: '2026-01-01T00:00:00Z',
    },
    spec: { type: 'ClusterIP', ports: [{ port: 80, protocol: 'TCP' }], ...spec },
    status: { loadBalancer: { ingress: ingress.map((ip) => ({ ip })) } },
  };
}

export function slice(
  of: string,
  endpoints: readonly (Partial<Endpoint> & { pod: 'p1' | 'p2' | 'p3' })[],
  port: { name?: string; port?: number; protocol?: string } = {},
): EndpointSlice {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `${of}-1`,
      namespace: 'default',
      uid: `${of}-1-uid`,
      resourceVersion: '1',
      creationTimestamp: '2026-01-01T00:00:00Z',
      labels: { 'kubernetes.io/service-name': of },
    },
    addressType: 'IPv4',
    ports: [{ name: '', port: POD_PORT, protocol: 'TCP', ...port }],
    endpoints: endpoints.map(({ pod, ...more }) => ({
      addresses: [TestNode.podIp(pod)],
      nodeName: NODE_NAME,
      conditions: { ready: true, serving: true, terminating: false },
      ...more,
    })),
  };
}
