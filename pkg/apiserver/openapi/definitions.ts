// The schema tables as OpenAPI definitions, in the dialects of v2 and v3. Lists and maps carry the extensions that tell
// clients how to merge them.
import {
  schemaOf,
  type FieldDefinition,
  type FieldSchema,
  type ObjectSchema,
  type Scalar,
} from '../../api/schema/object-schema.ts';
import {
  definitionName,
  DELETE_OPTIONS_TYPE,
  FIELDS_V1,
  groupVersionKindOf,
  INT_OR_STRING,
  MICRO_TIME,
  PATCH,
  QUANTITY,
  RAW_EXTENSION,
  TIME,
} from './definition-names.ts';
import type { Descriptions } from './descriptions.ts';

export type Dialect = 'v2' | 'v3';
export type Definition = Readonly<Record<string, unknown>>;

/** Fields whose scalars have a definition of their own. */
const NAMED_SCALARS: Partial<Readonly<Record<Scalar, string>>> = {
  time: TIME,
  microTime: MICRO_TIME,
  quantity: QUANTITY,
  intOrString: INT_OR_STRING,
  json: RAW_EXTENSION,
};

const PLAIN_SCALARS: Partial<Readonly<Record<Scalar, Definition>>> = {
  string: { type: 'string' },
  boolean: { type: 'boolean' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  double: { type: 'number', format: 'double' },
  bytes: { type: 'string', format: 'byte' },
};

const QUANTITY_DESCRIPTION =
  'Quantity is a fixed-point representation of a number, written as a number with an optional suffix: m, k, M, G, T, P, E ' +
  '(powers of ten), Ki, Mi, Gi, Ti, Pi, Ei (powers of two) or an exponent (1e3).';

const ANY_SCALARS: Readonly<Record<Dialect, Readonly<Record<string, Definition>>>> = {
  v2: {
    [QUANTITY]: { description: QUANTITY_DESCRIPTION, type: 'string' },
    [INT_OR_STRING]: {
      description: 'A number, or a string such as a percentage or a port name.',
      type: 'string',
      format: 'int-or-string',
    },
  },
  v3: {
    [QUANTITY]: { description: QUANTITY_DESCRIPTION, oneOf: [{ type: 'string' }, { type: 'number' }] },
    [INT_OR_STRING]: {
      description: 'A number, or a string such as a percentage or a port name.',
      format: 'int-or-string',
      oneOf: [{ type: 'integer' }, { type: 'string' }],
    },
  },
};

const NAMED: Readonly<Record<string, Definition>> = {
  [TIME]: { description: 'A time in RFC 3339, in whole seconds.', type: 'string', format: 'date-time' },
  [MICRO_TIME]: { description: 'A time in RFC 3339, with microseconds.', type: 'string', format: 'date-time' },
  [RAW_EXTENSION]: { description: 'Any JSON object.', type: 'object' },
  [FIELDS_V1]: { description: 'A set of fields, as a tree.', type: 'object' },
  [PATCH]: { description: 'A patch of one of the accepted content types.', type: 'object' },
};

/** Defaults that clients need for the keys of list items. */
const DEFAULTS: Readonly<Record<string, unknown>> = {
  'core.v1.ContainerPort.protocol': 'TCP',
  'core.v1.ServicePort.protocol': 'TCP',
};

/** Definitions of the given types and of all they refer to, by published name, in order. */
export function definitionsOf(
  typeNames: readonly string[],
  dialect: Dialect,
  descriptions: Descriptions,
): Record<string, Definition> {
  const found = new Map<string, Definition>(Object.entries({ ...NAMED, ...ANY_SCALARS[dialect] }));
  const visit = (typeName: string): void => {
    const name = definitionName(typeName);
    if (found.has(name)) return;
    const schema = schemaOf(typeName);
    found.set(name, definition(schema, dialect, descriptions));
    for (const field of schema.fields.values()) for (const inner of typesIn(field.schema)) visit(inner);
  };
  for (const typeName of typeNames) visit(typeName);
  return Object.fromEntries([...found].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function typesIn(schema: FieldSchema): string[] {
  if (schema.kind === 'list') return typesIn(schema.items);
  if (schema.kind === 'map') return typesIn(schema.values);
  return schema.kind === 'object' ? [schema.schema().name] : [];
}

function definition(schema: ObjectSchema, dialect: Dialect, descriptions: Descriptions): Definition {
  const texts = descriptions[schema.name];
  const fields = [...schema.fields.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const required = fields.filter((field) => field.required).map(({ name }) => name);
  return {
    ...(texts?.[''] !== undefined && { description: texts[''] }),
    ...(required.length > 0 && { required }),
    type: 'object',
    properties: Object.fromEntries(
      fields.map((field) => [field.name, property(schema, field, texts?.[field.name], dialect)]),
    ),
    ...(isKind(schema) && { 'x-kubernetes-group-version-kind': [groupVersionKindOf(schema.name)] }),
    ...(schema.mapType === 'atomic' && { 'x-kubernetes-map-type': 'atomic' }),
  };
}

function isKind(schema: ObjectSchema): boolean {
  const standsAlone = schema.fields.has('metadata') || schema.name === DELETE_OPTIONS_TYPE;
  return standsAlone && schema.fields.has('kind') && schema.fields.has('apiVersion');
}

function property(
  schema: ObjectSchema,
  field: FieldDefinition,
  text: string | undefined,
  dialect: Dialect,
): Definition {
  const fallback = DEFAULTS[`${schema.name}.${field.name}`];
  const shape = field.name === 'fieldsV1' ? reference(FIELDS_V1, dialect) : shapeOf(field.schema, dialect);
  const extras: Definition = {
    ...(text !== undefined && { description: text }),
    ...(fallback !== undefined && { default: fallback }),
    ...extensions(field.schema),
  };
  // In OpenAPI v3 nothing may stand beside a reference.
  const wrapped = dialect === 'v3' && '$ref' in shape && Object.keys(extras).length > 0;
  return { ...extras, ...(wrapped ? { allOf: [shape] } : shape) };
}

function shapeOf(schema: FieldSchema, dialect: Dialect): Definition {
  switch (schema.kind) {
    case 'scalar': {
      const name = NAMED_SCALARS[schema.scalar];
      return name === undefined ? (PLAIN_SCALARS[schema.scalar] ?? {}) : reference(name, dialect);
    }
    case 'list':
      return { type: 'array', items: shapeOf(schema.items, dialect) };
    case 'map':
      return { type: 'object', additionalProperties: shapeOf(schema.values, dialect) };
    case 'object':
      return reference(definitionName(schema.schema().name), dialect);
  }
}

export function reference(name: string, dialect: Dialect): Definition {
  return { $ref: dialect === 'v2' ? `#/definitions/${name}` : `#/components/schemas/${name}` };
}

function extensions(schema: FieldSchema): Definition {
  switch (schema.kind) {
    case 'list':
      return {
        ...(schema.mapKeys.length > 0 && { 'x-kubernetes-list-map-keys': schema.mapKeys }),
        ...(schema.published && { 'x-kubernetes-list-type': schema.listType }),
        ...(schema.patchMergeKey !== undefined && { 'x-kubernetes-patch-merge-key': schema.patchMergeKey }),
        ...strategy(schema.patchStrategies),
      };
    case 'map':
      return schema.published ? { 'x-kubernetes-map-type': schema.mapType } : {};
    case 'object':
      return {
        ...(schema.published && { 'x-kubernetes-map-type': schema.mapType }),
        ...strategy(schema.patchStrategies),
      };
    case 'scalar':
      return {};
  }
}

function strategy(strategies: readonly string[]): Definition {
  return strategies.length > 0 ? { 'x-kubernetes-patch-strategy': strategies.join(',') } : {};
}
