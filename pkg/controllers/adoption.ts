// Carries out claims: adopts and lets go of pods or ReplicaSets by patching their ownerReferences. Before the first
// adoption the owner is read again, so that an owner deleted (and perhaps made anew) meanwhile adopts nothing.
import { isApiError } from '../api/meta/status.ts';
import type { KubeObject } from '../api/schema/resource-type.ts';
import type { ResourceClient } from '../client/client.ts';
import { adoptionPatch, claim, releasePatch } from './owners.ts';
import type { LabelSelector } from '../api/meta/label-selector.ts';

export interface ClaimRequest<T extends KubeObject> {
  readonly owner: KubeObject;
  readonly selector: LabelSelector;
  readonly candidates: readonly T[];
  readonly objects: ResourceClient<T>;
  readonly owners: ResourceClient<KubeObject>;
}

/** What the owner controls afterwards. Rejects when the owner is not the one that was thought or a patch failed. */
export async function takeClaims<T extends KubeObject>(
  request: ClaimRequest<T>,
  signal: AbortSignal,
): Promise<readonly T[]> {
  const { owner, selector, candidates, objects } = request;
  const claims = claim(owner, selector, candidates);
  await Promise.all(
    claims.release.map((object) =>
      ignoring(['NotFound', 'Invalid'], patch(objects, object, releasePatch(owner, object), signal)),
    ),
  );
  if (claims.adopt.length === 0) return claims.owned;
  await confirmOwner(request, signal);
  const adopted = await Promise.all(
    claims.adopt.map((object) => ignoring(['NotFound'], patch(objects, object, adoptionPatch(owner, object), signal))),
  );
  return [...claims.owned, ...adopted.filter((object) => object !== undefined)];
}

async function confirmOwner(
  { owner, owners }: Pick<ClaimRequest<KubeObject>, 'owner' | 'owners'>,
  signal: AbortSignal,
) {
  const fresh = await owners.get(owner.metadata, signal);
  const { namespace, name, uid } = owner.metadata;
  if (fresh.metadata.uid !== uid) {
    throw new Error(
      `original ${owner.kind} ${namespace}/${name} is gone: got uid ${fresh.metadata.uid}, wanted ${uid}`,
    );
  }
  if (fresh.metadata.deletionTimestamp !== undefined) {
    throw new Error(`${namespace}/${name} has just been deleted at ${fresh.metadata.deletionTimestamp}`);
  }
}

function patch<T extends KubeObject>(
  objects: ResourceClient<T>,
  object: T,
  body: unknown,
  signal: AbortSignal,
): Promise<T> {
  return objects.patch(object.metadata, body, 'strategic', {}, signal);
}

/** The object is gone or no longer ours: nothing is left to do. */
async function ignoring<T>(reasons: readonly string[], work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isApiError(error) && reasons.includes(error.reason)) return undefined;
    throw error;
  }
}
