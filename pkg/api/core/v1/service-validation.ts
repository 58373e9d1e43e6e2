// Validation of Services. Rules, order and sentences: ValidateService in pkg/apis/core/validation of Kubernetes.
import { isIP } from 'node:net';
import { Faults } from '../../meta/field-faults.ts';
import { dnsLabelFaults, dnsSubdomainFaults, portNumberFaults, qualifiedNameFaults } from '../../meta/names.ts';
import { validateLabels } from '../../meta/object-meta-validation.ts';
import type { FieldError } from '../../meta/status.ts';
import { checkForeignIp, checkIp, checkOneOf, checkPort, isCidr } from '../../meta/value-checks.ts';
import type { Service, ServicePort, ServiceSpec } from '../../schema/generated/core.v1.gen.ts';

const TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
const FAMILIES = ['IPv4', 'IPv6'];
const FAMILY_POLICIES = ['PreferDualStack', 'RequireDualStack', 'SingleStack'];
const KUBELET_PORT = 10250;
const LONGEST_AFFINITY_SECONDS = 86_400;

export function validateService({ spec }: Service): FieldError[] {
  const faults = new Faults();
  faults.at('spec', () => {
    const { ports = [] } = spec;
    if (ports.length === 0 && !isHeadless(spec) && spec.type !== 'ExternalName') faults.required('ports');
    validateType(faults, spec);
    validatePorts(faults, ports);
    validateLabels(faults, 'selector', spec.selector);
    validateAffinity(faults, spec);
    validateClusterIps(faults, spec);
    (spec.externalIPs ?? []).forEach((address, i) => {
      if (isIP(address) === 0) checkIp(faults, ['externalIPs', i], address);
      else checkForeignIp(faults, ['externalIPs', i], address);
    });
    checkOneOf(faults, 'type', spec.type, TYPES);
    validateNodePorts(faults, spec);
    validateUniquePorts(faults, ports);
    validateLoadBalancer(faults, spec);
    validateTrafficPolicies(faults, spec);
  });
  return faults.errors;
}

export function validateServiceUpdate(service: Service, old: Service): FieldError[] {
  const faults = new Faults();
  const [spec, before] = [service.spec, old.spec];
  if (spec.type !== 'ExternalName' && before.type !== 'ExternalName') {
    const [next, was] = [spec.clusterIPs?.[0], before.clusterIPs?.[0]];
    if (was !== undefined && next !== was) {
      faults.invalid(['spec', 'clusterIPs', 0], next ?? '', 'may not change once set');
    }
  }
  const classNow = spec.type === 'LoadBalancer' && before.type === 'LoadBalancer';
  if (classNow && spec.loadBalancerClass !== before.loadBalancerClass) {
    faults.invalid(['spec', 'loadBalancerClass'], spec.loadBalancerClass, 'may not change once set');
  }
  return [...faults.errors, ...validateService(service)];
}

function isHeadless({ clusterIPs, clusterIP }: ServiceSpec): boolean {
  return (clusterIPs?.length === 1 && clusterIPs[0] === 'None') || clusterIP === 'None';
}

/** Seen from outside the cluster. */
export function isExternallyAccessible({ type, externalIPs = [] }: ServiceSpec): boolean {
  return type === 'LoadBalancer' || type === 'NodePort' || (type === 'ClusterIP' && externalIPs.length > 0);
}

function validateType(faults: Faults, spec: ServiceSpec): void {
  switch (spec.type) {
    case 'LoadBalancer':
      (spec.ports ?? []).forEach(({ port }, i) => {
        if (port !== KUBELET_PORT) return;
        const sentence = `may not expose port ${KUBELET_PORT} externally since it is used by kubelet`;
        faults.invalid(['ports', i], port, sentence);
      });
      if (isHeadless(spec)) {
        faults.invalid(['clusterIPs', 0], 'None', "may not be set to 'None' for LoadBalancer services");
      }
      return;
    case 'NodePort':
      if (isHeadless(spec)) {
        faults.invalid(['clusterIPs', 0], 'None', "may not be set to 'None' for NodePort services");
      }
      return;
    case 'ExternalName': {
      const sentence = 'may not be set for ExternalName services';
      if ((spec.clusterIPs ?? []).length > 0 || spec.clusterIP) faults.forbidden('clusterIPs', sentence);
      if ((spec.ipFamilies ?? []).length > 0) faults.forbidden('ipFamilies', sentence);
      if (spec.ipFamilyPolicy !== undefined) faults.forbidden('ipFamilyPolicy', sentence);
      const name = (spec.externalName ?? '').replace(/\.$/, '');
      if (name === '') faults.required('externalName');
      else faults.invalidAll('externalName', name, dnsSubdomainFaults(name));
      return;
    }
    case undefined:
    default:
  }
}

function validatePorts(faults: Faults, ports: readonly ServicePort[]): void {
  const names = new Set<string>();
  faults.each('ports', ports, ({ name, port, protocol, targetPort, appProtocol }) => {
    if (name) {
      faults.invalidAll('name', name, dnsLabelFaults(name));
      if (names.has(name)) faults.duplicate('name', name);
      names.add(name);
    } else if (ports.length > 1) faults.required('name');
    faults.invalidAll('port', port ?? 0, portNumberFaults(port ?? 0));
    checkOneOf(faults, 'protocol', protocol, ['SCTP', 'TCP', 'UDP']);
    checkPort(faults, 'targetPort', targetPort);
    if (appProtocol !== undefined) faults.invalidAll('appProtocol', appProtocol, qualifiedNameFaults(appProtocol));
  });
}

