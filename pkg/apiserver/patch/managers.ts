// metadata.managedFields and back: who owns which fields. A manager is known by name, operation, subresource and, for
// updates, API version (appliers keep one entry whatever version they apply).
import type { ManagedFieldsEntry } from '../../api/schema/generated/meta.v1.gen.ts';
import { fromFieldsV1, isEmpty, toFieldsV1, union, type FieldSet } from './field-set.ts';

export interface Manager {
  readonly name: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  readonly subresource: string;
  /** RFC 3339, in seconds; of the last time that it took a field. */
  readonly time: string | undefined;
  readonly set: FieldSet;
}

/** By identity, see managerKey. */
export type Managers = Map<string, Manager>;

/** Updaters beyond this many are folded into one entry per version. */
const MAX_UPDATERS = 10;
const FOLDED_NAME = 'ancient-changes';

export function managerKey({ name, operation, apiVersion, subresource }: Omit<Manager, 'set' | 'time'>): string {
  return JSON.stringify([name, operation, operation === 'Apply' ? '' : apiVersion, subresource]);
}

/** Reads entries; undefined when one is malformed. */
export function decodeManagers(entries: readonly ManagedFieldsEntry[] | undefined): Managers | undefined {
  const managers: Managers = new Map();
  for (const entry of entries ?? []) {
    const set = entry.fieldsV1 === undefined || entry.fieldsV1 === null ? undefined : fromFieldsV1(entry.fieldsV1);
    const { operation } = entry;
    if (operation !== 'Apply' && operation !== 'Update') return undefined;
    if (entry.fieldsType !== 'FieldsV1' || set === undefined) return undefined;
    const manager: Manager = {
      name: entry.manager ?? '',
      operation,
      apiVersion: entry.apiVersion ?? '',
      subresource: entry.subresource ?? '',
      time: entry.time,
      set,
    };
    managers.set(managerKey(manager), manager);
  }
  return managers;
}

/** Entries in Kubernetes' order: appliers first, then by time, name, version and subresource; empty ones are left out. */
export function encodeManagers(managers: Managers): ManagedFieldsEntry[] {
  return [...managers.values()]
    .filter((manager) => !isEmpty(manager.set))
    .toSorted(inOrder)
    .map(({ name, operation, apiVersion, subresource, time, set }) => ({
      manager: name,
      operation,
      apiVersion,
      ...(time !== undefined && { time }),
      fieldsType: 'FieldsV1',
      fieldsV1: toFieldsV1(set),
      ...(subresource !== '' && { subresource }),
    }));
}

function inOrder(a: Manager, b: Manager): number {
  return (
    compareText(a.operation, b.operation) ||
    compareText(a.time ?? '', b.time ?? '') ||
    compareText(a.name, b.name) ||
    compareText(a.apiVersion, b.apiVersion) ||
    compareText(a.subresource, b.subresource)
  );
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** Keeps the number of updaters in bounds by folding the oldest together. */
export function foldOldUpdaters(managers: Managers): void {
  const updaters = [...managers].filter(([, manager]) => manager.operation === 'Update');
  let surplus = updaters.length - MAX_UPDATERS;
  if (surplus <= 0) return;
  updaters.sort(([, a], [, b]) => compareText(a.time ?? '', b.time ?? '') || compareText(a.name, b.name));
  const firstOf = new Map<string, string>();
  for (const [key, manager] of updaters) {
    if (surplus <= 0) return;
    const first = firstOf.get(manager.apiVersion);
    if (first === undefined) {
      firstOf.set(manager.apiVersion, key);
      continue;
    }
    const folded = { name: FOLDED_NAME, operation: 'Update', apiVersion: manager.apiVersion, subresource: '' } as const;
    const bucketKey = managerKey(folded);
    const base = managers.get(bucketKey) ?? managers.get(first);
    managers.delete(first);
    managers.delete(key);
    managers.set(bucketKey, {
      ...folded,
      time: manager.time,
      set: base === undefined ? manager.set : union(manager.set, base.set),
    });
    surplus--;
  }
}
