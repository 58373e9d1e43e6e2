// Validation of Services. Rules, order and sentences: ValidateService in pkg/apis/core/validation of Kubernetes.
import { isIP } from 'node:net';
import { Faults, key } from '../../meta/field-faults.ts';
import { dnsLabelFaults, dnsSubdomainFaults, portNumberFaults, qualifiedNameFaults } from '../../meta/names.ts';
import { validateLabels } from '../../meta/object-meta-validation.ts';
import type { FieldError } from '../../meta/status.ts';
import { checkCidr, checkForeignIp, checkIp, checkOneOf, checkPort } from '../../meta/value-checks.ts';
import type { Service, ServicePort, ServiceSpec } from '../../schema/generated/core.v1.gen.ts';
import { isHeadless, validateAddressesUpdate, validateServiceAddresses } from './service-address-validation.ts';

const TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
const LONGEST_AFFINITY_SECONDS = 86_400;

const HINTS = 'service.kubernetes.io/topology-aware-hints';
const TOPOLOGY_MODE = 'service.kubernetes.io/topology-mode';
const SOURCE_RANGES = 'service.beta.kubernetes.io/load-balancer-source-ranges';

export function validateService({ metadata, spec }: Service): FieldError[] {
  const faults = new Faults();
  const { annotations = {} } = metadata;
  const [hints, mode] = [annotations[HINTS], annotations[TOPOLOGY_MODE]];
  if (hints !== undefined && mode !== undefined && hints !== mode) {
    const sentence = `must match annotations[${HINTS}] when both are specified`;
    faults.invalid(['metadata', 'annotations', key(TOPOLOGY_MODE)], mode, sentence);
  }
  faults.at('spec', () => {
    const { ports = [] } = spec;
    if (ports.length === 0 && !isHeadless(spec) && spec.type !== 'ExternalName') faults.required('ports');
    validateType(faults, spec);
    validatePorts(faults, ports);
    validateLabels(faults, 'selector', spec.selector);
    validateAffinity(faults, spec);
    validateServiceAddresses(faults, spec);
    (spec.externalIPs ?? []).forEach((address, i) => {
      if (isIP(address) === 0) checkIp(faults, ['externalIPs', i], address);
      else checkForeignIp(faults, ['externalIPs', i], address);
    });
    checkOneOf(faults, 'type', spec.type, TYPES);
    validateNodePorts(faults, spec);
    validateUniquePorts(faults, ports);
    validateSourceRanges(faults, spec);
    validateLoadBalancer(faults, spec);
    validateTrafficPolicies(faults, spec);
  });
  if ((spec.loadBalancerSourceRanges ?? []).length === 0) validateAnnotatedRanges(faults, annotations, spec);
  return faults.errors;
}

export function validateServiceUpdate(service: Service, old: Service): FieldError[] {
  const faults = new Faults();
  const [spec, before] = [service.spec, old.spec];
  faults.at('spec', () => {
    validateAddressesUpdate(faults, spec, before);
    const balanced = spec.type === 'LoadBalancer' && before.type === 'LoadBalancer';
    if (balanced && spec.loadBalancerClass !== before.loadBalancerClass) {
      faults.invalid('loadBalancerClass', spec.loadBalancerClass, 'may not change once set');
    }
    const checked = needsHealthCheck(spec) && needsHealthCheck(before);
    if (checked && spec.healthCheckNodePort !== before.healthCheckNodePort) {
      faults.forbidden('healthCheckNodePort', 'field is immutable');
    }
  });
  return [...faults.errors, ...validateService(service)];
}

export function validateServiceStatusUpdate({ status, spec }: Service): FieldError[] {
  const faults = new Faults();
  faults.at('status', () => faults.at('loadBalancer', () => validateLoadBalancerStatus(faults, status, spec)));
  return faults.errors;
}

function validateLoadBalancerStatus(faults: Faults, { loadBalancer }: Service['status'], { type }: ServiceSpec): void {
  const ingress = loadBalancer?.ingress ?? [];
  if (type !== 'LoadBalancer' && ingress.length > 0) {
    return faults.forbidden('ingress', "may only be used when `spec.type` is 'LoadBalancer'");
  }
  faults.each('ingress', ingress, ({ ip, ipMode, hostname }) => {
    if (ip) checkIp(faults, 'ip', ip);
    if (ip && ipMode === undefined) faults.required('ipMode', 'must be specified when `ip` is set');
    if (!ip && ipMode !== undefined) faults.forbidden('ipMode', 'may not be specified when `ip` is not set');
    else if (ipMode !== undefined && !IP_MODES.includes(ipMode)) faults.notSupported('ipMode', ipMode, IP_MODES);
    if (!hostname) return;
    faults.invalidAll('hostname', hostname, dnsSubdomainFaults(hostname));
    if (isIP(hostname) !== 0) faults.invalid('hostname', hostname, 'must be a DNS name, not an IP address');
  });
}

