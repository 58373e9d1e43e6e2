// Keeps metadata.managedFields on creates, updates and patches: whoever changes a field owns it from then on, alone.
// Rules: k8s.io/apimachinery/pkg/util/managedfields. Server-side apply itself is in apply.ts.
import { formatTime } from '../../api/meta/time.ts';
import type { ManagedFieldsEntry } from '../../api/schema/generated/meta.v1.gen.ts';
import type { ObjectSchema } from '../../api/schema/object-schema.ts';
import type { KubeObject } from '../../api/schema/resource-type.ts';
import { compare, ignoring, type Comparison } from './compare.ts';
import { createdFields } from './created-fields.ts';
import { CreatedShapes } from './created-shapes.ts';
import { difference, intersection, isEmpty, union, type FieldSet } from './field-set.ts';
import { isEqual } from '../../api/patch/json-patch.ts';
import {
  decodeManagers,
  encodeManagers,
  foldOldUpdaters,
  managerKey,
  type Manager,
  type Managers,
} from './managers.ts';
import { resetFieldsOf, SERVER_FIELDS } from './reset-fields.ts';
import { rootSchema } from './schema-steps.ts';

const shapes = new CreatedShapes();

export interface TrackOptions {
  readonly schema: ObjectSchema;
  /** Of the request: `apps/v1`. */
  readonly apiVersion: string;
  /** Undefined: `next` is new. */
  readonly live: KubeObject | undefined;
  /** As decoded and defaulted, before admission. Its managedFields may have been sent by the client. */
  readonly next: KubeObject;
  /** Empty: `unknown`. */
  readonly manager: string;
  readonly operation: 'Update';
  readonly subresource: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Sets `next.metadata.managedFields`. */
export function trackManagedFields(options: TrackOptions): void {
  const { live, next } = options;
  const entries = next.metadata.managedFields;
  if (live === undefined && (entries === undefined || entries.length === 0)) {
    trackCreate(options);
    return;
  }
  const managers = managersToStartFrom(options);
  if (live !== undefined && managers.size === 0) {
    // Somebody cleared them: they stay away until the next apply.
    setManagedFields(next, []);
    return;
  }
  setManagedFields(next, keepTimes(updateManagers(managers, options), live, next));
}

function trackCreate({ schema, apiVersion, next, manager, subresource, now }: TrackOptions): void {
  const compute = () => {
    const fields = createdFields(schema, { ...next }, [SERVER_FIELDS, resetFieldsOf(schema, subresource)]);
    delete fields['.'];
    return fields;
  };
  const fields = subresource === '' ? shapes.fieldsOf(schema, next, compute) : compute();
  if (Object.keys(fields).length === 0) {
    setManagedFields(next, []);
    return;
  }
  setManagedFields(next, [
    {
      manager: manager === '' ? 'unknown' : manager,
      operation: 'Update',
      apiVersion,
      time: formatTime(now),
      fieldsType: 'FieldsV1',
      fieldsV1: fields,
      ...(subresource !== '' && { subresource }),
    },
  ]);
}

/** What the client sent counts, unless it is nothing or nonsense; one empty entry means "forget all". */
function managersToStartFrom({ live, next, subresource }: TrackOptions): Managers {
  const kept = (): Managers => decodeManagers(live?.metadata.managedFields) ?? new Map();
  const sent = next.metadata.managedFields;
  if (subresource !== '' || sent === undefined || sent.length === 0) return kept();
  const [first] = sent;
  if (sent.length === 1 && first !== undefined && Object.keys(first).length === 0) return new Map();
  const decoded = decodeManagers(sent);
  return decoded === undefined || decoded.size === 0 ? kept() : decoded;
}

/** The managers after the change from `live` to `next`. */
export function updateManagers(managers: Managers, options: TrackOptions): Managers {
  const { schema, apiVersion, live, next, manager, operation, subresource, now } = options;
  const root = rootSchema(schema);
  const change = ignoring(compare(root, ...differingParts(live ?? {}, next)), resetFieldsOf(schema, subresource));
  const after = takeFromOthers(managers, change, undefined);
  const gained = difference(union(change.modified, change.added), SERVER_FIELDS);
  if (!isEmpty(gained)) {
    const identity = { name: manager === '' ? 'unknown' : manager, operation, apiVersion, subresource };
    const key = managerKey(identity);
    const previous = after.get(key);
    const set = previous === undefined ? gained : union(gained, previous.set);
    after.set(key, { ...identity, time: formatTime(now), set });
  }
  foldOldUpdaters(after);
  return after;
}

/** Both objects without the parts that are equal, which is told much faster than how they differ. */
function differingParts(before: Partial<KubeObject>, after: KubeObject): [object, object] {
  const [a, b] = [
    new Map(Object.entries(withoutBookkeeping(before))),
    new Map(Object.entries(withoutBookkeeping(after))),
  ];
  for (const [key, value] of a) {
    if (!b.has(key) || !isEqual(value, b.get(key))) continue;
    a.delete(key);
    b.delete(key);
  }
  return [Object.fromEntries(a), Object.fromEntries(b)];
}

/** Fields that changed or went away are no longer owned by any manager but `except`. */
export function takeFromOthers(managers: Managers, change: Comparison, except: string | undefined): Managers {
  const touched = union(change.modified, change.added);
  const after: Managers = new Map();
  for (const [key, manager] of managers) {
    const set = key === except ? manager.set : difference(difference(manager.set, touched), change.removed);
    if (!isEmpty(set)) after.set(key, set === manager.set ? manager : { ...manager, set });
  }
  return after;
}

/** Of each manager but `except`, the fields that the change would take from it. */
export function conflictsWith(
  managers: Managers,
  change: Comparison,
  except: string,
): { manager: Manager; set: FieldSet }[] {
  const touched = union(change.modified, change.added);
  return [...managers]
    .filter(([key]) => key !== except)
    .map(([, manager]) => ({ manager, set: intersection(manager.set, touched) }))
    .filter(({ set }) => !isEmpty(set));
}

/**
 * When nothing but times would change, the times stay too, so that a write without effect is one. `entries` are the new
 * object's.
 */
export function keepTimes(managers: Managers, live: KubeObject | undefined, next: KubeObject): ManagedFieldsEntry[] {
  const entries = encodeManagers(managers);
  const before = live?.metadata.managedFields ?? [];
  if (live === undefined || before.length !== entries.length) return entries;
  const sameButTimes = entries.every((entry) => before.some((old) => sameOwnership(entry, old)));
  return sameButTimes && isEqual(withoutBookkeeping(live), withoutBookkeeping(next)) ? [...before] : entries;
}

function sameOwnership(a: ManagedFieldsEntry, b: ManagedFieldsEntry): boolean {
  return (
    a.manager === b.manager &&
    a.operation === b.operation &&
    a.apiVersion === b.apiVersion &&
    a.subresource === b.subresource &&
    isEqual(a.fieldsV1, b.fieldsV1)
  );
}

export function setManagedFields(object: KubeObject, entries: ManagedFieldsEntry[]): void {
  if (entries.length > 0) object.metadata.managedFields = entries;
  else delete object.metadata.managedFields;
}

/** Without the ownership entries themselves, which are no part of what they describe. */
export function withoutBookkeeping(object: Partial<KubeObject>): object {
  if (object.metadata === undefined) return object;
  const { managedFields: _managedFields, ...metadata } = object.metadata;
  return { ...object, metadata };
}
