// Server-side apply: merges what a manager applies into the live object, takes away what it applied before and no longer
// does (unless somebody else owns it), and refuses to change what others own unless forced. Semantics and texts:
// sigs.k8s.io/structured-merge-diff and k8s.io/apimachinery/pkg/util/managedfields.
import { ApiError, type StatusCause } from '../../api/meta/status.ts';
import { formatTime } from '../../api/meta/time.ts';
import { decodeValue } from '../../api/schema/decode.ts';
import { withinDepth } from '../../api/schema/decode-depth.ts';
import { isRecord } from '../../api/schema/decode-walk.ts';
import type { KindDefinition } from '../../api/schema/kind.ts';
import { schemaOf, type FieldSchema } from '../../api/schema/object-schema.ts';
import { apiVersionOf, type KubeObject } from '../../api/schema/resource-type.ts';
import { appliedFaults, joinFaults } from './applied-faults.ts';
import { compare, ignoring, toFieldSet } from './compare.ts';
import {
  difference,
  EMPTY,
  intersection,
  isEmpty,
  pathsOf,
  printPath,
  recursiveDifference,
  union,
  withNamedFields,
  type FieldSet,
} from './field-set.ts';
import { isEqual } from '../../api/patch/json-patch.ts';
import { fieldsOfLastApplied, KUBECTL, refreshLastApplied } from './last-applied.ts';
import {
  conflictsWith,
  keepTimes,
  setManagedFields,
  takeFromOthers,
  updateManagers,
  withoutBookkeeping,
} from './managed-fields.ts';
import { decodeManagers, managerKey, type Manager, type Managers } from './managers.ts';
import { badPatch, untranslated } from '../../api/patch/patch-errors.ts';
import { resetFieldsOf, SERVER_FIELDS } from './reset-fields.ts';
import { rootSchema } from './schema-steps.ts';
import { mergeTyped, removeFields } from './typed-merge.ts';

/** What an apply must know of the kind. */
export interface AppliedKind extends Pick<KindDefinition, 'schema' | 'setDefaults'> {
  readonly type: Pick<KindDefinition['type'], 'group' | 'version' | 'kind'>;
}

