// What a Service gets by its type before addresses are given out, and what an update keeps of the old one although the
// client left it out. k8s.io/kubernetes pkg/registry/core/service/storage/{alloc,storage}.go.
import { isIP } from 'node:net';
import { validateServiceAddresses } from '../../api/core/v1/service-address-validation.ts';
import { Faults } from '../../api/meta/field-faults.ts';
import type { FieldError } from '../../api/meta/status.ts';
import type { Service, ServicePort, ServiceSpec } from '../../api/schema/generated/core.v1.gen.ts';

export function needsClusterIp({ spec }: Service): boolean {
  return spec.type !== 'ExternalName' && spec.clusterIP !== 'None';
}

export function needsNodePorts({ spec }: Service): boolean {
  return spec.type === 'NodePort' || spec.type === 'LoadBalancer';
}

/** Families and policy of a cluster with IPv4 only; what does not fit is answered. */
export function settleFamilies(service: Service, old: Service | undefined): FieldError[] {
  const { spec } = service;
  if (spec.type === 'ExternalName') return [];
  if (spec.clusterIP === 'None') spec.clusterIPs ??= ['None'];
  const faults = new Faults();
  // Whoever fills in the endpoints of such a Service may use both families.
  const anyFamily = spec.clusterIP === 'None' && Object.keys(spec.selector ?? {}).length === 0;
  const policy = spec.ipFamilyPolicy ?? old?.spec.ipFamilyPolicy ?? (anyFamily ? 'RequireDualStack' : 'SingleStack');
  spec.ipFamilyPolicy = policy;
  faults.at('spec', () => {
    validateServiceAddresses(faults, spec);
    if (faults.errors.length > 0) return;
    checkCount(faults, policy, spec);
    inferFamilies(faults, spec);
    if (faults.errors.length > 0) return;
    if (anyFamily) {
      const [first = 'IPv4', second] = spec.ipFamilies ?? [];
      const other = policy === 'SingleStack' ? second : (second ?? (first === 'IPv4' ? 'IPv6' : 'IPv4'));
      spec.ipFamilies = other === undefined ? [first] : [first, other];
      return;
    }
    if (policy === 'RequireDualStack') {
      faults.invalid('ipFamilyPolicy', policy, 'this cluster is not configured for dual-stack services');
    }
    (spec.ipFamilies ?? []).forEach((family, i) => {
      if (family !== 'IPv4') faults.invalid(['ipFamilies', i], family, 'not configured on this cluster');
    });
    if (!spec.ipFamilies?.length) spec.ipFamilies = ['IPv4'];
  });
  return faults.errors;
}

function checkCount(faults: Faults, policy: string, { clusterIPs = [], ipFamilies = [] }: ServiceSpec): void {
  if (policy !== 'SingleStack') return;
  const sentence = "must be 'RequireDualStack' or 'PreferDualStack' when multiple";
  if (clusterIPs.length === 2) faults.invalid('ipFamilyPolicy', policy, `${sentence} cluster IPs are specified`);
  if (ipFamilies.length === 2) faults.invalid('ipFamilyPolicy', policy, `${sentence} IP families are specified`);
}

/** An address that was asked for says its family. */
function inferFamilies(faults: Faults, spec: ServiceSpec): void {
  const { clusterIPs = [] } = spec;
  clusterIPs.forEach((address, i) => {
    if (address === 'None' || i < (spec.ipFamilies ?? []).length) return;
    if (isIP(address) === 4) (spec.ipFamilies ??= []).push('IPv4');
    else faults.invalid(['clusterIPs', i], clusterIPs, 'IPv6 is not configured on this cluster');
  });
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
