// The parsed form of a type's schema: what decoding, patches, server-side apply and OpenAPI read, for built-in kinds and
// for custom resources alike. Built-in types are parsed out of the generated field tables and the lists.ts files on first
// use and kept; references between types are lazy, so recursive types are no trouble.
import { lists as admissionregistrationV1 } from '../admissionregistration/v1/lists.ts';
import { lists as apiextensionsV1 } from '../apiextensions/v1/lists.ts';
import { lists as apiregistrationV1 } from '../apiregistration/v1/lists.ts';
import { lists as appsV1 } from '../apps/v1/lists.ts';
import { lists as authenticationV1 } from '../authentication/v1/lists.ts';
import { lists as authorizationV1 } from '../authorization/v1/lists.ts';
import { lists as autoscalingV1 } from '../autoscaling/v1/lists.ts';
import { lists as autoscalingV2 } from '../autoscaling/v2/lists.ts';
import { lists as batchV1 } from '../batch/v1/lists.ts';
import { lists as certificatesV1 } from '../certificates/v1/lists.ts';
import { lists as coreV1 } from '../core/v1/lists.ts';
import { lists as discoveryV1 } from '../discovery/v1/lists.ts';
import { lists as flowcontrolV1 } from '../flowcontrol/v1/lists.ts';
import { lists as metaV1 } from '../meta/lists.ts';
import { metricsFields } from '../metrics-k8s-io/v1beta1/fields.ts';
import { lists as networkingV1 } from '../networking/v1/lists.ts';
import { lists as nodeV1 } from '../node/v1/lists.ts';
import { lists as policyV1 } from '../policy/v1/lists.ts';
import { lists as rbacV1 } from '../rbac/v1/lists.ts';
import { lists as resourceV1 } from '../resource/v1/lists.ts';
import { lists as storageV1 } from '../storage-k8s-io/v1/lists.ts';
import { fields } from './generated/fields.gen.ts';
import { parseMergeRules, type MergeRule, type MergeRules, type PatchStrategy } from './merge-rules.ts';

export type Scalar =
  | 'string'
  | 'boolean'
  | 'int32'
  | 'int64'
  | 'double'
  | 'bytes'
  | 'quantity'
  | 'intOrString'
  | 'time'
  | 'microTime'
  | 'json';

export type FieldSchema =
  | { readonly kind: 'scalar'; readonly scalar: Scalar }
  | {
      readonly kind: 'list';
      readonly items: FieldSchema;
      readonly listType: 'atomic' | 'set' | 'map';
      /** Whether Kubernetes publishes the list type (`x-kubernetes-list-type`); otherwise it is the default. */
      readonly published: boolean;
      readonly mapKeys: readonly string[];
      readonly patchStrategies: readonly PatchStrategy[];
      readonly patchMergeKey?: string;
    }
  | {
      readonly kind: 'map';
      readonly values: FieldSchema;
      readonly mapType: 'granular' | 'atomic';
      readonly published: boolean;
    }
  | {
      readonly kind: 'object';
      readonly schema: () => ObjectSchema;
      /** Of this field, which wins over the type's own. */
      readonly mapType: 'granular' | 'atomic';
      readonly published: boolean;
      readonly patchStrategies: readonly PatchStrategy[];
    };

export interface FieldDefinition {
  readonly name: string;
  readonly required: boolean;
  readonly schema: FieldSchema;
}

export interface ObjectSchema {
  /** `core.v1.Pod`. */
  readonly name: string;
  readonly fields: ReadonlyMap<string, FieldDefinition>;
  readonly mapType: 'granular' | 'atomic';
}

