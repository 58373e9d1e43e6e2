// What a Service gets by its type before addresses are given out, and what an update keeps of the old one although the
// client left it out. k8s.io/kubernetes pkg/registry/core/service/storage/{alloc,storage}.go.
import type { Service, ServicePort } from '../../api/schema/generated/core.v1.gen.ts';

export function needsClusterIp({ spec }: Service): boolean {
  return spec.type !== 'ExternalName' && spec.clusterIP !== 'None';
}

export function needsNodePorts({ spec }: Service): boolean {
  return spec.type === 'NodePort' || spec.type === 'LoadBalancer';
}

/** Families and policy of a cluster with IPv4 only. */
export function fillFamilies(service: Service): void {
  const { spec } = service;
  if (spec.type === 'ExternalName') return;
  if (spec.clusterIP === 'None') spec.clusterIPs ??= ['None'];
  const selectorless = Object.keys(spec.selector ?? {}).length === 0;
  if (spec.clusterIP === 'None' && selectorless) {
    // Whoever fills in the endpoints may use both families.
    spec.ipFamilyPolicy ??= spec.ipFamilies?.length === 1 ? 'SingleStack' : 'RequireDualStack';
    const [first = 'IPv4'] = spec.ipFamilies ?? [];
    if (spec.ipFamilyPolicy === 'SingleStack') spec.ipFamilies ??= [first];
    else if ((spec.ipFamilies ?? []).length < 2) spec.ipFamilies = [first, first === 'IPv4' ? 'IPv6' : 'IPv4'];
    return;
  }
  spec.ipFamilies = spec.ipFamilies?.length ? spec.ipFamilies : ['IPv4'];
  spec.ipFamilyPolicy ??= 'SingleStack';
}

/** Values that were allocated stay when the client does not name them and the type still has them. */
export function carryOverAllocations(service: Service, old: Service): void {
  const [spec, before] = [service.spec, old.spec];
  if (needsClusterIp(service) && needsClusterIp(old)) {
    if (!spec.clusterIP) spec.clusterIP = before.clusterIP;
    if (!spec.clusterIPs?.length && spec.clusterIP === before.clusterIP) spec.clusterIPs = before.clusterIPs;
  }
  if (service.spec.type === 'ExternalName' && before.type !== 'ExternalName') dropAddresses(service, old);
  if (spec.type !== 'ExternalName' && before.type !== 'ExternalName') {
    spec.ipFamilies ??= before.ipFamilies;
    spec.ipFamilyPolicy ??= before.ipFamilyPolicy;
  }
  if (needsNodePorts(service) && needsNodePorts(old)) keepNodePorts(spec.ports ?? [], before.ports ?? []);
  else if (!needsNodePorts(service) && needsNodePorts(old)) dropNodePorts(spec.ports ?? [], before.ports ?? []);
  const health = (of: Service['spec']) => of.type === 'LoadBalancer' && of.externalTrafficPolicy === 'Local';
  if (health(spec) && health(before)) spec.healthCheckNodePort ||= before.healthCheckNodePort;
  else if (health(before) && spec.healthCheckNodePort === before.healthCheckNodePort) delete spec.healthCheckNodePort;
}

/** A client that changed the type alone sent the old addresses along. */
function dropAddresses({ spec }: Service, { spec: before }: Service): void {
  if (spec.clusterIP === before.clusterIP) {
    delete spec.clusterIP;
    delete spec.clusterIPs;
  }
  delete spec.ipFamilies;
  delete spec.ipFamilyPolicy;
}

function keepNodePorts(ports: readonly ServicePort[], before: readonly ServicePort[]): void {
  for (const port of ports) {
    if (port.nodePort) continue;
    const same = before.find((other) => other.port === port.port && protocolOf(other) === protocolOf(port));
    if (
      same?.nodePort &&
      !ports.some((other) => other.nodePort === same.nodePort && protocolOf(other) === protocolOf(port))
    ) {
      port.nodePort = same.nodePort;
    }
  }
}

function dropNodePorts(ports: readonly ServicePort[], before: readonly ServicePort[]): void {
  const old = new Set(before.map(({ nodePort }) => nodePort));
  for (const port of ports) if (old.has(port.nodePort)) delete port.nodePort;
}

function protocolOf({ protocol }: ServicePort): string {
  return protocol ?? 'TCP';
}
