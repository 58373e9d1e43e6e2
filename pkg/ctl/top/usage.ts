// CPU, memory and swap that nodes and pods use, as numbers: read out of metrics.k8s.io, added up and ordered. Pure.
import { parseQuantity } from '../../api/meta/quantity.ts';
import type { JsonObject } from '../../api/schema/json.ts';
import { compareBytes, nameOf, namespaceOf, object, objects, text } from '../objects/access.ts';

export const MEASURED = ['cpu', 'memory', 'swap'] as const;
export type Measure = (typeof MEASURED)[number];

/** Billionths of a core or of a byte, so that sums are exact. */
export type Usage = Readonly<Record<Measure, bigint>>;

export interface Measured {
  readonly namespace: string;
  readonly name: string;
  readonly usage: Usage;
  /** Of a pod. */
  readonly containers: readonly Measured[];
}

export type SortBy = '' | 'cpu' | 'memory';

const NOTHING: Usage = { cpu: 0n, memory: 0n, swap: 0n };

/** Out of a resource list; what is not in it, or is no quantity, counts as nothing. */
export function usageOf(resources: JsonObject): Usage {
  const read = (name: Measure) => {
    const parsed = parseQuantity(text(resources, name));
    return parsed.ok ? parsed.quantity.nanos : 0n;
  };
  return { cpu: read('cpu'), memory: read('memory'), swap: read('swap') };
}

export function sumOf(usages: readonly Usage[]): Usage {
  return usages.reduce(
    (sum, usage) => ({ cpu: sum.cpu + usage.cpu, memory: sum.memory + usage.memory, swap: sum.swap + usage.swap }),
    NOTHING,
  );
}

export function nodeUsage(metrics: JsonObject): Measured {
  return { namespace: '', name: nameOf(metrics), usage: usageOf(object(metrics, 'usage')), containers: [] };
}

export function podUsage(metrics: JsonObject): Measured {
  const containers = objects(metrics, 'containers').map((container): Measured => ({
    namespace: '',
    name: text(container, 'name'),
    usage: usageOf(object(container, 'usage')),
    containers: [],
  }));
  const usage = sumOf(containers.map((container) => container.usage));
  return { namespace: namespaceOf(metrics), name: nameOf(metrics), usage, containers };
}

/** By name, or who uses most first. */
export function inOrder(measured: readonly Measured[], by: SortBy): Measured[] {
  if (by !== '') return measured.toSorted((left, right) => Number(right.usage[by] - left.usage[by]));
  return measured.toSorted(
    (left, right) => compareBytes(left.namespace, right.namespace) || compareBytes(left.name, right.name),
  );
}
