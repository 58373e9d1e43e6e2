// The exact reading of a value by its schema, as Go's decoder with Kubernetes' strictness does it: unknown fields dropped and
// told, null in a field is an absent field, null in a list or map is the type's zero, empty lists and maps of optional
// fields vanish (they are never written), scalars in their one form. Slower than a compiled validator, and always right.
import { GO_SCALARS, jsonKind, readScalar, zeroScalar } from './decode-scalars.ts';
import type { TextNotes } from './decode-json.ts';
import type { FieldSchema, ObjectSchema } from './object-schema.ts';

/** A value that does not fit its type. Its message is Go's. */
export class DecodeFault extends Error {
  override readonly name = 'DecodeFault';
}

/** Kubernetes tells no more than this many strict errors of one object. */
const MAX_STRICT_ERRORS = 100;

/** Where the reading stands: `path` with list positions for strict errors, `fields` without, as Go's type errors name it. */
interface Place {
  readonly struct: string;
  readonly fields: string;
  readonly path: string;
}

export interface WalkResult {
  readonly object: Record<string, unknown>;
  /** `unknown field "spec.foo"`, `duplicate field "metadata.name"`; in the order of the text, each once. */
  readonly strictErrors: readonly string[];
}

/** Reads `value` as `schema`; throws DecodeFault when a value has the wrong type. The input is not changed. */
export function walkObject(schema: ObjectSchema, value: unknown, notes: TextNotes | undefined): WalkResult {
  const walk = new Walk(notes);
  const object = walk.struct(schema, value, { struct: goStruct(schema.name), fields: '', path: '' });
  return { object, strictErrors: [...walk.strictErrors].slice(0, MAX_STRICT_ERRORS) };
}

class Walk {
  readonly strictErrors = new Set<string>();
  readonly #notes: TextNotes | undefined;

  constructor(notes: TextNotes | undefined) {
    this.#notes = notes;
  }

  struct(schema: ObjectSchema, value: unknown, place: Place): Record<string, unknown> {
    if (!isRecord(value)) throw typeFault(place, jsonKind(value), goTypeName(schema.name));
    const read: Record<string, unknown> = {};
    const repeated = this.#notes?.duplicates.get(value);
    const struct = goStruct(schema.name);
    for (const key of Object.keys(value)) {
      const path = place.path === '' ? key : `${place.path}.${key}`;
      const field = schema.fields.get(key);
      if (field === undefined) {
        this.#strict(`unknown field ${quote(path)}`);
        continue;
      }
      if (repeated?.has(key) === true) this.#strict(`duplicate field ${quote(path)}`);
      const inner = this.#asWritten(field.schema, value, key, value[key]);
      if (inner === null) continue;
      const fields = place.fields === '' ? key : `${place.fields}.${key}`;
      const result = this.#field(field.schema, inner, { struct, fields, path });
      if (field.required || !isEmptyCollection(field.schema, result)) read[key] = result;
    }
    return read;
  }

  #strict(message: string): void {
    if (this.strictErrors.size <= MAX_STRICT_ERRORS) this.strictErrors.add(message);
  }

  #field(schema: FieldSchema, value: unknown, place: Place): unknown {
    switch (schema.kind) {
      case 'scalar': {
        const reading = readScalar(schema.scalar, value);
        if (reading.ok) return reading.value;
        if (reading.fault === 'format') throw new DecodeFault(reading.message);
        throw typeFault(place, reading.got, reading.goType);
      }
      case 'list':
        if (!Array.isArray(value)) throw typeFault(place, jsonKind(value), goType(schema));
        return value.map((item, index) =>
          item === null
            ? zeroOf(schema.items)
            : this.#field(schema.items, item, { ...place, path: `${place.path}[${index}]` }),
        );
      case 'map':
        return this.#map(schema.values, value, place, schema);
      case 'object':
        return this.struct(schema.schema(), value, place);
    }
  }

  #map(values: FieldSchema, value: unknown, place: Place, schema: FieldSchema): Record<string, unknown> {
    if (!isRecord(value)) throw typeFault(place, jsonKind(value), goType(schema));
    const repeated = this.#notes?.duplicates.get(value);
    const read: [string, unknown][] = [];
    for (const [key, inner] of Object.entries(value)) {
      const path = `${place.path}.${key}`;
      if (repeated?.has(key) === true) this.#strict(`duplicate field ${quote(path)}`);
      const written = this.#asWritten(values, value, key, inner);
      read.push([key, written === null ? zeroOf(values) : this.#field(values, written, { ...place, path })]);
    }
    return Object.fromEntries(read);
  }

  /** Quantities are read from their text even where that is a JSON number: `1e3` is not `1k`. */
  #asWritten(schema: FieldSchema, container: object, key: string, value: unknown): unknown {
    if (typeof value !== 'number' || !isQuantities(schema)) return value;
    return this.#notes?.literals.get(container)?.get(key) ?? value;
  }
}

/** Optional lists and maps without content are not written by Go (`omitempty`), so they do not exist. */
function isEmptyCollection(schema: FieldSchema, value: unknown): boolean {
  if (schema.kind === 'list') return Array.isArray(value) && value.length === 0;
  return schema.kind === 'map' && isRecord(value) && Object.keys(value).length === 0;
}

function zeroOf(schema: FieldSchema): unknown {
  switch (schema.kind) {
    case 'scalar':
      return zeroScalar(schema.scalar);
    case 'list':
      return [];
    case 'map':
    case 'object':
      return {};
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function typeFault(place: Place, got: string, goTypeOf: string): DecodeFault {
  const target = place.fields === '' ? 'value' : `struct field ${place.struct}.${place.fields}`;
  return new DecodeFault(`json: cannot unmarshal ${got} into Go ${target} of type ${goTypeOf}`);
}

/** `core.v1.PodSpec` is `PodSpec` where Go names the struct alone ... */
function goStruct(typeName: string): string {
  return typeName.slice(typeName.lastIndexOf('.') + 1);
}

/** ... and `v1.PodSpec` where it names the type with its package. */
function goTypeName(typeName: string): string {
  return typeName.split('.').slice(-2).join('.');
}

function goType(schema: FieldSchema): string {
  switch (schema.kind) {
    case 'scalar':
      return GO_SCALARS[schema.scalar];
    case 'list':
      return `[]${goType(schema.items)}`;
    case 'map':
      return isQuantities(schema.values) ? 'v1.ResourceList' : `map[string]${goType(schema.values)}`;
    case 'object':
      return goTypeName(schema.schema().name);
  }
}

function isQuantities(schema: FieldSchema): boolean {
  return schema.kind === 'scalar' && schema.scalar === 'quantity';
}

function quote(text: string): string {
  return JSON.stringify(text);
}
