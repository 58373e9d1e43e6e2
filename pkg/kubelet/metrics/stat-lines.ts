// Families of samples in the text format of Prometheus, and what containers use summed up by pod. Pure.
import type { Instant } from '../../clock/clock.ts';
import { formatLabels } from '../../metrics/exposition.ts';
import type { ContainerStats } from '../runtime/runtime.ts';

export interface StatSample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  /** When it was measured, if that is not now. */
  readonly at?: Instant;
}

export function family(name: string, type: 'gauge' | 'counter', help: string, samples: readonly StatSample[]): string {
  const lines = samples.map(
    ({ labels, value, at }) => `${name}${formatLabels(labels)} ${value}${at === undefined ? '' : ` ${at}`}\n`,
  );
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}

export function byPod(stats: readonly ContainerStats[]): Map<string, ContainerStats[]> {
  return Map.groupBy(stats, ({ pod }) => pod.uid);
}

export function sum<T>(items: readonly T[], value: (one: T) => number): number {
  return items.reduce((total, one) => total + value(one), 0);
}
