// A handle for every built-in resource that this project's components use: `pods`, `deployments`, ...
import type { Deployment, ReplicaSet } from './schema/generated/apps.v1.gen.ts';
import type { Lease } from './schema/generated/coordination.v1.gen.ts';
import type {
  ConfigMap,
  Endpoints,
  Event,
  Namespace,
  Node,
  Pod,
  Secret,
  Service,
  ServiceAccount,
} from './schema/generated/core.v1.gen.ts';
import type { EndpointSlice } from './schema/generated/discovery.v1.gen.ts';
import type { Event as EventV1 } from './schema/generated/events.v1.gen.ts';
import type { KubeObject, ResourceType } from './schema/resource-type.ts';

function resource<T extends KubeObject>(
  groupVersion: string,
  plural: string,
  kind: string,
  scope: 'namespaced' | 'cluster',
): ResourceType<T> {
  const slash = groupVersion.indexOf('/');
  return {
    group: slash < 0 ? '' : groupVersion.slice(0, slash),
    version: groupVersion.slice(slash + 1),
    resource: plural,
    kind,
    namespaced: scope === 'namespaced',
  };
}

export const namespaces = resource<Namespace>('v1', 'namespaces', 'Namespace', 'cluster');
export const nodes = resource<Node>('v1', 'nodes', 'Node', 'cluster');
export const pods = resource<Pod>('v1', 'pods', 'Pod', 'namespaced');
export const services = resource<Service>('v1', 'services', 'Service', 'namespaced');
export const endpoints = resource<Endpoints>('v1', 'endpoints', 'Endpoints', 'namespaced');
export const configMaps = resource<ConfigMap>('v1', 'configmaps', 'ConfigMap', 'namespaced');
export const secrets = resource<Secret>('v1', 'secrets', 'Secret', 'namespaced');
export const serviceAccounts = resource<ServiceAccount>('v1', 'serviceaccounts', 'ServiceAccount', 'namespaced');
export const events = resource<Event>('v1', 'events', 'Event', 'namespaced');
export const eventsV1 = resource<EventV1>('events.k8s.io/v1', 'events', 'Event', 'namespaced');
export const deployments = resource<Deployment>('apps/v1', 'deployments', 'Deployment', 'namespaced');
export const replicaSets = resource<ReplicaSet>('apps/v1', 'replicasets', 'ReplicaSet', 'namespaced');
export const leases = resource<Lease>('coordination.k8s.io/v1', 'leases', 'Lease', 'namespaced');
export const endpointSlices = resource<EndpointSlice>(
  'discovery.k8s.io/v1',
  'endpointslices',
  'EndpointSlice',
  'namespaced',
);
