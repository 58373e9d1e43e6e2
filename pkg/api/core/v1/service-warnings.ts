// What Kubernetes warns of in Services without refusing it (pkg/api/service/warnings.go there).
import type { Service } from '../../schema/generated/core.v1.gen.ts';
import { addressWarnings, cidrWarnings } from '../../meta/address-warnings.ts';

export function serviceWarnings({ metadata, spec }: Service): string[] {
  const warnings: string[] = [];
  const { type, clusterIP, clusterIPs = [], externalIPs = [], loadBalancerIP = '' } = spec;
  if (metadata.annotations?.['service.kubernetes.io/topology-aware-hints'] !== undefined) {
    warnings.push(
      'annotation service.kubernetes.io/topology-aware-hints is deprecated, please use service.kubernetes.io/topology-mode instead',
    );
  }
  if (clusterIP && clusterIP !== 'None') {
    clusterIPs.forEach((address, i) => warnings.push(...addressWarnings(`spec.clusterIPs[${i}]`, address)));
  }
  if (type === 'ClusterIP' && clusterIP === 'None') {
    if (loadBalancerIP !== '') warnings.push('spec.loadBalancerIP is ignored for headless services');
    if (externalIPs.length > 0) warnings.push('spec.externalIPs is ignored for headless services');
    if (spec.sessionAffinity !== 'None') warnings.push('spec.SessionAffinity is ignored for headless services');
  }
  externalIPs.forEach((address, i) => warnings.push(...addressWarnings(`spec.externalIPs[${i}]`, address)));
  if (loadBalancerIP !== '') warnings.push(...addressWarnings('spec.loadBalancerIP', loadBalancerIP));
  (spec.loadBalancerSourceRanges ?? []).forEach((range, i) =>
    warnings.push(...cidrWarnings(`spec.loadBalancerSourceRanges[${i}]`, range)),
  );
  if (type === 'ExternalName' && externalIPs.length > 0) {
    warnings.push('spec.externalIPs is ignored when spec.type is "ExternalName"');
  }
  if (type !== 'ExternalName' && spec.externalName) {
    warnings.push('spec.externalName is ignored when spec.type is not "ExternalName"');
  }
  if (spec.trafficDistribution === 'PreferClose') {
    warnings.push('spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"');
  }
  return warnings;
}
