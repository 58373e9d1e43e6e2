// What the creator of an object owns, in one walk that writes fieldsV1 directly: creating objects is the server's commonest
// write. Kubernetes compares the new object with an empty one of its Go type, in which embedded structs exist; so those are
// not owned themselves, only what is in them (`f:template` has no `.` but `f:rollingUpdate` has).
import type { JsonObject } from '../../api/schema/json.ts';
import { isRecord } from '../../api/schema/decode-walk.ts';
import type { FieldSchema, ObjectSchema } from '../../api/schema/object-schema.ts';
import { embeddedStructs } from './embedded-structs.ts';
import type { FieldSet } from './field-set.ts';
import { itemElement, memberSchema, shapeOf } from './schema-steps.ts';

/** fieldsV1 of a new object, less `excluded` and what is below it. */
export function createdFields(
  schema: ObjectSchema,
  object: Record<string, unknown>,
  excluded: readonly FieldSet[],
): JsonObject {
  return structFields(schema, object, excluded);
}

/** Members of a struct that exists in the empty object too. */
function structFields(
  schema: ObjectSchema,
  object: Record<string, unknown>,
  excluded: readonly FieldSet[],
): JsonObject {
  const json: JsonObject = {};
  const structs = embeddedStructs(schema);
  for (const key of Object.keys(object)) {
    const value = object[key];
    const field = schema.fields.get(key);
    if (field === undefined || value === undefined) continue;
    const inner = below(excluded, key);
    if (inner === undefined) continue;
    const embedded = structs.has(key);
    if (embedded && field.schema.kind === 'object' && field.schema.mapType === 'granular' && isRecord(value)) {
      const fields = structFields(field.schema.schema(), value, inner);
      if (!isEmptyObject(fields)) json[`f:${key}`] = fields;
    } else {
      const owned = newFields(field.schema, value);
      if (field.required && field.schema.kind === 'list') delete owned['.'];
      json[`f:${key}`] = owned;
    }
  }
  return json;
}

/** Of several exclusions what they say below `key`; undefined when the member is excluded altogether. */
function below(excluded: readonly FieldSet[], key: string): readonly FieldSet[] | undefined {
  if (excluded.length === 0) return excluded;
  const element = `f:${key}`;
  const inner: FieldSet[] = [];
  for (const set of excluded) {
    const child = set.children.get(element);
    if (child === undefined) continue;
    // SERVER_FIELDS names `metadata` itself and some of its fields: the struct is not owned, the rest of it may be.
    if (child.member && child.children.size === 0) return undefined;
    inner.push(child);
  }
  return inner;
}

/** All paths of a value that has no counterpart in the empty object. */
function newFields(schema: FieldSchema | undefined, value: unknown): JsonObject {
  const json: JsonObject = {};
  if (shapeOf(schema, value) === 'leaf') return json;
  if (isRecord(value)) {
    for (const key of Object.keys(value)) {
      if (value[key] === undefined) continue;
      json['.'] = {};
      json[`f:${key}`] = newFields(memberSchema(schema, key), value[key]);
    }
  } else if (Array.isArray(value) && schema?.kind === 'list') {
    for (const item of value) {
      const element = itemElement(schema, item);
      if (!element.ok) continue;
      json['.'] = {};
      const repeated = Object.hasOwn(json, element.element);
      json[element.element] = repeated ? {} : newFields(schema.items, item);
    }
  }
  return json;
}

function isEmptyObject(json: JsonObject): boolean {
  for (const key in json) if (Object.hasOwn(json, key)) return false;
  return true;
}
