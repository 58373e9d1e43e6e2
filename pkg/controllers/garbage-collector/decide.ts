// What to do about one object whose owners or dependents have changed: Kubernetes' garbage collector's rules. Pure.
import type { OwnerReference } from '../../api/schema/generated/meta.v1.gen.ts';
import { FOREGROUND, ORPHAN, isBeingDeleted, isOrphaning, isWaiting, ownersOf, type GraphNode } from './graph.ts';

/** What is known of one owner. 'waiting': it is being deleted in the foreground, which blocking dependents hold up. */
export type OwnerState = 'solid' | 'absent' | 'waiting';

export type Decision =
  | { readonly do: 'nothing' }
  | { readonly do: 'delete'; readonly policy: 'Background' | 'Foreground' | 'Orphan' }
  /** Some owners remain: only the references to the others go. */
  | { readonly do: 'drop-owners'; readonly uids: readonly string[] }
  /** A circle of objects that wait for each other: first no reference may block, then delete in the foreground. */
  | { readonly do: 'unblock-and-delete' }
  /** Dependents that hold up this object's foreground deletion are to be looked at. */
  | { readonly do: 'visit'; readonly uids: readonly string[] }
  | { readonly do: 'remove-finalizer'; readonly finalizer: string }
  /** Take the references to this object out of these dependents, then its finalizer. */
  | { readonly do: 'orphan'; readonly dependents: readonly GraphNode[] };

export function decide(
  node: GraphNode,
  dependents: readonly GraphNode[],
  stateOf: (owner: OwnerReference) => OwnerState,
): Decision {
  const { uid } = node.object.metadata;
  if (isOrphaning(node)) return { do: 'orphan', dependents };
  if (isWaiting(node)) {
    const blocking = dependents.filter((dependent) =>
      ownersOf(dependent).some((owner) => owner.uid === uid && owner.blockOwnerDeletion === true),
    );
    if (blocking.length === 0) return { do: 'remove-finalizer', finalizer: FOREGROUND };
    return { do: 'visit', uids: blocking.filter((one) => !isWaiting(one)).map((one) => one.object.metadata.uid) };
  }
  if (isBeingDeleted(node)) return { do: 'nothing' };

  const owners = ownersOf(node).map((owner) => ({ uid: owner.uid, state: stateOf(owner) }));
  if (owners.length === 0) return { do: 'nothing' };
  const going = owners.filter(({ state }) => state !== 'solid').map((owner) => owner.uid);
  if (going.length < owners.length) {
    return going.length === 0 ? { do: 'nothing' } : { do: 'drop-owners', uids: going };
  }
  if (owners.some(({ state }) => state === 'waiting') && dependents.length > 0) {
    return dependents.some(isWaiting) ? { do: 'unblock-and-delete' } : { do: 'delete', policy: 'Foreground' };
  }
  const finalizers = node.object.metadata.finalizers ?? [];
  const policy = finalizers.includes(ORPHAN) ? 'Orphan' : finalizers.includes(FOREGROUND) ? 'Foreground' : 'Background';
  return { do: 'delete', policy };
}
