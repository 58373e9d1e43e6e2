// The tables of `top`: every cell is closed, as kubectl prints them, so that lines end in spaces. Pure.
import { alignCells } from '../printers/tab-writer.ts';
import { inOrder, sumOf, type Measure, type Measured, type SortBy, type Usage } from './usage.ts';

export interface TableShape {
  readonly headers: boolean;
  readonly swap: boolean;
  readonly sortBy: SortBy;
}

const UNKNOWN = '<unknown>';
const NANOS_A_MILLI = 1_000_000n;
const NANOS = 1_000_000_000n;
const MIB = 1024n * 1024n;

/** Rounded up, as Kubernetes reckons quantities. */
function inUnits(nanos: bigint, unit: bigint): bigint {
  return (nanos + unit - 1n) / unit;
}

function amount(usage: Usage, measure: Measure): string {
  if (measure === 'cpu') return `${inUnits(usage.cpu, NANOS_A_MILLI)}m`;
  return `${inUnits(usage[measure], NANOS) / MIB}Mi`;
}

function share(used: bigint, available: bigint): string {
  return available === 0n ? '0%' : `${Math.trunc((Number(used) / Number(available)) * 100)}%`;
}

/** `available`: what each node has; nodes without usage are shown as unknown. */
export function nodeTable(
  nodes: readonly Measured[],
  available: ReadonlyMap<string, Usage>,
  shape: TableShape,
): string {
  const measures: Measure[] = shape.swap ? ['cpu', 'memory', 'swap'] : ['cpu', 'memory'];
  const header = ['NAME', 'CPU(cores)', 'CPU(%)', 'MEMORY(bytes)', 'MEMORY(%)'];
  if (shape.swap) header.push('SWAP(bytes)', 'SWAP(%)');
  const known = new Set(nodes.map(({ name }) => name));
  const rows = inOrder(nodes, shape.sortBy).map(({ name, usage }) => {
    const limits = available.get(name);
    return [
      name,
      ...measures.flatMap((measure) => [amount(usage, measure), share(usage[measure], limits?.[measure] ?? 0n)]),
    ];
  });
  const missing = [...available.keys()]
    .filter((name) => !known.has(name))
    .map((name) => [name, ...measures.flatMap(() => [UNKNOWN, UNKNOWN])]);
  return closed([...(shape.headers ? [header] : []), ...rows, ...missing]);
}

export interface PodTableShape extends TableShape {
  readonly namespaces: boolean;
  readonly containers: boolean;
  readonly sum: boolean;
}

export function podTable(pods: readonly Measured[], shape: PodTableShape): string {
  const measures: Measure[] = shape.swap ? ['cpu', 'memory', 'swap'] : ['cpu', 'memory'];
  const header = [
    ...(shape.namespaces ? ['NAMESPACE'] : []),
    ...(shape.containers ? ['POD'] : []),
    'NAME',
    'CPU(cores)',
    'MEMORY(bytes)',
    ...(shape.swap ? ['SWAP(bytes)'] : []),
  ];
  const amounts = (usage: Usage) => measures.map((measure) => amount(usage, measure));
  const rows = inOrder(pods, shape.sortBy).flatMap((pod) => {
    const start = [...(shape.namespaces ? [pod.namespace] : []), pod.name];
    if (!shape.containers) return [[...start, ...amounts(pod.usage)]];
    return inOrder(pod.containers, shape.sortBy).map(({ name, usage }) => [...start, name, ...amounts(usage)]);
  });
  const blank = header.slice(measures.length).map(() => '');
  const total = sumOf(pods.map((pod) => pod.usage));
  const sum = shape.sum
    ? [
        [...blank, ...measures.map(() => '________')],
        [...blank, ...amounts(total)],
      ]
    : [];
  return closed([...(shape.headers ? [header] : []), ...rows, ...sum]);
}

function closed(lines: readonly (readonly string[])[]): string {
  return alignCells(lines.map((line) => [...line, '']));
}