const IP_MODES = ['Proxy', 'VIP'];

/** A port of the node tells balancers whether it has endpoints of its own. */
export function needsHealthCheck({ type, externalTrafficPolicy }: ServiceSpec): boolean {
  return type === 'LoadBalancer' && externalTrafficPolicy === 'Local';
}

/** Seen from outside the cluster. */
export function isExternallyAccessible({ type, externalIPs = [] }: ServiceSpec): boolean {
  return type === 'LoadBalancer' || type === 'NodePort' || (type === 'ClusterIP' && externalIPs.length > 0);
}

function validateType(faults: Faults, spec: ServiceSpec): void {
  switch (spec.type) {
    case 'LoadBalancer':
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

const BALANCERS_ONLY = "may only be used when `type` is 'LoadBalancer'";

function validateSourceRanges(faults: Faults, { type, loadBalancerSourceRanges: ranges = [] }: ServiceSpec): void {
  // Kubernetes spells the field so.
  const field = 'LoadBalancerSourceRanges';
  if (ranges.length > 0 && type !== 'LoadBalancer') faults.forbidden(field, BALANCERS_ONLY);
  // They may have spaces around them, as they may in the annotation that this once was.
  ranges.forEach((range, i) => checkCidr(faults, [field, i], range.trim()));
}

function validateAnnotatedRanges(
  faults: Faults,
  { [SOURCE_RANGES]: ranges }: Readonly<Record<string, string>>,
  { type }: ServiceSpec,
): void {
  if (ranges === undefined) return;
  const at = ['metadata', 'annotations', key(SOURCE_RANGES)];
  if (type !== 'LoadBalancer') faults.forbidden(at, BALANCERS_ONLY);
  if (ranges.trim() === '') return;
  for (const range of ranges.split(',')) checkCidr(faults, at, range.trim());
}

function validateLoadBalancer(faults: Faults, spec: ServiceSpec): void {
  const balanced = spec.type === 'LoadBalancer';
  if (balanced && spec.allocateLoadBalancerNodePorts === undefined) faults.required('allocateLoadBalancerNodePorts');
  if (!balanced && spec.allocateLoadBalancerNodePorts !== undefined) {
    faults.forbidden('allocateLoadBalancerNodePorts', BALANCERS_ONLY);
  }
  if (spec.loadBalancerClass === undefined) return;
  if (!balanced) faults.forbidden('loadBalancerClass', BALANCERS_ONLY);
  else faults.invalidAll('loadBalancerClass', spec.loadBalancerClass, qualifiedNameFaults(spec.loadBalancerClass));
}

function validateTrafficPolicies(faults: Faults, spec: ServiceSpec): void {
  const { externalTrafficPolicy: external, internalTrafficPolicy: internal, trafficDistribution } = spec;
  if (isExternallyAccessible(spec)) checkOneOf(faults, 'externalTrafficPolicy', external, ['Cluster', 'Local']);
  else if (external) {
    faults.invalid('externalTrafficPolicy', external, 'may only be set for externally-accessible services');
  }
  const { healthCheckNodePort: healthPort } = spec;
  if (!needsHealthCheck(spec)) {
    const sentence = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
    if (healthPort) faults.invalid('healthCheckNodePort', healthPort, sentence);
  } else if (!healthPort) faults.required('healthCheckNodePort');
  else faults.invalidAll('healthCheckNodePort', healthPort, portNumberFaults(healthPort));
  if (internal !== undefined) checkOneOf(faults, 'internalTrafficPolicy', internal, ['Cluster', 'Local']);
  else if (spec.type !== 'ExternalName') faults.required('internalTrafficPolicy');
  if (trafficDistribution !== undefined) {
    const known = ['PreferClose', 'PreferSameNode', 'PreferSameZone'];
    checkOneOf(faults, 'trafficDistribution', trafficDistribution, known);
  }
}
