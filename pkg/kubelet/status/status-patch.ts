// The difference between two statuses of a pod as a strategic merge patch that touches only what changed: other writers of
// the status (readiness gates, the scheduler, controllers) are not run over. The uid makes it miss a pod of the same name.
import { isDeepStrictEqual } from 'node:util';
import { RESIZE_CONDITIONS } from './conditions.ts';
import type { Pod, PodCondition, PodStatus } from '../../api/schema/generated/core.v1.gen.ts';

/** Fields whose lists merge by a key: replaced as a whole, because what is not in the new one must go. */
const REPLACED = ['podIPs', 'hostIPs'] as const;

/** Conditions that this kubelet takes away again; those of others are never touched. */
const OWN_AND_PASSING: ReadonlySet<string> = new Set(RESIZE_CONDITIONS);

/** Undefined when nothing changed. */
export function statusPatch(pod: Pod, next: PodStatus): object | undefined {
  const before: Partial<PodStatus> = pod.status ?? {};
  const changes: Record<string, unknown> = {};
  const names = new Set([...Object.keys(before), ...Object.keys(next)]) as Set<keyof PodStatus>; // keys of both
  for (const name of names) {
    if (isDeepStrictEqual(plain(before[name]), plain(next[name]))) continue;
    if (name === 'conditions') {
      const changed = (next.conditions ?? []).flatMap((condition) => {
        const old = before.conditions?.find(({ type }) => type === condition.type);
        return isDeepStrictEqual(plain(old), plain(condition)) ? [] : [nullWhereLeftOut(old, condition)];
      });
      const gone = (before.conditions ?? [])
        .filter(
          ({ type }) => OWN_AND_PASSING.has(type) && !next.conditions?.some((condition) => condition.type === type),
        )
        .map(({ type }) => ({ $patch: 'delete', type }));
      if (changed.length + gone.length > 0) changes['conditions'] = [...changed, ...gone];
    } else if (next[name] === undefined) changes[name] = null;
    else if (name === REPLACED[0] || name === REPLACED[1]) {
      changes[name] = before[name] === undefined ? next[name] : [...(next[name] ?? []), { $patch: 'replace' }];
    } else changes[name] = next[name];
  }
  if (Object.keys(changes).length === 0) return undefined;
  return { metadata: { uid: pod.metadata.uid }, status: changes };
}

/** A condition merges with the one that is there: what it no longer says must be taken away. */
function nullWhereLeftOut(old: PodCondition | undefined, condition: PodCondition): object {
  return {
    ...(old?.reason !== undefined && { reason: null }),
    ...(old?.message !== undefined && { message: null }),
    ...condition,
  };
}

/** As it would come back from the API server: fields that are undefined are not there, and nulls mean the same. */
function plain(value: unknown): unknown {
  return value === undefined
    ? undefined
    : JSON.parse(JSON.stringify(value, (_key, inner: unknown) => (inner === null ? undefined : inner)));
}
