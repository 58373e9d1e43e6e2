// Statuses as Kubernetes writes them: counts that its types mark `omitempty` are left out while they are zero.

/** A copy of `status` without those of the named fields that are 0. */
export function withoutZeros<T extends object>(fields: readonly (keyof T)[], status: T): T {
  const copy = { ...status };
  for (const field of fields) if (copy[field] === 0) delete copy[field];
  return copy;
}
