// Compiled checks of whole objects: one ajv validator per type, made when a type has been decoded often enough to be worth
// it, so that starting up does not pay for it. A validator says yes only to an object that may be taken exactly as it was
// parsed: no unknown fields, no nulls, no empty optional lists and maps, every scalar already in the form it is kept in.
import { Ajv, type SchemaObject, type ValidateFunction } from 'ajv';
import { isBase64 } from './decode-scalars.ts';
import type { FieldSchema, ObjectSchema, Scalar } from './object-schema.ts';

/** A type is walked this many times before a validator is compiled for it (a few dozen milliseconds for a Pod). */
const WALKS_BEFORE_COMPILING = 24;

/** Quantities that are their own canonical form, without the arithmetic: `0`, `250m`, `1536Mi` is not, `512Mi` is. */
const PLAIN_QUANTITY = '^(?:0|[1-9][0-9]{0,2}(?:m|k|M|G|T|Ki|Mi|Gi|Ti)?|[1-9][0-9]*(?:[1-9]|[1-9]0|[1-9]00)m?)$';
const PLAIN_TIME = String.raw`^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$`;
const PLAIN_MICRO_TIME = PLAIN_TIME.replace('Z$', String.raw`\.\d{6}Z$`);

const SCALARS: Readonly<Record<Scalar, SchemaObject>> = {
  string: { type: 'string' },
  boolean: { type: 'boolean' },
  int32: { type: 'integer', minimum: -(2 ** 31), maximum: 2 ** 31 - 1 },
  int64: { type: 'integer', minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER },
  double: { type: 'number' },
  bytes: { type: 'string', format: 'base64' },
  quantity: { type: 'string', pattern: PLAIN_QUANTITY },
  intOrString: { type: ['string', 'integer'], minimum: -(2 ** 31), maximum: 2 ** 31 - 1 },
  time: { type: 'string', pattern: PLAIN_TIME },
  microTime: { type: 'string', pattern: PLAIN_MICRO_TIME },
  json: {},
};

/** Types compiled at one request, so that no request waits for all of a kind's types (a Pod has 150). */
const COMPILED_AT_ONCE = 4;

interface Progress {
  walks: number;
  /** What is still to be compiled, types before those that refer to them; the kind itself comes last. */
  readonly pending: string[];
}

const progress = new WeakMap<ObjectSchema, Progress>();
const compiled = new WeakMap<ObjectSchema, ValidateFunction>();
let ajv: Ajv | undefined;

/** The compiled validator of a built-in type, or undefined while it is not worth having one or not ready yet. */
export function validatorOf(schema: ObjectSchema): ValidateFunction | undefined {
  const known = compiled.get(schema);
  if (known !== undefined) return known;
  const state = progress.get(schema) ?? { walks: 0, pending: [] };
  progress.set(schema, state);
  state.walks++;
  if (state.walks <= WALKS_BEFORE_COMPILING) return undefined;
  const compiler = theCompiler();
  if (state.walks === WALKS_BEFORE_COMPILING + 1) state.pending.push(...addTypes(compiler, schema, new Set()));
  for (const name of state.pending.splice(0, COMPILED_AT_ONCE)) compiler.getSchema(name);
  return state.pending.length === 0 ? finish(compiler, schema) : undefined;
}

/** Compiles at once. */
export function compileValidator(schema: ObjectSchema): ValidateFunction {
  const compiler = theCompiler();
  addTypes(compiler, schema, new Set());
  return finish(compiler, schema);
}

function theCompiler(): Ajv {
  ajv ??= new Ajv({
    strict: false,
    validateSchema: false,
    addUsedSchema: false,
    inlineRefs: false,
    meta: false,
    code: { optimize: false },
    formats: { base64: isBase64 },
  });
  return ajv;
}

function finish(compiler: Ajv, schema: ObjectSchema): ValidateFunction {
  const validate = compiler.getSchema(schema.name);
  if (validate === undefined) throw new Error(`ajv lost the schema of ${schema.name}`);
  compiled.set(schema, validate);
  return validate;
}

/**
 * References between types stay references, so that a type shared by many kinds is compiled once. Answers the names, each
 * after those it refers to as far as types do not refer to themselves.
 */
function addTypes(target: Ajv, schema: ObjectSchema, visited: Set<string>): string[] {
  if (visited.has(schema.name)) return [];
  visited.add(schema.name);
  const names: string[] = [];
  const properties: Record<string, SchemaObject> = {};
  for (const field of schema.fields.values()) {
    const checked = validationSchema(field.schema);
    properties[field.name] = field.required ? checked : { ...checked, ...NON_EMPTY[field.schema.kind] };
    for (const type of typesOf(field.schema)) names.push(...addTypes(target, type, visited));
  }
  if (target.schemas[schema.name] === undefined) {
    target.addSchema({ type: 'object', properties, additionalProperties: false }, schema.name);
  }
  return [...names, schema.name];
}

/** Empty optional lists and maps are not written, so they are no part of an object that may stay as it is. */
const NON_EMPTY: Readonly<Record<FieldSchema['kind'], SchemaObject>> = {
  list: { minItems: 1 },
  map: { minProperties: 1 },
  object: {},
  scalar: {},
};

function typesOf(schema: FieldSchema): ObjectSchema[] {
  if (schema.kind === 'list') return typesOf(schema.items);
  if (schema.kind === 'map') return typesOf(schema.values);
  return schema.kind === 'object' ? [schema.schema()] : [];
}

function validationSchema(schema: FieldSchema): SchemaObject {
  switch (schema.kind) {
    case 'scalar':
      return SCALARS[schema.scalar];
    case 'list':
      return { type: 'array', items: validationSchema(schema.items) };
    case 'map':
      return { type: 'object', additionalProperties: validationSchema(schema.values) };
    case 'object':
      return { $ref: schema.schema().name };
  }
}
