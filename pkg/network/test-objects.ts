// Services and EndpointSlices for tests: everything valid, only what a test is about written out.
import type { Service, ServiceSpec } from '../api/schema/generated/core.v1.gen.ts';
import type { Endpoint, EndpointPort, EndpointSlice } from '../api/schema/generated/discovery.v1.gen.ts';

const written = { uid: 'u', resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' };

export function testService(
  name: string,
  spec: Partial<ServiceSpec> = {},
  {
    namespace = 'ns',
    labels,
    ingress = [],
  }: { namespace?: string; labels?: Record<string, string>; ingress?: string[] } = {},
): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { ...written, name, namespace, ...(labels !== undefined && { labels }) },
    spec: { type: 'ClusterIP', clusterIP: '10.96.0.1', ports: [{ name: '', port: 80, protocol: 'TCP' }], ...spec },
    status: { loadBalancer: { ingress: ingress.map((ip) => ({ ip })) } },
  };
}

/** `ready` (the default), `leaving` (terminating, still serving) or `gone` (neither). */
export function testEndpoint(
  address: string,
  more: Partial<Endpoint> & { state?: 'ready' | 'leaving' | 'gone' } = {},
): Endpoint {
  const { state = 'ready', ...rest } = more;
  return {
    addresses: [address],
    conditions: { ready: state === 'ready', serving: state !== 'gone', terminating: state !== 'ready' },
    ...rest,
  };
}

export function testSlice(
  service: string,
  endpoints: readonly Endpoint[],
  {
    namespace = 'ns',
    name = `${service}-1`,
    ports = [{ name: '', port: 8080, protocol: 'TCP' }],
  }: {
    namespace?: string;
    name?: string;
    ports?: EndpointPort[];
  } = {},
): EndpointSlice {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { ...written, name, namespace, labels: { 'kubernetes.io/service-name': service } },
    addressType: 'IPv4',
    endpoints: [...endpoints],
    ports,
  };
}
