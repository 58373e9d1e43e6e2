// Reading JSON whose shape nobody promised: every accessor answers with an empty value where the field is missing or of
// another type, so that what is shown about a strange object is a gap and never a crash.
import type { Json, JsonObject } from '../../api/schema/json.ts';

export type Step = string | number;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function at(value: Json | undefined, ...path: readonly Step[]): Json | undefined {
  let here = value;
  for (const step of path) {
    if (Array.isArray(here)) here = typeof step === 'number' ? here[step] : undefined;
    else if (isObject(here)) here = Object.hasOwn(here, String(step)) ? here[String(step)] : undefined;
    else return undefined;
  }
  return here ?? undefined;
}

export function text(value: Json | undefined, ...path: readonly Step[]): string {
  const found = at(value, ...path);
  return typeof found === 'string'
    ? found
    : typeof found === 'number' || typeof found === 'boolean'
      ? String(found)
      : '';
}

export function number(value: Json | undefined, ...path: readonly Step[]): number {
  const found = at(value, ...path);
  return typeof found === 'number' ? found : 0;
}

export function flag(value: Json | undefined, ...path: readonly Step[]): boolean {
  return at(value, ...path) === true;
}

export function has(value: Json | undefined, ...path: readonly Step[]): boolean {
  return at(value, ...path) !== undefined;
}

export function list(value: Json | undefined, ...path: readonly Step[]): Json[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
}

export function objects(value: Json | undefined, ...path: readonly Step[]): JsonObject[] {
  return list(value, ...path).filter(isObject);
}

export function texts(value: Json | undefined, ...path: readonly Step[]): string[] {
  return list(value, ...path).map((item) => text(item));
}

export function object(value: Json | undefined, ...path: readonly Step[]): JsonObject {
  const found = at(value, ...path);
  return isObject(found) ? found : {};
}

/** The entries of a map from string to string, sorted by key as Go prints maps. */
export function pairs(value: Json | undefined, ...path: readonly Step[]): [string, string][] {
  return Object.entries(object(value, ...path))
    .map(([key, item]): [string, string] => [key, text(item)])
    .sort(([left], [right]) => compareBytes(left, right));
}

/** Go compares strings by bytes; for UTF-16 text code-unit order agrees except beyond the BMP. */
export function compareBytes(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

export const nameOf = (value: Json | undefined): string => text(value, 'metadata', 'name');
export const namespaceOf = (value: Json | undefined): string => text(value, 'metadata', 'namespace');

/** Writes at a path, making the objects on the way. Mutates. */
export function put(target: JsonObject, path: readonly string[], value: Json): void {
  let here = target;
  for (const step of path.slice(0, -1)) {
    const next = here[step];
    if (isObject(next)) here = next;
    else {
      const made: JsonObject = {};
      here[step] = made;
      here = made;
    }
  }
  const last = path.at(-1);
  if (last !== undefined) here[last] = value;
}

/** Parses JSON text; the one place where a parsed value is taken to be JSON. */
export function parseJson(source: string): Json {
  // JSON.parse answers `any`; what it yields is JSON by definition.
  return JSON.parse(source) as Json;
}

/** Takes what a transport handed over, which is parsed JSON, as such. */
export function asJson(value: unknown): Json {
  // Transports answer parsed JSON typed as unknown.
  return (value ?? null) as Json;
}
