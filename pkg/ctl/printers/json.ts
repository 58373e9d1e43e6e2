// JSON as Go prints it: keys sorted by bytes, `<`, `>`, `&` and the line separators escaped. Written by hand because
// JSON.stringify puts keys that look like numbers first, whatever order an object was given. Pure.
import type { Json, JsonObject } from '../../api/schema/json.ts';
import { compareBytes, isObject } from '../objects/access.ts';

/** With four spaces of indentation and a newline at the end, as `-o json`. Unsorted: in the order of Go's types. */
export function toPrettyJson(value: Json, sorted = true): string {
  return `${written(value, { indent: '    ', sorted }, '\n')}\n`;
}

/** On one line, keys sorted, as Go's json.Marshal of a map. */
export function toCompactJson(value: Json): string {
  return written(value, { indent: '', sorted: true }, '');
}

interface Style {
  /** Empty: everything on one line. */
  readonly indent: string;
  readonly sorted: boolean;
}

/** `line`: what begins a new line at this depth; empty on one line. */
function written(value: Json, style: Style, line: string): string {
  const inner = line === '' ? '' : line + style.indent;
  if (Array.isArray(value)) {
    if (value.length === 0) return '[]';
    return `[${value.map((item) => inner + written(item, style, inner)).join(',')}${line}]`;
  }
  if (!isObject(value)) return escapeHtml(JSON.stringify(value));
  const colon = line === '' ? ':' : ': ';
  const entries = keysOf(value, style.sorted).map(
    (key) => `${inner}${escapeHtml(JSON.stringify(key))}${colon}${written(value[key] ?? null, style, inner)}`,
  );
  return entries.length === 0 ? '{}' : `{${entries.join(',')}${line}}`;
}

/** Where keys look like numbers it is a map, which Go prints sorted; JavaScript has lost its order anyway. */
function keysOf(value: JsonObject, sorted: boolean): string[] {
  const keys = Object.keys(value).filter((key) => value[key] !== undefined);
  return sorted || keys.some((key) => /^\d+$/.test(key)) ? keys.sort(compareBytes) : keys;
}

/** The signs that Go's JSON escapes in strings. */
export function escapeHtml(text: string): string {
  return text.replace(/[<>&\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
