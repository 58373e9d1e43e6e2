// Who owns the replicas of an object, as managedFields of its Scale and back: whoever applies a Scale shares and contests one
// field with those who apply the object. k8s.io/apimachinery/pkg/util/managedfields/scalehandler.go.
import type { ManagedFieldsEntry } from '../../api/schema/generated/meta.v1.gen.ts';
import { difference, EMPTY, intersection, isEmpty, setOfPaths, union } from './field-set.ts';
import { decodeManagers, encodeManagers, managerKey, type Manager, type Managers } from './managers.ts';

/** In all kinds that are scaled, and in Scale itself. */
const REPLICAS = setOfPaths(['f:spec', 'f:replicas']);
const SCALE_VERSION = 'autoscaling/v1';

/** The owners of an object's replicas, for its Scale. */
export function ownersOfScale(entries: readonly ManagedFieldsEntry[] | undefined): ManagedFieldsEntry[] {
  const owners: Managers = new Map();
  for (const manager of decodeManagers(entries)?.values() ?? []) {
    if (isEmpty(intersection(manager.set, REPLICAS))) continue;
    put(owners, { ...manager, apiVersion: SCALE_VERSION, set: REPLICAS });
  }
  return encodeManagers(owners);
}

/** The owners of the object's fields (`entries` till now) after its Scale came to have the owners `ofScale`. */
export function ownersAfterScale(
  entries: readonly ManagedFieldsEntry[] | undefined,
  ofScale: readonly ManagedFieldsEntry[] | undefined,
  apiVersion: string,
): ManagedFieldsEntry[] {
  const left = new Map([...(decodeManagers(ofScale)?.values() ?? [])].map((owner) => [identity(owner), owner]));
  const after: Managers = new Map();
  for (const manager of decodeManagers(entries)?.values() ?? []) {
    const owner = left.get(identity(manager));
    const had = !isEmpty(intersection(manager.set, REPLICAS));
    if (had && owner === undefined) put(after, { ...manager, set: difference(manager.set, REPLICAS) });
    else put(after, had ? { ...manager, time: owner?.time } : manager);
    if (had) left.delete(identity(manager));
  }
  for (const owner of left.values()) {
    const same = after.get(managerKey({ ...owner, apiVersion }));
    put(after, { ...owner, apiVersion, set: union(same?.set ?? EMPTY, REPLICAS) });
  }
  return encodeManagers(after);
}

function put(managers: Managers, manager: Manager): void {
  managers.set(managerKey(manager), manager);
}

/** Of an owner in both views, whose versions differ. */
function identity({ name, operation, subresource }: Manager): string {
  return JSON.stringify([name, operation, subresource]);
}
