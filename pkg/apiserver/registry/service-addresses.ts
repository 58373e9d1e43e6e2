// Cluster IPs and node ports of Services: given out on create and update, never twice at the same time, free again when the
// Service is gone or gives them up. What is taken follows from the Services themselves, so a restart forgets nothing.
// k8s.io/kubernetes pkg/registry/core/service/storage/alloc.go.
import { isIP } from 'node:net';
import { invalid } from '../../api/meta/status.ts';
import type { Service } from '../../api/schema/generated/core.v1.gen.ts';
import type { Random } from '../../clock/clock.ts';
import type { Logger } from '../../logging/logger.ts';
import { internalError } from '../http-errors.ts';
import type { WatchCache } from '../watchcache/watch-cache.ts';
import { AddressRange } from './address-range.ts';
import type { AllocationClaims } from './allocation-claims.ts';
import { copyJson } from './copy-json.ts';
import { NodePorts, portKey, type PortRange } from './node-ports.ts';
import { addressesOf, faulty, portsOf, serviceOf } from './service-allocations.ts';
import { carryOverAllocations, needsClusterIp, needsNodePorts, settleFamilies } from './service-defaults.ts';
import type { HookChange, Reservation, ResourceHook } from './write-parts.ts';

export interface ServiceAddressesParts {
  /** IPv4. */
  readonly cidr: string;
  readonly ports: PortRange;
  readonly cache: WatchCache;
  readonly random: Random;
  readonly log: Logger;
  /** Needed where other API servers give out addresses too. */
  readonly claims: AllocationClaims | undefined;
}

const PREFIX = '/registry/core/services/';
const MOST_ATTEMPTS = 16;

export class ServiceAddresses {
  readonly range: AddressRange;
  readonly #ports: NodePorts;
  readonly #random: Random;
  readonly #cache: WatchCache;
  readonly #claims: AllocationClaims | undefined;
  readonly #log: Logger;
  /** What was stored when this server looked last; kept only where others write too. */
  #known: ReadonlySet<string> = new Set();
  readonly hook: ResourceHook;

  constructor({ cidr, ports, cache, random, claims, log }: ServiceAddressesParts) {
    this.range = new AddressRange(cidr);
    this.#ports = new NodePorts(ports);
    this.#random = random;
    this.#cache = cache;
    this.#claims = claims;
    this.#log = log;
    for (const { value } of cache.resource(PREFIX).list(undefined)) this.#restore(serviceOf(value));
    this.hook = { begin: (change) => this.#begin(change), removed: (object) => this.#release(serviceOf(object)) };
  }

  #restore(service: Service): void {
    for (const address of addressesOf(service)) this.range.take(address);
    for (const port of portsOf(service)) this.#ports.take(port);
  }