function validateAffinity(faults: Faults, { sessionAffinity, sessionAffinityConfig }: ServiceSpec): void {
  checkOneOf(faults, 'sessionAffinity', sessionAffinity, ['ClientIP', 'None']);
  if (sessionAffinity === 'ClientIP') {
    const seconds = sessionAffinityConfig?.clientIP?.timeoutSeconds;
    const at = ['sessionAffinityConfig', 'clientIP', 'timeoutSeconds'];
    if (seconds === undefined) faults.required(at, 'when session affinity type is ClientIP');
    else if (seconds <= 0 || seconds > LONGEST_AFFINITY_SECONDS) {
      faults.invalid(at, seconds, `must be greater than 0 and less than ${LONGEST_AFFINITY_SECONDS}`);
    }
  } else if (sessionAffinity === 'None' && sessionAffinityConfig !== undefined) {
    faults.forbidden('sessionAffinityConfig', 'must not be set when session affinity is None');
  }
}

function validateClusterIps(faults: Faults, spec: ServiceSpec): void {
  if (spec.type === 'ExternalName') return;
  const { clusterIP = '', clusterIPs = [], ipFamilies = [], ipFamilyPolicy } = spec;
  if (clusterIP !== '' && clusterIPs.length === 0) faults.required('clusterIPs');
  else if (clusterIPs.length > 0 && clusterIPs[0] !== clusterIP) {
    faults.invalid('clusterIPs', clusterIPs, 'first value must match `clusterIP`');
  }
  const families = new Set<string>();
  ipFamilies.forEach((family, i) => {
    if (!FAMILIES.includes(family)) faults.notSupported(['ipFamilies', i], family, FAMILIES);
    if (families.has(family)) faults.duplicate(['ipFamilies', i], family);
    families.add(family);
  });
  if (ipFamilyPolicy !== undefined) checkOneOf(faults, 'ipFamilyPolicy', ipFamilyPolicy, FAMILY_POLICIES);
  clusterIPs.forEach((address, i) => {
    if (address === 'None') {
      if (i > 0 || clusterIPs.length > 1) {
        faults.invalid('clusterIPs', clusterIPs, "'None' must be the first and only value");
      }
    } else checkIp(faults, ['clusterIPs', i], address);
  });
  if (clusterIPs.length > 2) faults.invalid('clusterIPs', clusterIPs, 'may only hold up to 2 values');
}

function validateNodePorts(faults: Faults, { type, ports = [] }: ServiceSpec): void {
  const taken = new Set<string>();
  ports.forEach(({ nodePort, protocol }, i) => {
    if (!nodePort) return;
    const at = ['ports', i, 'nodePort'];
    if (type === 'ClusterIP') faults.forbidden(at, "may not be used when `type` is 'ClusterIP'");
    const once = `${protocol}/${nodePort}`;
    if (taken.has(once)) faults.duplicate(at, nodePort);
    taken.add(once);
  });
}

function validateUniquePorts(faults: Faults, ports: readonly ServicePort[]): void {
  const taken = new Set<string>();
  ports.forEach(({ port, protocol }, i) => {
    const once = `${protocol}/${port}`;
    if (taken.has(once)) faults.duplicate(['ports', i], { port, protocol });
    taken.add(once);
  });
}

function validateLoadBalancer(faults: Faults, spec: ServiceSpec): void {
  const only = "may only be used when `type` is 'LoadBalancer'";
  const balanced = spec.type === 'LoadBalancer';
  const ranges = spec.loadBalancerSourceRanges ?? [];
  if (!balanced && ranges.length > 0) faults.forbidden('loadBalancerSourceRanges', only);
  ranges.forEach((range, i) => {
    if (isCidr(range.trim())) return;
    const sentence = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)';
    faults.invalid(['loadBalancerSourceRanges', i], range, sentence);
  });
  if (balanced && spec.allocateLoadBalancerNodePorts === undefined) faults.required('allocateLoadBalancerNodePorts');
  if (!balanced && spec.allocateLoadBalancerNodePorts !== undefined) {
    faults.forbidden('allocateLoadBalancerNodePorts', only);
  }
  if (spec.loadBalancerClass === undefined) return;
  if (!balanced) faults.forbidden('loadBalancerClass', only);
  else faults.invalidAll('loadBalancerClass', spec.loadBalancerClass, qualifiedNameFaults(spec.loadBalancerClass));
}

function validateTrafficPolicies(faults: Faults, spec: ServiceSpec): void {
  const { externalTrafficPolicy: external, internalTrafficPolicy: internal, trafficDistribution } = spec;
  if (isExternallyAccessible(spec)) checkOneOf(faults, 'externalTrafficPolicy', external, ['Cluster', 'Local']);
  else if (external) {
    faults.invalid('externalTrafficPolicy', external, 'may only be set for externally-accessible services');
  }
  if (spec.healthCheckNodePort && !(spec.type === 'LoadBalancer' && external === 'Local')) {
    const sentence = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
    faults.invalid('healthCheckNodePort', spec.healthCheckNodePort, sentence);
  }
  if (internal !== undefined) checkOneOf(faults, 'internalTrafficPolicy', internal, ['Cluster', 'Local']);
  else if (spec.type !== 'ExternalName') faults.required('internalTrafficPolicy');
  if (trafficDistribution !== undefined) {
    const known = ['PreferClose', 'PreferSameNode', 'PreferSameZone'];
    checkOneOf(faults, 'trafficDistribution', trafficDistribution, known);
  }
}
