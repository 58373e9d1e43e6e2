// Remembers who owns what of new objects: pods of one workload differ in names and values, not in which fields they have, so
// their fieldsV1 is computed once and shared. Shared trees are frozen. What is remembered is bounded for each type.
import { isRecord } from '../../api/schema/decode-walk.ts';
import type { JsonObject } from '../../api/schema/json.ts';
import type { FieldSchema, ObjectSchema } from '../../api/schema/object-schema.ts';
import { copyJson } from '../registry/copy-json.ts';
import { itemElement, memberSchema, rootSchema, shapeOf } from './schema-steps.ts';

/** Of one type; the one that was wanted longest ago goes first. */
const MOST_SHAPES = 8;

interface Remembered {
  /** A copy: objects are filled in after their fields were taken. */
  readonly object: object;
  readonly fields: JsonObject;
}

export class CreatedShapes {
  readonly #byType = new WeakMap<ObjectSchema, Remembered[]>();

  /** What `compute` answered for an object with the same fields; otherwise what it answers now. */
  fieldsOf(schema: ObjectSchema, object: object, compute: () => JsonObject): JsonObject {
    let known = this.#byType.get(schema);
    if (known === undefined) {
      known = [];
      this.#byType.set(schema, known);
    }
    const root = rootSchema(schema);
    const at = known.findIndex((candidate) => sameFields(root, candidate.object, object));
    let found = known[at];
    if (found === undefined) {
      found = { object: copyJson(object), fields: frozen(compute()) };
      if (known.length === MOST_SHAPES) known.pop();
      known.unshift(found);
    } else if (at > 0) {
      known.splice(at, 1);
      known.unshift(found);
    }
    return found.fields;
  }
}

/** Whether both have the same paths, in the same order; values count only where they are part of a path. */
function sameFields(schema: FieldSchema | undefined, a: unknown, b: unknown): boolean {
  const shape = shapeOf(schema, a);
  if (shape !== shapeOf(schema, b)) return false;
  if (shape === 'leaf') return true;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length || schema?.kind !== 'list') return false;
    return a.every((item, index) => sameItem(schema, item, b[index]));
  }
  if (!isRecord(a) || !isRecord(b)) return isRecord(a) === isRecord(b);
  const names = Object.keys(a);
  const others = Object.keys(b);
  if (names.length !== others.length) return false;
  for (const [index, name] of names.entries()) {
    if (name !== others[index] || (a[name] === undefined) !== (b[name] === undefined)) return false;
    if (!sameFields(memberSchema(schema, name), a[name], b[name])) return false;
  }
  return true;
}

function sameItem(schema: FieldSchema & { kind: 'list' }, a: unknown, b: unknown): boolean {
  const element = itemElement(schema, a);
  const other = itemElement(schema, b);
  if (!element.ok || !other.ok || element.element !== other.element) return false;
  return sameFields(schema.items, a, b);
}

function frozen(json: JsonObject): JsonObject {
  for (const value of Object.values(json)) if (isRecord(value)) frozen(value);
  return Object.freeze(json);
}
