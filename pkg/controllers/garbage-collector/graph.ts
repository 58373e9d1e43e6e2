// Who owns whom, over all kinds: nodes for every object seen, edges from ownerReferences. Pure bookkeeping: it is told of
// objects and answers which of them may have to be dealt with. Keys are uids, which are never used twice.
import type { OwnerReference } from '../../api/schema/generated/meta.v1.gen.ts';
import type { KubeObject, ResourceType } from '../../api/schema/resource-type.ts';

export const FOREGROUND = 'foregroundDeletion';
export const ORPHAN = 'orphan';

export interface GraphNode {
  readonly type: ResourceType<KubeObject>;
  readonly object: Pick<KubeObject, 'apiVersion' | 'kind' | 'metadata'>;
}

/** Objects to look at, by uid: to be collected perhaps, or to be freed of the dependents that they wait for. */
export type Affected = readonly string[];

const NONE: ReadonlySet<string> = new Set();

export class OwnerGraph {
  readonly #nodes = new Map<string, GraphNode>();
  /** By the owner's uid, whether that has been seen or not. */
  readonly #dependents = new Map<string, Set<string>>();

  get size(): number {
    return this.#nodes.size;
  }

  get(uid: string): GraphNode | undefined {
    return this.#nodes.get(uid);
  }

  dependentsOf(uid: string): GraphNode[] {
    return [...(this.#dependents.get(uid) ?? NONE)].flatMap((dependent) => this.#nodes.get(dependent) ?? []);
  }

  /** A new version of an object. */
  put(node: GraphNode): Affected {
    const { uid } = node.object.metadata;
    const before = this.#nodes.get(uid);
    this.#nodes.set(uid, node);
    const affected = new Set<string>();
    const owners = ownersOf(node);
    const ownersBefore = before === undefined ? [] : ownersOf(before);
    for (const owner of ownersBefore) {
      const now = owners.find((other) => other.uid === owner.uid);
      if (now === undefined) this.#disconnect(owner.uid, uid);
      // An owner that waits for this dependent may have waited for the last time.
      const letGo = now === undefined || (owner.blockOwnerDeletion === true && now.blockOwnerDeletion !== true);
      if (letGo && this.#waitsForDependents(owner.uid)) affected.add(owner.uid);
    }
    for (const owner of owners) {
      const isNew = !ownersBefore.some((other) => other.uid === owner.uid);
      if (isNew) this.#connect(owner.uid, uid);
      const known = this.#nodes.get(owner.uid);
      if (isNew && (known === undefined || !isTheOwner(known, owner, node))) affected.add(uid);
      if (isNew && this.#waitsForDependents(owner.uid)) affected.add(uid);
    }
    if (before !== undefined && owners.length < ownersBefore.length) affected.add(uid);
    if (isOrphaning(node) && (before === undefined || !isOrphaning(before))) affected.add(uid);
    if (isWaiting(node) && (before === undefined || !isWaiting(before))) {
      affected.add(uid);
      for (const dependent of this.#dependents.get(uid) ?? NONE) affected.add(dependent);
    }
    return [...affected];
  }

  /** The object is gone. */
  remove(uid: string): Affected {
    const node = this.#nodes.get(uid);
    if (node === undefined) return [];
    this.#nodes.delete(uid);
    const affected = new Set<string>(this.#dependents.get(uid));
    for (const owner of ownersOf(node)) {
      this.#disconnect(owner.uid, uid);
      if (this.#waitsForDependents(owner.uid)) affected.add(owner.uid);
    }
    return [...affected];
  }

  #waitsForDependents(uid: string): boolean {
    const node = this.#nodes.get(uid);
    return node !== undefined && isWaiting(node);
  }

  #connect(owner: string, dependent: string): void {
    let dependents = this.#dependents.get(owner);
    if (dependents === undefined) {
      dependents = new Set();
      this.#dependents.set(owner, dependents);
    }
    dependents.add(dependent);
  }

  #disconnect(owner: string, dependent: string): void {
    const dependents = this.#dependents.get(owner);
    dependents?.delete(dependent);
    if (dependents?.size === 0) this.#dependents.delete(owner);
  }
}

export function ownersOf(node: GraphNode): readonly OwnerReference[] {
  return node.object.metadata.ownerReferences ?? [];
}

export function isBeingDeleted(node: GraphNode): boolean {
  return node.object.metadata.deletionTimestamp !== undefined;
}

/** Being deleted in the foreground: it goes when the dependents that block it are gone. */
export function isWaiting(node: GraphNode): boolean {
  return isBeingDeleted(node) && (node.object.metadata.finalizers ?? []).includes(FOREGROUND);
}

/** Being deleted; its dependents are to live on without it. */
export function isOrphaning(node: GraphNode): boolean {
  return isBeingDeleted(node) && (node.object.metadata.finalizers ?? []).includes(ORPHAN);
}

/**
 * Whether a reference of `dependent` means this very object: an owner is cluster-scoped or in the namespace of its
 * dependent, and must be of the kind and name that the reference says.
 */
export function isTheOwner(owner: GraphNode, reference: OwnerReference, dependent: GraphNode): boolean {
  const { metadata, kind } = owner.object;
  return (
    metadata.uid === reference.uid &&
    metadata.name === reference.name &&
    kind === reference.kind &&
    groupOf(owner.object.apiVersion) === groupOf(reference.apiVersion) &&
    (!owner.type.namespaced || metadata.namespace === dependent.object.metadata.namespace)
  );
}

export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}
