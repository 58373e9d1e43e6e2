// What the DNS server knows of the cluster, indexed for one map look-up per question: namespaces, Services, and the
// endpoints of their slices. Follows the API by put and remove; does no I/O.
import type { Service } from '../../api/schema/generated/core.v1.gen.ts';
import type { EndpointSlice } from '../../api/schema/generated/discovery.v1.gen.ts';

export interface ZonePort {
  /** '' when it has no name. */
  readonly name: string;
  /** Lower case. */
  readonly protocol: string;
  readonly port: number;
}

export interface ZoneService {
  readonly namespace: string;
  readonly name: string;
  readonly kind: 'cluster-ip' | 'headless' | 'external-name';
  readonly clusterIps: readonly string[];
  readonly ports: readonly ZonePort[];
  /** Of an ExternalName, without the last dot. */
  readonly externalName: string;
  readonly publishNotReady: boolean;
}

export interface ZoneEndpoint {
  /** Its own label under the Service's name: its hostname, or its address with dashes. */
  readonly label: string;
  /** Whether the label was given by the pod (spec.hostname). */
  readonly named: boolean;
  readonly addresses: readonly string[];
  readonly ready: boolean;
  readonly ports: readonly ZonePort[];
}

const SERVICE_NAME_LABEL = 'kubernetes.io/service-name';

export class Zone {
  readonly #namespaces = new Set<string>();
  readonly #services = new Map<string, ZoneService>();
  readonly #slices = new Map<string, Map<string, readonly ZoneEndpoint[]>>();
  readonly #serviceOfSlice = new Map<string, string>();
  readonly #byClusterIp = new Map<string, ZoneService>();
  readonly #byEndpointIp = new Map<string, Map<string, { service: string; label: string }>>();

  /** Only a namespace that exists makes the names under it exist. */
  putNamespace(name: string): void {
    this.#namespaces.add(name);
  }

  removeNamespace(name: string): void {
    this.#namespaces.delete(name);
  }

  hasNamespace(name: string): boolean {
    return this.#namespaces.has(name);
  }

  putService(object: Service): void {
    this.removeService(object);
    const service = zoneService(object);
    this.#services.set(`${service.namespace}/${service.name}`, service);
    for (const ip of service.clusterIps) this.#byClusterIp.set(ip, service);
  }

  removeService(object: Service): void {
    const key = `${object.metadata.namespace ?? ''}/${object.metadata.name ?? ''}`;
    const old = this.#services.get(key);
    if (old === undefined) return;
    this.#services.delete(key);
    for (const ip of old.clusterIps) if (this.#byClusterIp.get(ip) === old) this.#byClusterIp.delete(ip);
  }

  putSlice(object: EndpointSlice): void {
    this.removeSlice(object);
    const service = object.metadata.labels?.[SERVICE_NAME_LABEL] ?? '';
    if (service === '' || object.addressType === 'FQDN') return;
    const sliceKey = keyOf(object);
    const serviceKey = `${object.metadata.namespace ?? ''}/${service}`;
    const endpoints = zoneEndpoints(object);
    const slices = this.#slices.get(serviceKey) ?? new Map<string, readonly ZoneEndpoint[]>();
    slices.set(sliceKey, endpoints);
    this.#slices.set(serviceKey, slices);
    this.#serviceOfSlice.set(sliceKey, serviceKey);
    for (const endpoint of endpoints.filter(({ named, ready }) => named && ready))
      for (const address of endpoint.addresses) {
        const names = this.#byEndpointIp.get(address) ?? new Map<string, { service: string; label: string }>();
        names.set(`${sliceKey} ${endpoint.label}`, { service: serviceKey, label: endpoint.label });
        this.#byEndpointIp.set(address, names);
      }
  }

  removeSlice(object: EndpointSlice): void {
    const sliceKey = keyOf(object);
    const serviceKey = this.#serviceOfSlice.get(sliceKey);
    if (serviceKey === undefined) return;
    this.#serviceOfSlice.delete(sliceKey);
    const slices = this.#slices.get(serviceKey);
    for (const endpoint of slices?.get(sliceKey) ?? [])
      for (const address of endpoint.addresses) {
        const names = this.#byEndpointIp.get(address);
        names?.delete(`${sliceKey} ${endpoint.label}`);
        if (names?.size === 0) this.#byEndpointIp.delete(address);
      }
    slices?.delete(sliceKey);
    if (slices?.size === 0) this.#slices.delete(serviceKey);
  }

  service(namespace: string, name: string): ZoneService | undefined {
    return this.#services.get(`${namespace}/${name}`);
  }

  /** Those that may be answered with: ready, or all where the Service publishes the others too. */
  endpoints(service: ZoneService): readonly ZoneEndpoint[] {
    const slices = this.#slices.get(`${service.namespace}/${service.name}`);
    if (slices === undefined) return [];
    const all = [...slices.values()].flat();
    return service.publishNotReady ? all : all.filter(({ ready }) => ready);
  }

  serviceOfClusterIp(ip: string): ZoneService | undefined {
    return this.#byClusterIp.get(ip);
  }

  /** `<label>.<service>.<namespace>` of every endpoint with that address whose pod has a hostname. */
  endpointNames(ip: string): readonly string[] {
    return [...(this.#byEndpointIp.get(ip)?.values() ?? [])].map(({ service, label }) => {
      const [namespace = '', name = ''] = service.split('/');
      return `${label}.${name}.${namespace}`;
    });
  }
}

function keyOf(object: EndpointSlice): string {
  return `${object.metadata.namespace ?? ''}/${object.metadata.name ?? ''}`;
}

function zoneService({ metadata, spec }: Service): ZoneService {
  const ips = spec.clusterIPs !== undefined && spec.clusterIPs.length > 0 ? spec.clusterIPs : [spec.clusterIP ?? ''];
  const clusterIps = ips.filter((ip) => ip !== '' && ip !== 'None');
  const external = spec.type === 'ExternalName';
  return {
    namespace: metadata.namespace ?? '',
    name: metadata.name ?? '',
    kind: external ? 'external-name' : clusterIps.length > 0 ? 'cluster-ip' : 'headless',
    clusterIps: external ? [] : clusterIps,
    ports: (spec.ports ?? []).map(({ name = '', protocol = 'TCP', port }) => ({
      name: name.toLowerCase(),
      protocol: protocol.toLowerCase(),
      port,
    })),
    externalName: (spec.externalName ?? '').replace(/\.$/, ''),
    publishNotReady: spec.publishNotReadyAddresses ?? false,
  };
}

function zoneEndpoints(slice: EndpointSlice): ZoneEndpoint[] {
  const ports = (slice.ports ?? []).flatMap(({ name = '', protocol = 'TCP', port }) =>
    port === undefined ? [] : [{ name: name.toLowerCase(), protocol: protocol.toLowerCase(), port }],
  );
  return (slice.endpoints ?? []).map(({ addresses, hostname, conditions }) => {
    const named = hostname !== undefined && hostname !== '';
    return {
      label: named ? hostname.toLowerCase() : (addresses[0] ?? '').replaceAll(/[.:]/g, '-'),
      named,
      addresses,
      ready: conditions?.ready ?? true,
      ports,
    };
  });
}
