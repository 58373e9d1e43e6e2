// Builds a KindDefinition out of what is particular to a kind; everything left out behaves as most kinds of Kubernetes do:
// all verbs, a DNS subdomain as name, status owned by its subresource, generation counting changes of the spec, columns
// Name and Age.
import { isDeepStrictEqual } from 'node:util';
import { subdomainName, type NameRule } from '../meta/names.ts';
import { age, columns } from './columns.ts';
import type { Column, KindDefinition, StrategyContext, SubresourceDefinition, Verb } from './kind.ts';
import { dropZeroValues } from './zero-values.ts';
import { apiVersionOf, type KubeObject, type ResourceType } from './resource-type.ts';

export const ALL_VERBS: readonly Verb[] = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
];

/** What a kind may say of itself; the rest of KindDefinition is derived. */
export interface KindParts<T extends KubeObject> {
  type: ResourceType<T>;
  /** Group, version of the type's table when they are not `core.v1`-like: `rbac.v1.Role`. */
  schema: string;
  singular?: string;
  shortNames?: readonly string[];
  categories?: readonly string[];
  verbs?: readonly Verb[];
  /** Adds `/status`, and keeps status and the rest apart. */
  hasStatus?: boolean;
  /** Whether a create may bring a status along (Nodes only). */
  keepsStatusOnCreate?: boolean;
  subresources?: readonly SubresourceDefinition[];
  columns?: readonly Column<T>[];
  /** What fieldSelector may name, with how it is read; absent values are the empty string. */
  selectableFields?: Readonly<Record<string, (object: T) => string | undefined>>;
  nameRule?: NameRule;
  /** Whether metadata.generation counts changes of `spec` (or of what `generationOf` answers). */
  generation?: boolean;
  /** What a change of must count as a new generation; the spec unless said otherwise. */
  generationOf?: (object: T) => unknown;
  setDefaults?: KindDefinition<T>['setDefaults'];
  /** Runs after the general preparation. */
  prepareForCreate?: KindDefinition<T>['prepareForCreate'];
  /** Runs before the generation is counted. */
  prepareForUpdate?: KindDefinition<T>['prepareForUpdate'];
  prepareForStatusUpdate?: KindDefinition<T>['prepareForStatusUpdate'];
  validate?: KindDefinition<T>['validate'];
  validateUpdate?: KindDefinition<T>['validateUpdate'];
  validateStatusUpdate?: KindDefinition<T>['validateStatusUpdate'];
  deprecation?: string;
  warnings?: KindDefinition<T>['warnings'];
  createOnUpdate?: boolean;
  unconditionalUpdate?: boolean;
  gracefulDeletion?: KindDefinition<T>['gracefulDeletion'];
  defaultPropagation?: 'background' | 'orphan';
  scale?: KindDefinition<T>['scale'];
  storage?: KindDefinition<T>['storage'];
  returnsDeletedObject?: boolean;
  rowConditions?: KindDefinition<T>['rowConditions'];
}

export function defineKind<T extends KubeObject>(parts: KindParts<T>): KindDefinition<T> {
  const { type } = parts;
  const hasStatus = parts.hasStatus ?? false;
  const fieldReaders = Object.entries(parts.selectableFields ?? {});
  const generationOf = parts.generationOf ?? specOf;
  return {
    type,
    schema: parts.schema,
    listKind: `${type.kind}List`,
    singular: parts.singular ?? type.kind.toLowerCase(),
    shortNames: parts.shortNames ?? [],
    categories: parts.categories ?? [],
    verbs: parts.verbs ?? ALL_VERBS,
    subresources: [...(parts.subresources ?? []), ...(hasStatus ? [statusOf(type)] : [])],
    columns: parts.columns ?? columns<T>(age()),
    selectableFields: (object) => readFields(fieldReaders, object),
    validateName: parts.nameRule ?? subdomainName,
    setDefaults(object: T): void {
      dropZeroValues(object, parts.schema);
      parts.setDefaults?.(object);
    },
    prepareForCreate(object: T, context: StrategyContext): void {
      if (hasStatus && !parts.keepsStatusOnCreate) dropStatus(object);
      if (parts.generation) object.metadata.generation = 1;
      parts.prepareForCreate?.(object, context);
    },
    prepareForUpdate(object: T, old: T, context: StrategyContext): void {
      if (hasStatus) copyStatus(object, old);
      parts.prepareForUpdate?.(object, old, context);
      if (!parts.generation) return;
      const before = old.metadata.generation ?? 0;
      const changed = !isDeepStrictEqual(generationOf(object), generationOf(old));
      const generation = changed ? before + 1 : before;
      if (generation > 0) object.metadata.generation = generation;
      else delete object.metadata.generation;
    },
    prepareForStatusUpdate(object: T, old: T, context: StrategyContext): void {
      copySpec(object, old);
      if (old.metadata.generation !== undefined) object.metadata.generation = old.metadata.generation;
      parts.prepareForStatusUpdate?.(object, old, context);
    },
    validate: parts.validate ?? noFaults,
    validateUpdate: parts.validateUpdate ?? ((object) => parts.validate?.(object) ?? []),
    validateStatusUpdate: parts.validateStatusUpdate ?? noFaults,
    warnings: parts.warnings ?? (() => []),
    createOnUpdate: parts.createOnUpdate ?? false,
    unconditionalUpdate: parts.unconditionalUpdate ?? true,
    defaultPropagation: parts.defaultPropagation ?? 'background',
    ...(parts.deprecation !== undefined && { deprecation: parts.deprecation }),
    ...(parts.gracefulDeletion !== undefined && { gracefulDeletion: parts.gracefulDeletion }),
    ...(parts.scale !== undefined && { scale: parts.scale }),
    fieldLabels: fieldReaders.map(([label]) => label),
    ...(parts.storage !== undefined && { storage: parts.storage }),
    ...(parts.rowConditions !== undefined && { rowConditions: parts.rowConditions }),
    returnsDeletedObject: parts.returnsDeletedObject ?? false,
  };
}

/** A subresource whose bodies are of the given `group/version Kind`. */
export function subresource(name: string, apiVersion: string, kind: string, ...verbs: string[]): SubresourceDefinition {
  const slash = apiVersion.indexOf('/');
  return {
    name,
    kind: { group: slash < 0 ? '' : apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1), kind },
    verbs,
  };
}

export const SCALE = subresource('scale', 'autoscaling/v1', 'Scale', 'get', 'patch', 'update');

function statusOf(type: ResourceType<KubeObject>): SubresourceDefinition {
  return subresource('status', apiVersionOf(type), type.kind, 'get', 'patch', 'update');
}

function readFields<T>(
  readers: readonly (readonly [string, (object: T) => string | undefined])[],
  object: T,
): Record<string, string> {
  return Object.fromEntries(readers.map(([label, read]) => [label, read(object) ?? '']));
}

interface WithSpec extends KubeObject {
  spec?: unknown;
  status?: unknown;
}

function specOf(object: WithSpec): unknown {
  return object.spec;
}

function dropStatus(object: WithSpec): void {
  if (object.status !== undefined) object.status = {};
}

function copyStatus(object: WithSpec, old: WithSpec): void {
  if (old.status === undefined) delete object.status;
  else object.status = old.status;
}

function copySpec(object: WithSpec, old: WithSpec): void {
  if (old.spec === undefined) delete object.spec;
  else object.spec = old.spec;
}

function noFaults(): [] {
  return [];
}
