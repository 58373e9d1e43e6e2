// Every kind that is served, in the order in which discovery lists them. One file per kind says what it is.
import { deploymentKind } from './apps/v1/deployment.ts';
import { replicaSetKind } from './apps/v1/replica-set.ts';
import { leaseKind } from './coordination/v1/lease.ts';
import { configMapKind } from './core/v1/config-map.ts';
import { endpointsKind } from './core/v1/endpoints.ts';
import { eventKind } from './core/v1/event.ts';
import { namespaceKind } from './core/v1/namespace.ts';
import { nodeKind } from './core/v1/node.ts';
import { podKind } from './core/v1/pod.ts';
import { secretKind } from './core/v1/secret.ts';
import { serviceAccountKind } from './core/v1/service-account.ts';
import { serviceKind } from './core/v1/service.ts';
import { endpointSliceKind } from './discovery/v1/endpoint-slice.ts';
import { eventV1Kind } from './events/v1/event.ts';
import type { KindDefinition } from './schema/kind.ts';

/** Group, version and plural of a kind, as paths name it. */
export interface KindKey {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
}

export const kinds: readonly KindDefinition[] = [
  configMapKind,
  endpointsKind,
  eventKind,
  namespaceKind,
  nodeKind,
  podKind,
  secretKind,
  serviceAccountKind,
  serviceKind,
  deploymentKind,
  replicaSetKind,
  leaseKind,
  endpointSliceKind,
  eventV1Kind,
];

const keyOf = ({ group, version, resource }: KindKey): string => `${group}/${version}/${resource}`;
const byKey = new Map(kinds.map((kind) => [keyOf(kind.type), kind]));

/** The built-in kind of that name, if it is served. */
export function kindFor(key: KindKey): KindDefinition | undefined {
  return byKey.get(keyOf(key));
}
