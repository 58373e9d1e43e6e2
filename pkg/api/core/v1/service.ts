// Services: a name and an address for the pods that a selector finds. Addresses and node ports are given out by the
// registry; this file says what a Service looks like without them.
import { isDeepStrictEqual } from 'node:util';
import { dns1035Name } from '../../meta/names.ts';
import { services } from '../../resources.ts';
import { age, columns, text, wide } from '../../schema/columns.ts';
import { defineKind, subresource } from '../../schema/define-kind.ts';
import type { Service, ServicePort, ServiceSpec } from '../../schema/generated/core.v1.gen.ts';
import { formatLabels } from './label-cell.ts';
import {
  isExternallyAccessible,
  validateService,
  validateServiceStatusUpdate,
  validateServiceUpdate,
} from './service-validation.ts';
import { serviceWarnings } from './service-warnings.ts';

const AFFINITY_SECONDS = 10_800;

export const serviceKind = defineKind<Service>({
  type: services,
  schema: 'core.v1.Service',
  shortNames: ['svc'],
  categories: ['all'],
  hasStatus: true,
  returnsDeletedObject: true,
  subresources: [subresource('proxy', 'v1', 'ServiceProxyOptions', 'delete', 'get', 'patch', 'post', 'put')],
  nameRule: dns1035Name,
  columns: columns(
    text('Type', 'type determines how the Service is exposed.', ({ spec }) => spec.type ?? ''),
    text('Cluster-IP', 'clusterIP is the IP address of the service.', ({ spec }) => spec.clusterIPs?.[0] || '<none>'),
    text(
      'External-IP',
      'externalIPs is a list of IP addresses for which nodes in the cluster will also accept traffic for this service.',
      externalCell,
    ),
    text(
      'Port(s)',
      'The list of ports that are exposed by this service.',
      ({ spec }) => (spec.ports ?? []).map(portCell).join(',') || '<none>',
    ),
    age(),
    wide(
      text('Selector', 'Route service traffic to pods with label keys and values matching this selector.', ({ spec }) =>
        formatLabels(spec.selector),
      ),
    ),
  ),
  selectableFields: {
    'spec.clusterIP': ({ spec }) => spec.clusterIP,
    'spec.type': ({ spec }) => spec.type,
  },
  setDefaults(service) {
    service.spec ??= {};
    service.status ??= {};
    service.status.loadBalancer ??= {};
    defaultSpec(service.spec);
    if (service.spec.type !== 'LoadBalancer') return;
    for (const ingress of service.status.loadBalancer.ingress ?? []) if (ingress.ip) ingress.ipMode ??= 'VIP';
  },
  prepareForCreate(service) {
    service.status = { loadBalancer: {} };
    const { spec } = service;
    if (spec.clusterIP && spec.clusterIPs === undefined) spec.clusterIPs = [spec.clusterIP];
  },
  prepareForUpdate(service, old) {
    matchClusterIps(service.spec, old.spec);
    dropWhatTheTypeLost(service.spec, old.spec);
  },
  validate: validateService,
  validateUpdate: validateServiceUpdate,
  validateStatusUpdate: validateServiceStatusUpdate,
  warnings: serviceWarnings,
});

function defaultSpec(spec: ServiceSpec): void {
  spec.sessionAffinity ??= 'None';
  if (spec.sessionAffinity === 'None') delete spec.sessionAffinityConfig;
  if (spec.sessionAffinity === 'ClientIP') {
    const config = (spec.sessionAffinityConfig ??= {});
    config.clientIP ??= {};
    config.clientIP.timeoutSeconds ??= AFFINITY_SECONDS;
  }
  spec.type ??= 'ClusterIP';
  for (const port of spec.ports ?? []) {
    port.protocol ??= 'TCP';
    if (port.targetPort === undefined || port.targetPort === 0 || port.targetPort === '') port.targetPort = port.port;
  }
  if (isExternallyAccessible(spec)) spec.externalTrafficPolicy ??= 'Cluster';
  if (spec.type !== 'ExternalName') spec.internalTrafficPolicy ??= 'Cluster';
  if (spec.type === 'LoadBalancer') spec.allocateLoadBalancerNodePorts ??= true;
}

/** Clients know clusterIP, clusterIPs or both: what they changed of one is carried over to the other. */
function matchClusterIps(spec: ServiceSpec, old: ServiceSpec): void {
  if (spec.clusterIP === old.clusterIP) {
    if (spec.clusterIP && spec.clusterIPs === undefined) spec.clusterIPs = old.clusterIPs;
    return;
  }
  const unchanged = isDeepStrictEqual(spec.clusterIPs, old.clusterIPs);
  if (!spec.clusterIP) {
    if (unchanged) delete spec.clusterIPs;
  } else if (spec.clusterIPs === undefined) spec.clusterIPs = [spec.clusterIP];
  else if (unchanged) spec.clusterIPs = [spec.clusterIP, ...spec.clusterIPs.slice(1)];
}

/** A client that changed the type alone did not mean the fields that only the old type has. */
function dropWhatTheTypeLost(spec: ServiceSpec, old: ServiceSpec): void {
  const drop = (field: 'externalTrafficPolicy' | 'allocateLoadBalancerNodePorts' | 'loadBalancerClass') => {
    if (spec[field] === old[field]) delete spec[field];
  };
  if (isExternallyAccessible(old) && !isExternallyAccessible(spec)) drop('externalTrafficPolicy');
  if (old.type === 'LoadBalancer' && spec.type !== 'LoadBalancer') {
    drop('allocateLoadBalancerNodePorts');
    drop('loadBalancerClass');
  }
}

function portCell({ port, nodePort, protocol }: ServicePort): string {
  return nodePort ? `${port}:${nodePort}/${protocol}` : `${port}/${protocol}`;
}

function externalCell({ spec, status }: Service): string {
  const own = spec.externalIPs ?? [];
  switch (spec.type) {
    case 'ClusterIP':
    case 'NodePort':
      return own.join(',') || '<none>';
    case 'LoadBalancer': {
      const ingress = (status.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip || hostname || '');
      const balanced = [...new Set(ingress)].filter((address) => address !== '').sort();
      return [...balanced, ...own].join(',') || '<pending>';
    }
    case 'ExternalName':
      return spec.externalName ?? '';
    case undefined:
    default:
      return '<unknown>';
  }
}