const RULES: Readonly<Record<string, MergeRules>> = {
  'admissionregistration.v1': admissionregistrationV1,
  'apiextensions.v1': apiextensionsV1,
  'apiregistration.v1': apiregistrationV1,
  'apps.v1': appsV1,
  'authentication.v1': authenticationV1,
  'authorization.v1': authorizationV1,
  'autoscaling.v1': autoscalingV1,
  'autoscaling.v2': autoscalingV2,
  'batch.v1': batchV1,
  'certificates.v1': certificatesV1,
  'core.v1': coreV1,
  'discovery.v1': discoveryV1,
  'flowcontrol.v1': flowcontrolV1,
  'meta.v1': metaV1,
  'networking.v1': networkingV1,
  'node.v1': nodeV1,
  'policy.v1': policyV1,
  'rbac.v1': rbacV1,
  'resource.v1': resourceV1,
  'storage.v1': storageV1,
};

const SCALARS: ReadonlySet<string> = new Set<Scalar>([
  'string',
  'boolean',
  'int32',
  'int64',
  'double',
  'bytes',
  'quantity',
  'intOrString',
  'time',
  'microTime',
  'json',
]);

const NO_RULE: MergeRule = { mapKeys: [], patchStrategies: [] };
const cache = new Map<string, ObjectSchema>();

/** The schema of a built-in type such as `core.v1.PodSpec`; throws for a name that no table has. */
export function schemaOf(typeName: string): ObjectSchema {
  const known = cache.get(typeName);
  if (known !== undefined) return known;
  const table = fields[typeName] ?? metricsFields[typeName];
  if (table === undefined) throw new Error(`no such type: ${typeName}`);
  const rules = rulesOf(typeName);
  const parsed = new Map<string, FieldDefinition>();
  for (const [name, cell] of Object.entries(table)) {
    const required = cell.endsWith('!');
    const schema = fieldSchema(required ? cell.slice(0, -1) : cell, rules?.get(name) ?? NO_RULE);
    parsed.set(name, { name, required, schema });
  }
  const schema: ObjectSchema = { name: typeName, fields: parsed, mapType: rules?.get('*')?.mapType ?? 'granular' };
  cache.set(typeName, schema);
  return schema;
}

/** Whether there is a built-in kind of this name, or a list of them, in this group and version. */
export function isBuiltIn(apiVersion: string, kind: string): boolean {
  const [version = '', group] = apiVersion.split('/').toReversed();
  const prefix = `${group === undefined ? 'core' : group.split('.')[0]}.${version}`;
  if (kind === 'List' && apiVersion === 'v1') return true;
  return [`${prefix}.${kind}`, `${prefix}.${kind.replace(/List$/, '')}`, `meta.v1.${kind}`].some(
    (name) => fields[name]?.['kind'] !== undefined,
  );
}

function rulesOf(typeName: string): Map<string, MergeRule> | undefined {
  const dot = typeName.lastIndexOf('.');
  const text = RULES[typeName.slice(0, dot)]?.[typeName.slice(dot + 1)];
  return text === undefined ? undefined : parseMergeRules(text);
}

function fieldSchema(type: string, rule: MergeRule): FieldSchema {
  if (type.startsWith('[]')) {
    return {
      kind: 'list',
      items: fieldSchema(type.slice(2), NO_RULE),
      listType: rule.listType ?? 'atomic',
      published: rule.listType !== undefined,
      mapKeys: rule.mapKeys,
      patchStrategies: rule.patchStrategies,
      ...(rule.patchMergeKey !== undefined && { patchMergeKey: rule.patchMergeKey }),
    };
  }
  if (type.startsWith('{}')) {
    return {
      kind: 'map',
      values: fieldSchema(type.slice(2), NO_RULE),
      mapType: rule.mapType ?? 'granular',
      published: rule.mapType !== undefined,
    };
  }
  if (isScalar(type)) return { kind: 'scalar', scalar: type };
  return {
    kind: 'object',
    schema: () => schemaOf(type),
    mapType: rule.mapType ?? typeMapType(type),
    published: rule.mapType !== undefined,
    patchStrategies: rule.patchStrategies,
  };
}

/** Reads only the rule table, so that a type which refers to itself does not need itself to be parsed. */
function typeMapType(typeName: string): 'granular' | 'atomic' {
  return rulesOf(typeName)?.get('*')?.mapType ?? 'granular';
}

function isScalar(type: string): type is Scalar {
  return SCALARS.has(type);
}
