// Who owns an object: reading and making ownerReferences.
import type { ObjectMeta, OwnerReference } from '../schema/generated/meta.v1.gen.ts';
import type { KubeObject } from '../schema/resource-type.ts';

/** The owner that manages the object, of which there is at most one. */
export function controllerOf(meta: ObjectMeta): OwnerReference | undefined {
  return meta.ownerReferences?.find((reference) => reference.controller === true);
}

export function isControlledBy(meta: ObjectMeta, owner: KubeObject): boolean {
  return controllerOf(meta)?.uid === owner.metadata.uid;
}

/** The reference by which `owner` manages an object, blocking its own foreground deletion until that is gone. */
export function controllerReference(owner: KubeObject): OwnerReference {
  return {
    apiVersion: owner.apiVersion,
    kind: owner.kind,
    name: owner.metadata.name,
    uid: owner.metadata.uid,
    controller: true,
    blockOwnerDeletion: true,
  };
}