  #release(service: Service): void {
    for (const address of addressesOf(service)) this.range.release(address);
    for (const port of portsOf(service)) this.#ports.release(port);
  }

  async #begin(change: HookChange): Promise<Reservation> {
    const service = serviceOf(change.object);
    const old = change.old === undefined ? undefined : serviceOf(change.old);
    if (old !== undefined) carryOverAllocations(service, old);
    else if (service.spec.clusterIP && !service.spec.clusterIPs?.length) {
      service.spec.clusterIPs = [service.spec.clusterIP];
    }
    const faults = settleFamilies(service, old);
    if (faults.length > 0) throw invalid({ group: '', kind: 'Service', name: service.metadata.name }, faults);
    const taken =
      this.#claims === undefined ? this.#assign(service, old) : await this.#assignShared(this.#claims, service, old);
    const held = [...taken.addresses, ...taken.ports];
    return {
      commit: () => {
        this.#releaseClaims(held);
        if (old !== undefined) this.#releaseUnused(service, old);
      },
      cancel: () => {
        this.#releaseClaims(held);
        this.#giveBack(taken);
      },
    };
  }

  #assign(service: Service, old: Service | undefined): Taken {
    const taken = new Taken();
    try {
      this.#assignAddress(service, old, taken);
      this.#assignPorts(service, old, taken);
      return taken;
    } catch (error) {
      this.#giveBack(taken);
      throw error;
    }
  }

  /**
   * What other servers gave out is in the cache or claimed. The cache is asked again after claiming: a claim may have
   * become free because its Service has just been stored.
   */
  async #assignShared(claims: AllocationClaims, service: Service, old: Service | undefined): Promise<Taken> {
    const asked = copyJson(service.spec);
    const busy = new Taken();
    try {
      for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
        await this.#cache.current();
        this.#resync();
        const taken = this.#assign(service, old);
        if (await this.#claimAll(claims, taken)) return taken;
        busy.addresses.push(...taken.addresses);
        busy.ports.push(...taken.ports);
        service.spec = copyJson(asked);
      }
      throw internalError('failed to allocate: other API servers took every candidate');
    } finally {
      this.#giveBack(busy);
    }
  }

  /** False when another server was faster with any of it; then nothing is claimed. */
  async #claimAll(claims: AllocationClaims, { addresses, ports }: Taken): Promise<boolean> {
    const held: string[] = [];
    for (const item of [...addresses, ...ports]) {
      if (await claims.take(item)) held.push(item);
    }
    const all = held.length === addresses.length + ports.length;
    if (all && held.length === 0) return true;
    if (all) {
      await this.#cache.current();
      const stored = this.#stored();
      if (!held.some((item) => stored.has(item))) return true;
    }
    this.#releaseClaims(held);
    return false;
  }

  #releaseClaims(items: readonly string[]): void {
    for (const item of items) {
      this.#claims
        ?.release(item)
        .catch((error: unknown) => this.#log.debug('a claim is left to expire', { item, error }));
    }
  }

  /** What Services that are stored have. */
  #stored(): Set<string> {
    const services = this.#cache
      .resource(PREFIX)
      .list(undefined)
      .map(({ value }) => serviceOf(value));
    return new Set(services.flatMap((service) => [...addressesOf(service), ...portsOf(service)]));
  }

  /** Learns what other servers have given out and taken back since. */
  #resync(): void {
    const stored = this.#stored();
    for (const item of this.#known) {
      if (stored.has(item)) continue;
      if (item.includes('/')) this.#ports.release(item);
      else this.range.release(item);
    }
    for (const item of stored) {
      if (item.includes('/')) this.#ports.take(item);
      else this.range.take(item);
    }
    this.#known = stored;
  }

  #assignAddress(service: Service, old: Service | undefined, taken: Taken): void {
    if (!needsClusterIp(service)) return;
    const { spec } = service;
    const asked = spec.clusterIP ?? '';
    if (asked !== '') {
      spec.clusterIPs = spec.clusterIPs?.length ? spec.clusterIPs : [asked];
      // What is no address, or not the one it had, is for validation to refuse.
      if (isIP(asked) === 0 || (old !== undefined && needsClusterIp(old))) return;
      this.#takeAddress(service, asked, taken);
      return;
    }
    const address = this.range.takeAny(this.#random, () => true);
    if (address === undefined) throw internalError('failed to allocate a serviceIP: range is full');
    taken.addresses.push(address);
    spec.clusterIP = address;
    spec.clusterIPs = [address];
  }

  #takeAddress(service: Service, address: string, taken: Taken): void {
    if (!this.range.contains(address)) {
      throw faulty(
        service,
        'spec.clusterIPs',
        `["${address}"]`,
        `failed to allocate IP ${address}: the provided IP (${address}) is not in the valid range. The range of valid IPs is ${this.range.cidr}`,
      );
    }
    if (!this.range.take(address)) {
      throw faulty(
        service,
        'spec.clusterIPs',
        `["${address}"]`,
        `failed to allocate IP ${address}: provided IP is already allocated`,
      );
    }
    taken.addresses.push(address);
  }

  #assignPorts(service: Service, old: Service | undefined, taken: Taken): void {
    if (!needsNodePorts(service)) return;
    const before = new Set(old === undefined ? [] : portsOf(old));
    const mine = new Set<string>();
    for (const [index, port] of (service.spec.ports ?? []).entries()) {
      const protocol = port.protocol ?? 'TCP';
      if (port.nodePort) {
        const key = `${port.nodePort}/${protocol}`;
        if (!before.has(key) && !mine.has(key)) this.#takePort(service, index, port.nodePort, key, taken);
        mine.add(key);
      } else if (service.spec.allocateLoadBalancerNodePorts !== false || service.spec.type !== 'LoadBalancer') {
        // One port of two protocols gets one node port.
        const twin = service.spec.ports?.find(
          (other) => other.port === port.port && other.nodePort && !mine.has(`${other.nodePort}/${protocol}`),
        );
        port.nodePort = this.#anyPort(protocol, twin?.nodePort, taken);
        mine.add(`${port.nodePort}/${protocol}`);
      }
    }
    this.#assignHealthPort(service, old, taken);
  }

  #assignHealthPort(service: Service, old: Service | undefined, taken: Taken): void {
    const { spec } = service;
    if (spec.type !== 'LoadBalancer' || spec.externalTrafficPolicy !== 'Local') return;
    if (!spec.healthCheckNodePort) {
      spec.healthCheckNodePort = this.#anyPort('TCP', undefined, taken);
      return;
    }
    const key = `${spec.healthCheckNodePort}/TCP`;
    if (old !== undefined && portsOf(old).includes(key)) return;
    if (!this.#ports.take(key)) {
      throw faulty(
        service,
        'spec.healthCheckNodePort',
        String(spec.healthCheckNodePort),
        'provided port is already allocated',
      );
    }
    taken.ports.push(key);
  }

  #takePort(service: Service, index: number, port: number, key: string, taken: Taken): void {
    const field = `spec.ports[${index}].nodePort`;
    const { first, last } = this.#ports.range;
    if (!this.#ports.contains(port)) {
      throw faulty(
        service,
        field,
        String(port),
        `provided port is not in the valid range. The range of valid ports is ${first}-${last}`,
      );
    }
    if (!this.#ports.take(key)) throw faulty(service, field, String(port), 'provided port is already allocated');
    taken.ports.push(key);
  }

  #anyPort(protocol: string, wanted: number | undefined, taken: Taken): number {
    const port = this.#ports.takeAny(protocol, wanted, this.#random);
    if (port === undefined) throw internalError('failed to allocate a nodePort: range is full');
    taken.ports.push(portKey(port, protocol));
    return port;
  }

  #releaseUnused(service: Service, old: Service): void {
    const addresses = new Set(addressesOf(service));
    for (const address of addressesOf(old)) if (!addresses.has(address)) this.range.release(address);
    const ports = new Set(portsOf(service));
    for (const port of portsOf(old)) if (!ports.has(port)) this.#ports.release(port);
  }

  #giveBack({ addresses, ports }: Taken): void {
    for (const address of addresses) this.range.release(address);
    for (const port of ports) this.#ports.release(port);
  }
}

class Taken {
  readonly addresses: string[] = [];
  readonly ports: string[] = [];
}
