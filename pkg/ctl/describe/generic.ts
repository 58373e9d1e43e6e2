// Any object whose kind has no description of its own: its fields, made readable. Pure.
import type { Json, JsonObject } from '../../api/schema/json.ts';
import { at, compareBytes, isObject, nameOf, namespaceOf } from '../objects/access.ts';
import { goText } from '../printers/jsonpath/evaluate.ts';
import type { DescriptionWriter } from './writer.ts';

const ACRONYMS = new Set(['API', 'URL', 'UID', 'OSB', 'GUID']);

export function describeGeneric(described: JsonObject, out: DescriptionWriter): void {
  describeHead(described, out);
  writeFields(described, 0, '', out);
}

/** What nearly all descriptions begin with. */
export function describeHead(described: JsonObject, out: DescriptionWriter): void {
  out.line(0, 'Name', nameOf(described));
  out.line(0, 'Namespace', namespaceOf(described));
  out.labels('Labels', at(described, 'metadata', 'labels'));
  out.annotations('Annotations', at(described, 'metadata', 'annotations'));
}

const SHOWN_ABOVE = new Set([
  '.metadata.managedFields',
  '.metadata.name',
  '.metadata.namespace',
  '.metadata.labels',
  '.metadata.annotations',
]);

function writeFields(fields: JsonObject, level: number, path: string, out: DescriptionWriter): void {
  for (const key of Object.keys(fields).sort(compareBytes)) {
    const where = `${path}.${key}`;
    const value: Json = fields[key] ?? null;
    if (SHOWN_ABOVE.has(where)) continue;
    if (isObject(value)) {
      out.write(level, `${readable(key)}:\n`);
      writeFields(value, level + 1, where, out);
    } else if (Array.isArray(value)) {
      out.write(level, `${readable(key)}:\n`);
      for (const item of value) {
        if (isObject(item)) writeFields(item, level + 1, where, out);
        else out.write(level + 1, `${goText(item)}\n`);
      }
    } else out.line(level, readable(key), goText(value));
  }
}

/** `apiVersion` becomes `API Version`. */
export function readable(field: string): string {
  if (/[^\p{L}-]/u.test(field)) return field;
  const words = field.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^A-Za-z\d]+/g) ?? [field];
  return words
    .filter((word) => word !== '_')
    .map((word) =>
      ACRONYMS.has(word.toUpperCase())
        ? word.toUpperCase()
        : word.charAt(0).toUpperCase() + word.slice(1).toLowerCase(),
    )
    .join(' ');
}
