// Which health check ports this node must answer, and with what. Pure.
import type { Service } from '../../api/schema/generated/core.v1.gen.ts';
import type { EndpointSlice } from '../../api/schema/generated/discovery.v1.gen.ts';
import { ipv4 } from './address-family.ts';
import { countLocalReady, type ChoosingNode } from './endpoint-choice.ts';
import type { HealthCheck } from './health-check-ports.ts';
import { serviceKey } from './rules.ts';
import { endpointsOf, servicePortsOf } from './service-port.ts';

/** The health check ports of Services that keep their traffic on the node it came to. */
export function wantedHealthChecks(
  all: readonly Service[],
  slicesOf: (key: string) => readonly EndpointSlice[],
  node: ChoosingNode,
): Map<number, HealthCheck> {
  const wanted = new Map<number, HealthCheck>();
  for (const service of all) {
    const { spec, metadata } = service;
    const port = spec.healthCheckNodePort ?? 0;
    if (port === 0 || spec.type !== 'LoadBalancer' || spec.externalTrafficPolicy !== 'Local') continue;
    const ready = servicePortsOf(service, ipv4).map((one) =>
      countLocalReady(endpointsOf(one, slicesOf(serviceKey(service)), ipv4), node),
    );
    wanted.set(port, {
      namespace: metadata.namespace ?? '',
      service: metadata.name ?? '',
      localEndpoints: Math.max(0, ...ready),
    });
  }
  return wanted;
}
