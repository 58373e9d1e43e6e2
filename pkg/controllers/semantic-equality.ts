// Equality as Kubernetes' controllers mean it: a field that is absent, null or an empty list is the same thing, and the order
// of a map's keys says nothing. An empty object is something: an empty selector selects all, an absent one nothing.

export function semanticallyEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (isEmpty(a) || isEmpty(b)) return isEmpty(a) && isEmpty(b);
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return a.every((item, position) => semanticallyEqual(item, b[position]));
  }
  if (!isRecord(a) || !isRecord(b)) return false;
  for (const name of Object.keys(a)) if (!semanticallyEqual(a[name], b[name])) return false;
  for (const name of Object.keys(b)) if (!(name in a) && !isEmpty(b[name])) return false;
  return true;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0);
}

/** One text for all values that are semantically equal: keys sorted, empty fields left out. */
export function canonicalText(value: unknown): string {
  return JSON.stringify(canonical(value)) ?? 'null';
}

function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (!isRecord(value)) return value;
  const entries = Object.entries(value).filter(([, item]) => !isEmpty(item));
  return Object.fromEntries(
    entries.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, item]) => [name, canonical(item)]),
  );
}
