// Who controls an object, and who claims objects that nobody controls: controllerRef as Kubernetes' workload controllers
// keep it. Pure.
import { controllerOf, controllerReference } from '../api/meta/owner-references.ts';
import type { LabelSelector } from '../api/schema/generated/meta.v1.gen.ts';
import type { KubeObject } from '../api/schema/resource-type.ts';

/** For an index: the uid of the controller, or the orphans of a namespace. */
export function controllerIndex(object: KubeObject): readonly string[] {
  const owner = controllerOf(object.metadata);
  return [owner === undefined ? orphansOf(object.metadata.namespace) : owner.uid];
}

export const CONTROLLER_INDEX = 'controller';

export function orphansOf(namespace: string | undefined): string {
  return `orphans/${namespace ?? ''}`;
}

export interface Claims<T> {
  /** Controlled by the owner and matching its selector. */
  readonly owned: readonly T[];
  /** Without a controller, matching: to be adopted. */
  readonly adopt: readonly T[];
  /** Controlled by the owner but not matching any more: to be let go. */
  readonly release: readonly T[];
}

/** An owner that is being deleted claims nothing new and lets nothing go. */
export function claim<T extends KubeObject>(
  owner: KubeObject,
  selector: { matches(labels: Readonly<Record<string, string>> | undefined): boolean },
  candidates: readonly T[],
): Claims<T> {
  const owned: T[] = [];
  const adopt: T[] = [];
  const release: T[] = [];
  const dying = owner.metadata.deletionTimestamp !== undefined;
  for (const object of candidates) {
    const controller = controllerOf(object.metadata);
    const matches = selector.matches(object.metadata.labels);
    if (controller !== undefined) {
      if (controller.uid !== owner.metadata.uid) continue;
      if (matches) owned.push(object);
      else if (!dying) release.push(object);
    } else if (matches && !dying && object.metadata.deletionTimestamp === undefined) adopt.push(object);
  }
  return { owned, adopt, release };
}

/** A strategic merge patch; its uid makes it fail when the name stands for another object by now. */
export function adoptionPatch(owner: KubeObject, object: KubeObject): unknown {
  return { metadata: { uid: object.metadata.uid, ownerReferences: [controllerReference(owner)] } };
}

export function releasePatch(owner: KubeObject, object: KubeObject): unknown {
  return {
    metadata: { uid: object.metadata.uid, ownerReferences: [{ $patch: 'delete', uid: owner.metadata.uid }] },
  };
}

/** A selector without any requirement selects everything, which workload controllers refuse to act on. */
export function isEmptySelector(selector: LabelSelector | undefined): boolean {
  return Object.keys(selector?.matchLabels ?? {}).length === 0 && (selector?.matchExpressions ?? []).length === 0;
}
