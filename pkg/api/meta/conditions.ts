// Conditions in a status: finding one and replacing it so that its transition time says when its status last changed.

interface ConditionLike {
  type: string;
  status: string;
  lastTransitionTime?: string;
}

export function findCondition<C extends ConditionLike>(
  conditions: readonly C[] | undefined,
  type: string,
): C | undefined {
  return conditions?.find((condition) => condition.type === type);
}

export function isConditionTrue(conditions: readonly ConditionLike[] | undefined, type: string): boolean {
  return findCondition(conditions, type)?.status === 'True';
}

/** The conditions with `next` in its type's place; it keeps the old transition time if the status has not changed. */
export function withCondition<C extends ConditionLike>(conditions: readonly C[] | undefined, next: C): C[] {
  const before = findCondition(conditions, next.type);
  const kept = before?.status === next.status ? { ...next, lastTransitionTime: before.lastTransitionTime } : next;
  return before === undefined
    ? [...(conditions ?? []), kept]
    : (conditions ?? []).map((condition) => (condition.type === next.type ? kept : condition));
}
