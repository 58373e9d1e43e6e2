// The condition DisruptionTarget, by which an eviction tells the pod's owner and its users why the pod goes. It is written
// before the deletion, so that whoever sees the pod go has seen the reason.
import { conflict, notFound } from '../../../api/meta/status.ts';
import { formatTime } from '../../../api/meta/time.ts';
import type { Pod, PodCondition } from '../../../api/schema/generated/core.v1.gen.ts';
import type { CachedObject } from '../../watchcache/cached-object.ts';
import type { DeleteOptions } from '../deletion-rules.ts';
import type { ServedKind } from '../served-kind.ts';
import type { WriteParts } from '../write-parts.ts';

const RESOURCE = { group: '', resource: 'Pod' };
const MOST_ATTEMPTS = 50;

/** The revision of the pod that has the condition. */
export async function announceEviction(
  { reader, committer, clock }: WriteParts,
  served: ServedKind,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  { preconditions }: DeleteOptions,
): Promise<string> {
  let live: CachedObject | undefined = await reader.find(served, namespace, name);
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
    if (live === undefined) throw notFound({ group: '', resource: 'pods' }, name);
    // The kind's objects are pods.
    const pod = live.value as Pod;
    check(pod, preconditions);
    const announced = withCondition(pod, clock.now());
    if (announced === pod) return pod.metadata.resourceVersion;
    const commit = await committer.replace(served, live, announced);
    if (commit.ok) return commit.object.value.metadata.resourceVersion;
    live = commit.current;
  }
  throw conflict(RESOURCE, name, 'the pod is changed too often to be evicted');
}

function check({ metadata }: Pod, { uid, resourceVersion }: DeleteOptions['preconditions']): void {
  const differs = (what: string, asked: string, is: string, why: string) =>
    conflict(
      RESOURCE,
      metadata.name,
      `the ${what} in the precondition (${asked}) does not match the ${what} in record (${is}). The object might have been ${why}`,
    );
  if (uid && uid !== metadata.uid) throw differs('UID', uid, metadata.uid, 'deleted and then recreated');
  if (resourceVersion && resourceVersion !== metadata.resourceVersion) {
    throw differs('ResourceVersion', resourceVersion, metadata.resourceVersion, 'modified');
  }
}

function withCondition(pod: Pod, now: number): Pod {
  const { generation } = pod.metadata;
  const conditions = pod.status.conditions ?? [];
  const at = conditions.findIndex(({ type }) => type === 'DisruptionTarget');
  const before = conditions[at];
  const condition: PodCondition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'EvictionByEvictionAPI',
    message: 'Eviction API: evicting',
    lastTransitionTime: (before?.status === 'True' && before.lastTransitionTime) || formatTime(now),
    ...(generation !== undefined && { observedGeneration: generation }),
  };
  const same = (['status', 'reason', 'message', 'observedGeneration'] as const).every(
    (field) => before?.[field] === condition[field],
  );
  if (same) return pod;
  const next = before === undefined ? [...conditions, condition] : conditions.with(at, condition);
  return { ...pod, metadata: { ...pod.metadata }, status: { ...pod.status, conditions: next } };
}