export interface ApplyOptions {
  readonly kind: AppliedKind;
  /** Undefined: the apply creates the object. */
  readonly live: KubeObject | undefined;
  /** The parsed body. */
  readonly applied: unknown;
  readonly manager: string;
  readonly force: boolean;
  /** Empty: the object itself. */
  readonly subresource: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export interface Applied {
  /** Decoded, with defaults and managedFields; not yet through admission and the kind's strategy. */
  readonly object: KubeObject;
  /** False: nothing differs from the live object, so there is nothing to write. */
  readonly changed: boolean;
}

/** Owner of what stood in an object before anybody applied to it and after its managedFields were cleared. */
const BEFORE_FIRST_APPLY = 'before-first-apply';

/** Throws an ApiError: 409 with one cause per conflict, 400 or 500 for a configuration that is not acceptable. */
export function applyServerSide(options: ApplyOptions): Applied {
  return withinDepth(() => applied(options));
}

function applied(options: ApplyOptions): Applied {
  const { kind, live, manager, subresource } = options;
  const objectSchema = schemaOf(kind.schema);
  const schema = rootSchema(objectSchema);
  const apiVersion = apiVersionOf(kind.type);
  const configuration = checkedConfiguration(options, schema, apiVersion);
  const base: KubeObject = live ?? { kind: kind.type.kind, apiVersion, metadata: emptyMetadata() };
  const managers = managersBefore(options, base, apiVersion);
  const identity = { name: manager, operation: 'Apply', apiVersion, subresource } as const;
  const work: Work = {
    options,
    schema,
    base,
    applied: configuration,
    managers,
    identity,
    ignored: resetFieldsOf(objectSchema, subresource),
  };
  const outcome = settle(work);
  const object = finished(work, outcome.merged);
  if (manager === KUBECTL) refreshLastApplied(object, configuration);
  setManagedFields(object, keepTimes(outcome.managers, live, object));
  return { object, changed: live === undefined || !isEqual(live, object) };
}

interface Work {
  readonly options: ApplyOptions;
  readonly schema: FieldSchema;
  readonly base: KubeObject;
  readonly applied: Record<string, unknown>;
  readonly managers: Managers;
  readonly identity: Omit<Manager, 'set' | 'time'>;
  readonly ignored: FieldSet;
}

interface Outcome {
  readonly merged: unknown;
  readonly managers: Managers;
}

interface Conflict {
  readonly manager: Manager;
  readonly path: readonly string[];
}

/** The merge, or the conflicts as an error; conflicts with kubectl's own earlier applies are none. */
function settle(work: Work): Outcome {
  const { options, schema, base } = work;
  const attempt = mergeAndOwn(work, options.force);
  if (attempt.conflicts.length === 0) return attempt;
  const own = options.manager === KUBECTL ? fieldsOfLastApplied(schema, base) : undefined;
  const remaining = attempt.conflicts.filter(({ path }) => own === undefined || !hasPath(own, path));
  if (remaining.length > 0) throw conflictError(remaining);
  return mergeAndOwn(work, true);
}

function mergeAndOwn(work: Work, force: boolean): Outcome & { readonly conflicts: readonly Conflict[] } {
  const { options, schema, base, applied, managers, identity, ignored } = work;
  const key = managerKey(identity);
  const live = withoutBookkeeping(base);
  const last = managers.get(key)?.set ?? EMPTY;
  const set = recursiveDifference(toFieldSet(schema, applied), ignored);
  const claimed: Managers = new Map(managers);
  claimed.set(key, { ...identity, time: formatTime(options.now), set });
  // Only what was applied last time and is not now can be too much.
  const surplus = !isEmpty(difference(last, set));
  const whole = mergeTyped(schema, live, applied);
  const merged = surplus ? prune(schema, whole, last, claimed) : whole;
  const change = ignoring(compare(schema, live, merged), ignored);
  if (!force) {
    const conflicts = conflictsWith(claimed, change, key).flatMap(({ manager, set: taken }) =>
      [...pathsOf(taken)].map((path) => ({ manager, path })),
    );
    if (conflicts.length > 0) return { merged, managers: claimed, conflicts };
  }
  const after = takeFromOthers(claimed, change, key);
  const mine = difference(set, SERVER_FIELDS);
  if (isEmpty(mine)) after.delete(key);
  else after.set(key, { ...identity, time: formatTime(options.now), set: mine });
  return { merged, managers: after, conflicts: [] };
}

/**
 * Takes out what the manager applied last time and does not apply now, then puts back what any manager owns and what the
 * manager never owned.
 */
function prune(schema: FieldSchema, merged: unknown, last: FieldSet, managers: Managers): unknown {
  const lastNamed = withNamedFields(last, schema);
  let owned = EMPTY;
  for (const manager of managers.values()) owned = union(owned, manager.set);
  const mergedSet = withNamedFields(toFieldSet(schema, merged), schema);
  const withoutLast = removeFields(schema, merged, lastNamed);
  const stillThere = withNamedFields(toFieldSet(schema, withoutLast), schema);
  const keep = union(stillThere, withNamedFields(owned, schema));
  const pruned = removeFields(schema, merged, difference(mergedSet, keep));
  const prunedSet = withNamedFields(toFieldSet(schema, pruned), schema);
  return removeFields(schema, merged, intersection(difference(mergedSet, prunedSet), lastNamed));
}

/** Who owned what before; an object without owners gets one for all that is in it. */
function managersBefore(
  { kind, live, subresource, now }: ApplyOptions,
  base: KubeObject,
  apiVersion: string,
): Managers {
  const managers = decodeManagers(base.metadata.managedFields) ?? new Map();
  if (managers.size > 0 || live === undefined) return managers;
  return updateManagers(new Map(), {
    schema: schemaOf(kind.schema),
    apiVersion,
    live: { kind: live.kind, apiVersion: live.apiVersion, metadata: emptyMetadata() },
    next: live,
    manager: BEFORE_FIRST_APPLY,
    operation: 'Update',
    subresource,
    now,
  });
}

function checkedConfiguration(
  { kind, applied }: ApplyOptions,
  schema: FieldSchema,
  apiVersion: string,
): Record<string, unknown> {
  if (!isRecord(applied)) {
    throw badPatch(
      'error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ' +
        `${Array.isArray(applied) ? 'array' : typeof applied} into Go value of type map[string]interface {}`,
    );
  }
  const given = { kind: textOf(applied['kind']), apiVersion: textOf(applied['apiVersion']) };
  const groupVersionKind = goGroupVersionKind(given.apiVersion, given.kind);
  if (given.kind !== kind.type.kind || given.apiVersion !== apiVersion) {
    throw badPatch(`invalid object type: ${groupVersionKind}`);
  }
  const metadata = isRecord(applied['metadata']) ? applied['metadata'] : {};
  if (metadata['managedFields'] !== undefined && metadata['managedFields'] !== null) {
    throw badPatch('metadata.managedFields must be nil');
  }
  const faults = appliedFaults(schema, applied);
  if (faults.length > 0) {
    const name = `${textOf(metadata['namespace'])}/${textOf(metadata['name'])}`;
    throw untranslated(`failed to create typed patch object (${name}; ${groupVersionKind}): ${joinFaults(faults)}`);
  }
  return applied;
}

/** `apps/v1, Kind=Deployment`, and `/v1, Kind=Pod` for the core group. */
function goGroupVersionKind(apiVersion: string, kind: string): string {
  return `${apiVersion.includes('/') ? apiVersion : `/${apiVersion}`}, Kind=${kind}`;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** What was merged, read as the kind and with its defaults. */
function finished({ options }: Work, merged: unknown): KubeObject {
  const { kind } = options;
  const { object } = decodeValue(merged, {
    schema: schemaOf(kind.schema),
    groupVersionKind: kind.type,
    fieldValidation: 'Ignore',
  });
  const own = structuredClone(object);
  kind.setDefaults(own);
  return own;
}

function hasPath(set: FieldSet, path: readonly string[]): boolean {
  let at: FieldSet | undefined = set;
  for (const element of path) at = at?.children.get(element);
  return at?.member === true;
}

/** Of an object that does not exist yet. The type says what every stored object has; this one has nothing. */
function emptyMetadata(): KubeObject['metadata'] {
  return {} as KubeObject['metadata'];
}

function conflictError(conflicts: readonly Conflict[]): ApiError {
  const causes: StatusCause[] = conflicts.map(({ manager, path }) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with ${printManager(manager)}`,
    field: printPath(path),
  }));
  const [first] = conflicts;
  if (conflicts.length === 1 && first !== undefined) {
    const message = `Apply failed with 1 conflict: conflict with ${printManager(first.manager)}: ${printPath(first.path)}`;
    return new ApiError('Conflict', message, { details: { causes } });
  }
  const byManager = Map.groupBy(conflicts, ({ manager }) => printManager(manager));
  const lines = [...byManager]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([manager, list]) => [`conflicts with ${manager}:`, ...list.map(({ path }) => `- ${printPath(path)}`)]);
  return new ApiError('Conflict', `Apply failed with ${conflicts.length} conflicts: ${lines.join('\n')}`, {
    details: { causes },
  });
}

function printManager({ name, operation, apiVersion, subresource }: Manager): string {
  const named =
    subresource === ''
      ? JSON.stringify(name)
      : `${JSON.stringify(name)} with subresource ${JSON.stringify(subresource)}`;
  return operation === 'Update' ? `${named} using ${apiVersion}` : named;
}
