// Copying and comparing plain JSON data, several times faster than structuredClone and isDeepStrictEqual, which must expect
// more. Absent and undefined properties are the same.

export function copyJson<T>(value: T): T {
  // The copy has the shape of what was copied.
  return copy(value) as T;
}

function copy(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(copy);
  const result: Record<string, unknown> = {};
  for (const [name, part] of Object.entries(value)) {
    if (name === '__proto__')
      Object.defineProperty(result, name, { value: copy(part), enumerable: true, configurable: true, writable: true });
    else result[name] = copy(part);
  }
  return result;
}

/** `ignored` names properties that do not count, at whatever depth they stand. */
export function sameJson(a: unknown, b: unknown, ignored?: ReadonlySet<string>): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return a.every((part, index) => sameJson(part, b[index], ignored));
  }
  return sameProperties(new Map(Object.entries(a)), new Map(Object.entries(b)), ignored);
}

function sameProperties(
  a: ReadonlyMap<string, unknown>,
  b: ReadonlyMap<string, unknown>,
  ignored: ReadonlySet<string> | undefined,
): boolean {
  for (const [name, part] of a) {
    if (ignored?.has(name) !== true && !sameJson(part, b.get(name), ignored)) return false;
  }
  for (const [name, part] of b) {
    if (part !== undefined && !a.has(name) && ignored?.has(name) !== true) return false;
  }
  return true;
}
