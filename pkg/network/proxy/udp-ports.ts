// The UDP ports of all Services with those who may answer them, kept up to date Service by Service; what staleFlows needs.
import type { Service } from '../../api/schema/generated/core.v1.gen.ts';
import type { EndpointSlice } from '../../api/schema/generated/discovery.v1.gen.ts';
import { ipv4 } from './address-family.ts';
import { serviceKey } from './rules.ts';
import { endpointsOf, servicePortsOf } from './service-port.ts';
import { udpPortOf, type UdpPort } from './udp-flows.ts';

export class UdpPorts {
  readonly #ports = new Map<string, readonly UdpPort[]>();

  /** Undefined: the Service is gone. Answers with whether it has, or had, UDP ports. */
  set(key: string, service: Service | undefined, slices: readonly EndpointSlice[]): boolean {
    const had = this.#ports.delete(key);
    const ports = service === undefined ? [] : servicePortsOf(service, ipv4);
    const udp = ports.flatMap((port) => udpPortOf(port, endpointsOf(port, slices, ipv4)) ?? []);
    if (udp.length > 0) this.#ports.set(key, udp);
    return had || udp.length > 0;
  }

  /** Takes over everything anew. */
  reset(all: readonly Service[], slicesOf: (key: string) => readonly EndpointSlice[]): void {
    this.#ports.clear();
    for (const service of all) this.set(serviceKey(service), service, slicesOf(serviceKey(service)));
  }

  all(): UdpPort[] {
    return [...this.#ports.values()].flat();
  }
}
