// Which claims a pod names and whether it keeps one of them from being removed. Pure.
// k8s.io/kubernetes pkg/controller/volume/pvcprotection.
import { isControlledBy } from '../../api/meta/owner-references.ts';
import type { PersistentVolumeClaim, Pod, Volume } from '../../api/schema/generated/core.v1.gen.ts';
import { keyText } from '../../client/object-store.ts';
import { isPodFinished } from '../pods.ts';

export const PVC_FINALIZER = 'kubernetes.io/pvc-protection';

/** For an index: the keys of the claims that a pod's volumes stand for. */
export const CLAIM_INDEX = 'claims';
export function claimIndex(pod: Pod): readonly string[] {
  const { namespace } = pod.metadata;
  return (pod.spec.volumes ?? []).flatMap((volume) => {
    const name = claimNameOf(pod, volume);
    return name === undefined ? [] : [keyText({ namespace, name })];
  });
}

/**
 * A pod uses a claim from the moment it has a node until it is gone: also after it has finished, for its volumes may still be
 * mounted. Pods without a node cannot start any more once the claim is being deleted, so they do not count. A claim made for
 * an ephemeral volume must not wait for a pod whose kubelet is done with it: that pod may itself wait for the claim.
 */
export function podUsesClaim(pod: Pod, claim: PersistentVolumeClaim): boolean {
  if ((pod.spec.nodeName ?? '') === '' || pod.metadata.namespace !== claim.metadata.namespace) return false;
  return (pod.spec.volumes ?? []).some((volume) => {
    if (claimNameOf(pod, volume) !== claim.metadata.name) return false;
    if (volume.persistentVolumeClaim !== undefined) return true;
    return !isShutDown(pod) && isControlledBy(claim.metadata, pod);
  });
}

/** False for changes of a pod that cannot have set a claim free. */
export function mayFreeClaims(pod: Pod): boolean {
  return isPodFinished(pod) || (pod.spec.nodeName ?? '') === '';
}

function claimNameOf(pod: Pod, volume: Volume): string | undefined {
  if (volume.persistentVolumeClaim !== undefined) return volume.persistentVolumeClaim.claimName;
  return volume.ephemeral === undefined ? undefined : `${pod.metadata.name}-${volume.name}`;
}

/** Its kubelet has finished with it, or it was deleted by force. */
function isShutDown({ metadata }: Pod): boolean {
  return metadata.deletionTimestamp !== undefined && metadata.deletionGracePeriodSeconds === 0;
}
