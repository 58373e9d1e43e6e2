// An OpenAPI schema as `explain` shows it. Pure.
import type { Json, JsonObject } from '../../api/schema/json.ts';
import { at, compareBytes, isObject, list, text, texts } from '../objects/access.ts';

export interface ExplainRequest {
  readonly document: JsonObject;
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly schema: Json;
  /** The last field of the path; undefined for the kind itself. */
  readonly fieldName: string | undefined;
  readonly recursive: boolean;
}

const WIDTH = 80;

export function explainText(request: ExplainRequest): string {
  const { document, schema } = request;
  const lines: string[] = [];
  if (request.group !== '') lines.push(`GROUP:      ${request.group}`);
  lines.push(`KIND:       ${request.kind}`, `VERSION:    ${request.version}`, '');
  const target = innermost(document, schema);
  if (request.fieldName !== undefined)
    lines.push(`FIELD: ${request.fieldName} <${typeName(document, schema)}>`, '', ...enumLines(schema, 0));
  lines.push('DESCRIPTION:');
  lines.push(...wrapped(descriptionOf(document, schema), 4));
  const fields = properties(target);
  if (fields.length === 0) return `${lines.join('\n')}\n    \n\n`;
  lines.push('    ', 'FIELDS:');
  lines.push(...fieldLines(document, target, 1, request.recursive, []));
  return `${lines.join('\n')}\n\n`;
}

function descriptionOf(document: JsonObject, schema: Json): string {
  const own = text(schema, 'description');
  const referred = text(resolveReference(document, schema), 'description');
  const item = text(innermost(document, schema), 'description');
  if (own !== '' && referred !== '' && own !== referred) return `${own}\n${referred}`;
  if (own !== '' && item !== '' && own !== item) return `${own}\n${item}`;
  return own || referred || item || '<empty>';
}

function fieldLines(
  document: JsonObject,
  schema: Json,
  level: number,
  recursive: boolean,
  seen: readonly Json[],
): string[] {
  const required = new Set(texts(schema, 'required'));
  const indent = '  '.repeat(level);
  return properties(schema).flatMap(([name, field]) => {
    const head = `${indent}${name}\t<${typeName(document, field)}>${required.has(name) ? ' -required-' : ''}`;
    const enumerated = enumLines(field, level);
    if (!recursive) return [head, ...enumerated, ...wrapped(descriptionOf(document, field), 2 * level + 2), ''];
    const inner = innermost(document, field);
    if (seen.includes(inner)) return [head, ...enumerated];
    return [head, ...enumerated, ...fieldLines(document, inner, level + 1, true, [...seen, inner])];
  });
}

function enumLines(schema: Json, level: number): string[] {
  const values = texts(schema, 'enum');
  if (values.length === 0) return [];
  const shown = values.map((value) => (value === '' ? '""' : value)).join(', ');
  return [`${'  '.repeat(level)}enum: ${shown}`];
}

function properties(schema: Json): [string, Json][] {
  const found = at(schema, 'properties');
  return isObject(found) ? Object.entries(found).sort(([left], [right]) => compareBytes(left, right)) : [];
}

/** Follows `$ref`, also where it stands alone in an allOf. */
export function resolveReference(document: JsonObject, schema: Json): Json {
  const reference = text(schema, '$ref') || text(list(schema, 'allOf')[0], '$ref');
  if (reference === '') return schema;
  const name = reference.slice(reference.lastIndexOf('/') + 1);
  return at(document, 'components', 'schemas', name) ?? schema;
}

/** What a field's values are made of: behind references, lists and maps. */
function innermost(document: JsonObject, schema: Json): Json {
  const resolved = resolveReference(document, schema);
  const inner = at(resolved, 'items') ?? at(resolved, 'additionalProperties');
  return inner !== undefined && isObject(inner) ? innermost(document, inner) : resolved;
}

export function fieldSchema(document: JsonObject, schema: Json, name: string): Json | undefined {
  return at(innermost(document, schema), 'properties', name);
}

function typeName(document: JsonObject, schema: Json): string {
  const referred = resolveReference(document, schema);
  if (referred !== schema) {
    const reference = text(schema, '$ref') || text(list(schema, 'allOf')[0], '$ref');
    const last = reference.slice(reference.lastIndexOf('.') + 1);
    return text(referred, 'type') === 'object' || text(referred, 'type') === ''
      ? last
      : last === 'Quantity' || last === 'IntOrString' || last === 'Time' || last === 'MicroTime'
        ? last
        : typeName(document, referred);
  }
  const type = text(schema, 'type');
  if (type === 'array') return `[]${typeName(document, at(schema, 'items') ?? {})}`;
  const values = at(schema, 'additionalProperties');
  if (type === 'object' && isObject(values)) return `map[string]${typeName(document, values)}`;
  return type === '' ? 'Object' : type === 'object' ? 'Object' : type;
}

/** Filled to the width that kubectl fills to, each paragraph of its own. */
function wrapped(description: string, indent: number): string[] {
  const space = ' '.repeat(indent);
  const width = WIDTH - indent;
  return description.split('\n').flatMap((paragraph) => {
    const lines: string[] = [];
    let line = '';
    for (const word of paragraph.split(' ').filter((part) => part !== '')) {
      if (line !== '' && line.length + 1 + word.length > width) {
        lines.push(space + line);
        line = word;
      } else line = line === '' ? word : `${line} ${word}`;
    }
    lines.push(space + line);
    return lines;
  });
}
