// Compiled checks of whole objects: one ajv validator per type, made when a type has been decoded often enough to be worth
// it, so that starting up does not pay for it. A validator says yes only to an object that may be taken exactly as it was
// parsed: no unknown fields, no nulls, no empty optional lists and maps, every scalar already in the form it is kept in.
import { Ajv, type SchemaObject, type ValidateFunction } from 'ajv';
import { isBase64 } from './decode-scalars.ts';
import { schemaOf, type FieldSchema, type ObjectSchema, type Scalar } from './object-schema.ts';

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
  int64: { type: 'integer' },
  double: { type: 'number' },
  bytes: { type: 'string', format: 'base64' },
  quantity: { type: 'string', pattern: PLAIN_QUANTITY },
  intOrString: { type: ['string', 'integer'], minimum: -(2 ** 31), maximum: 2 ** 31 - 1 },
  time: { type: 'string', pattern: PLAIN_TIME },
  microTime: { type: 'string', pattern: PLAIN_MICRO_TIME },
  json: {},
};

const walks = new Map<string, number>();
const compiled = new Map<string, ValidateFunction>();
let ajv: Ajv | undefined;

/** The compiled validator of a built-in type, or undefined while it is not worth compiling one. */
export function validatorOf(schema: ObjectSchema): ValidateFunction | undefined {
  const known = compiled.get(schema.name);
  if (known !== undefined) return known;
  const count = (walks.get(schema.name) ?? 0) + 1;
  walks.set(schema.name, count);
  return count > WALKS_BEFORE_COMPILING ? compileValidator(schema) : undefined;
}

/** Compiles at once. */
export function compileValidator(schema: ObjectSchema): ValidateFunction {
  ajv ??= new Ajv({
    strict: false,
    validateSchema: false,
    addUsedSchema: false,
    inlineRefs: false,
    meta: false,
    code: { optimize: false },
    formats: { base64: isBase64 },
  });
  addTypes(ajv, schema, new Set());
  const validate = ajv.getSchema(schema.name);
  if (validate === undefined) throw new Error(`ajv lost the schema of ${schema.name}`);
  compiled.set(schema.name, validate);
  return validate;
}

/** References between types stay references, so that a type shared by many kinds is compiled once. */
function addTypes(target: Ajv, schema: ObjectSchema, visited: Set<string>): void {
  if (visited.has(schema.name)) return;
  visited.add(schema.name);
  const properties: Record<string, SchemaObject> = {};
  for (const field of schema.fields.values()) {
    const checked = validationSchema(field.schema);
    const optional =
      field.schema.kind === 'list' ? { minItems: 1 } : field.schema.kind === 'map' ? { minProperties: 1 } : {};
    properties[field.name] = field.required ? checked : { ...checked, ...optional };
    for (const name of typesOf(field.schema)) addTypes(target, schemaOf(name), visited);
  }
  if (target.schemas[schema.name] === undefined) {
    target.addSchema({ type: 'object', properties, additionalProperties: false }, schema.name);
  }
}

function typesOf(schema: FieldSchema): string[] {
  if (schema.kind === 'list') return typesOf(schema.items);
  if (schema.kind === 'map') return typesOf(schema.values);
  return schema.kind === 'object' ? [schema.schema().name] : [];
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
