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

export function explainHead({ group, version, kind }: Pick<ExplainRequest, 'group' | 'version' | 'kind'>): string {
  return `${group === '' ? '' : `GROUP:      ${group}\n`}KIND:       ${kind}\nVERSION:    ${version}\n\n`;
}

export function explainText(request: ExplainRequest): string {
  const { document, schema } = request;
  const lines: string[] = [explainHead(request).slice(0, -1)];
  const target = innermost(document, schema);
  if (request.fieldName !== undefined) {
    lines.push(`FIELD: ${request.fieldName} <${typeName(document, schema)}>`);
    const values = texts(resolveReference(document, schema), 'enum');
    lines.push(...(values.length === 0 ? [''] : ['ENUM:', ...values.map((value) => `    ${value}`)]), '');
  }
  lines.push('DESCRIPTION:');
  lines.push(...wrapped(descriptionOf(document, schema), 4));
  const fields = properties(target);
  if (fields.length === 0) return `${lines.join('\n')}\n    \n\n`;
  lines.push('    ', 'FIELDS:');
  lines.push(...fieldLines(document, target, 1, request.recursive, []));
  return `${lines.join('\n')}\n\n`;
}

/** Of the field and of every type on the way to what its values are made of, one below the other. */
function descriptionOf(document: JsonObject, schema: Json): string {
  const found: string[] = [];
  for (let here: Json | undefined = schema, depth = 0; here !== undefined && depth < 8; depth++) {
    const own = text(here, 'description');
    if (own !== '') found.push(own);
    const referred = resolveReference(document, here);
    here = referred === here ? (at(here, 'items') ?? at(here, 'additionalProperties')) : referred;
  }
  return found.join('\n') || '<empty>';
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
    if (!recursive)
      return [head, ...enumerated, ...wrapped(text(field, 'description') || '<no description>', 2 * level + 2), ''];
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
    const type = text(referred, 'type');
    if (type !== '' && type !== 'object') return typeName(document, referred);
    const reference = text(schema, '$ref') || text(list(schema, 'allOf')[0], '$ref');
    return reference.slice(reference.lastIndexOf('.') + 1);
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
    for (const word of paragraph.split(' ')) {
      if (line !== '' && line.length + 1 + word.length > width) {
        lines.push(space + line.trimEnd());
        line = word;
        // Two spaces behind a sentence stay two, but not at the beginning of a line.
      } else line = line === '' ? word : `${line} ${word}`;
    }
    lines.push(space + line);
    return lines;
  });
}
