// What makes a pod a backend of a Service, shared by Endpoints and EndpointSlices. Pure.
import { isIPv6 } from 'node:net';
import { instantOf, formatTime } from '../api/meta/time.ts';
import type { Container, Pod, Service, ServicePort } from '../api/schema/generated/core.v1.gen.ts';
import { semanticallyEqual } from './semantic-equality.ts';
import { isPodFinished, podCondition } from './pods.ts';

export const HEADLESS_LABEL = 'service.kubernetes.io/headless';

/** Services of these are filled from pods; all others are somebody else's business. */
export function hasManagedBackends(service: Service): boolean {
  return service.spec.type !== 'ExternalName' && service.spec.selector !== undefined;
}

/** False for headless Services. */
export function hasClusterIp(service: Service): boolean {
  return service.spec.clusterIP !== 'None' && (service.spec.clusterIP ?? '') !== '';
}

/** A Service without a selector selects nothing; one with an empty selector everything. */
export function selectsPod(service: Service, pod: Pod): boolean {
  const { selector } = service.spec;
  if (selector === undefined) return false;
  return Object.entries(selector).every(([name, value]) => pod.metadata.labels?.[name] === value);
}

export function canBeBackend(pod: Pod, includeTerminating: boolean): boolean {
  if (isPodFinished(pod) || ipsOf(pod).length === 0) return false;
  return includeTerminating || pod.metadata.deletionTimestamp === undefined;
}

function ipsOf(pod: Pod): readonly string[] {
  const listed = (pod.status?.podIPs ?? []).flatMap(({ ip }) => ip ?? []);
  const single = pod.status?.podIP;
  return listed.length > 0 || single === undefined || single === '' ? listed : [single];
}

export type AddressType = 'IPv4' | 'IPv6';

export function podIpsOf(pod: Pod, type: AddressType): readonly string[] {
  return ipsOf(pod).filter((ip) => isIPv6(ip) === (type === 'IPv6'));
}

/** The families that the Service has; before it has any, that of its address, and IPv4 at last. */
export function addressTypesOf(service: Service): readonly AddressType[] {
  const families = (service.spec.ipFamilies ?? []).filter((family) => family === 'IPv4' || family === 'IPv6');
  if (families.length > 0) return families;
  return isIPv6(service.spec.clusterIP ?? '') ? ['IPv6'] : ['IPv4'];
}

/** The pod's port that a Service's port means; undefined when no container has the port that it names. */
export function targetPortOf(pod: Pod, port: ServicePort): number | undefined {
  const target = port.targetPort ?? port.port;
  if (typeof target === 'number') return target === 0 ? port.port : target;
  const sidecars = (pod.spec.initContainers ?? []).filter((container) => container.restartPolicy === 'Always');
  return namedPort(pod.spec.containers, target, port) ?? namedPort(sidecars, target, port);
}

function namedPort(containers: readonly Container[], name: string, port: ServicePort): number | undefined {
  for (const container of containers) {
    const found = container.ports?.find(
      (one) => one.name === name && (one.protocol ?? 'TCP') === (port.protocol ?? 'TCP'),
    );
    if (found !== undefined) return found.containerPort;
  }
  return undefined;
}

/** A pod has a DNS name of its own in the Service that its subdomain names. */
export function hostnameIn(service: Service, pod: Pod): string | undefined {
  const { hostname, subdomain } = pod.spec;
  if (hostname === undefined || hostname === '' || subdomain !== service.metadata.name) return undefined;
  return pod.metadata.namespace === service.metadata.namespace ? hostname : undefined;
}

/** Whether a change of a pod can change what the Services that select it show. */
export function backendChanged(before: Pod, after: Pod): boolean {
  const view = (pod: Pod) => [
    pod.metadata.labels,
    pod.metadata.deletionTimestamp,
    pod.spec.nodeName,
    pod.spec.hostname,
    pod.spec.subdomain,
    isPodFinished(pod),
    podCondition(pod, 'Ready')?.status === 'True',
    ipsOf(pod),
  ];
  return !semanticallyEqual(view(before), view(after));
}

/** When the backends last changed, for the annotation from which programming latency is measured. */
export function lastChangeOf(service: Service, pods: readonly Pod[]): string | undefined {
  const times = [
    instantOf(service.metadata.creationTimestamp),
    ...pods.map((pod) => instantOf(podCondition(pod, 'Ready')?.lastTransitionTime)),
  ].filter((time) => time !== undefined);
  return times.length === 0 ? undefined : formatTime(times.reduce((a, b) => Math.max(a, b)));
}
