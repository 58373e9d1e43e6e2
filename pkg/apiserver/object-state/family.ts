// Metrics that tell the state of objects, named and labelled as kube-state-metrics does: each family is a pure function from
// an object to its samples.
import { milliValue, wholeValue } from '../../api/meta/quantity.ts';
import { instantOf } from '../../api/meta/time.ts';
import type { KubeObject } from '../../api/schema/resource-type.ts';
import type { Sample } from '../../metrics/exposition.ts';

export interface StateFamily<T extends KubeObject> {
  readonly name: string;
  readonly type: 'gauge' | 'counter';
  readonly help: string;
  samples(object: T): readonly Sample[];
}

export type Labels = Readonly<Record<string, string>>;

/** All families of one resource. */
export interface StateOf<T extends KubeObject> {
  /** `/registry/<group or core>/<resource>/` */
  readonly prefix: string;
  readonly families: readonly StateFamily<T>[];
}

export function gauge<T extends KubeObject>(
  name: string,
  help: string,
  samples: (object: T) => readonly Sample[],
): StateFamily<T> {
  return { name, type: 'gauge', help, samples };
}

/** One sample per object; none where the value is not there. */
export function value<T extends KubeObject>(
  name: string,
  help: string,
  identity: (object: T) => Labels,
  read: (object: T) => number | undefined,
): StateFamily<T> {
  return gauge(name, help, (object) => {
    const found = read(object);
    return found === undefined ? [] : [{ labels: identity(object), value: found }];
  });
}

/** One sample per object that is always 1 and speaks by its labels. */
export function info<T extends KubeObject>(name: string, help: string, labels: (object: T) => Labels): StateFamily<T> {
  return gauge(name, help, (object) => [{ labels: labels(object), value: 1 }]);
}

/** One sample for each of `values`, 1 for the present one. */
export function oneOf(labels: Labels, label: string, values: readonly string[], present: string): Sample[] {
  return values.map((each) => ({ labels: { ...labels, [label]: each }, value: Number(each === present) }));
}

export interface ConditionLike {
  readonly type: string;
  readonly status: string;
}

const STATUSES = [
  ['True', 'true'],
  ['False', 'false'],
  ['Unknown', 'unknown'],
] as const;

/** Each condition three times, 1 for the status that it has. */
export function conditionSamples(labels: Labels, conditions: readonly ConditionLike[] = []): Sample[] {
  return conditions.flatMap((condition) =>
    STATUSES.map(([status, label]) => ({
      labels: { ...labels, condition: condition.type, status: label },
      value: Number(condition.status === status),
    })),
  );
}

/** Amounts of resources with their unit; what is no quantity is left out. */
export function amountSamples(labels: Labels, amounts: Readonly<Record<string, string>> | undefined): Sample[] {
  return Object.entries(amounts ?? {}).flatMap(([resource, text]) => {
    const amount = resource === 'cpu' ? milliValue(text) / 1000 : wholeValue(text);
    if (Number.isNaN(amount)) return [];
    return [
      {
        labels: { ...labels, resource: resource.replaceAll(/[^a-zA-Z0-9_]/g, '_'), unit: unitOf(resource) },
        value: amount,
      },
    ];
  });
}

function unitOf(resource: string): string {
  if (resource === 'cpu') return 'core';
  return resource === 'memory' || /storage|hugepages/.test(resource) ? 'byte' : 'integer';
}

/** Seconds since the epoch. */
export function seconds(time: string | undefined): number | undefined {
  const instant = instantOf(time);
  return instant === undefined ? undefined : instant / 1000;
}

export function ownersOf(object: KubeObject): readonly { kind: string; name: string; controller: string }[] {
  const owners = object.metadata.ownerReferences ?? [];
  if (owners.length === 0) return [{ kind: '', name: '', controller: '' }];
  return owners.map(({ kind, name, controller }) => ({ kind, name, controller: String(controller === true) }));
}
