// JSON as Go prints it: indented by four, keys sorted, `<`, `>`, `&` and the line separators escaped. Pure.
import type { Json } from '../../api/schema/json.ts';
import { compareBytes, isObject } from '../objects/access.ts';

/** With four spaces of indentation and a newline at the end, as `-o json`. */
export function toPrettyJson(value: Json, sorted = true): string {
  return `${escapeHtml(JSON.stringify(sorted ? sortKeys(value) : value, null, 4))}\n`;
}

/** On one line, keys sorted, as Go's json.Marshal of a map. */
export function toCompactJson(value: Json): string {
  return escapeHtml(JSON.stringify(sortKeys(value)));
}

export function sortKeys(value: Json): Json {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([left], [right]) => compareBytes(left, right))
      .map(([key, item]) => [key, sortKeys(item)]),
  );
}

/** The signs that Go's JSON escapes in strings. */
export function escapeHtml(text: string): string {
  return text.replace(/[<>&\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
