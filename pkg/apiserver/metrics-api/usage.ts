// What nodes and containers use, from two looks at a kubelet's counters: CPU is the rate between them, memory what the later
// one saw. The rules for containers that are new or were restarted are metrics-server's. Pure.
import { parseExposition } from '../../metrics/parse-exposition.ts';
import type { Instant } from '../../clock/clock.ts';

/** The counters of a node or a container at one moment. */
export interface Point {
  readonly at: Instant;
  /** When the counters began; undefined: not known. */
  readonly startedAt: Instant | undefined;
  readonly cpuSeconds: number;
  readonly memoryBytes: number;
}

/** One answer of a kubelet. */
export interface Scrape {
  readonly node: Point | undefined;
  /** By `namespace/pod`, then by container. */
  readonly pods: ReadonlyMap<string, ReadonlyMap<string, Point>>;
}

export interface Usage {
  readonly at: Instant;
  readonly windowMs: number;
  readonly cpuNanos: number;
  readonly memoryBytes: number;
}

/** A container younger than this tells little by its average since the start: images unpack, programs warm up. */
const YOUNGEST_MS = 10_000;

const NAMES: ReadonlySet<string> = new Set([
  'node_cpu_usage_seconds_total',
  'node_memory_working_set_bytes',
  'container_cpu_usage_seconds_total',
  'container_memory_working_set_bytes',
  'container_start_time_seconds',
]);

/** The body of a kubelet's /metrics/resource, received at `now`. */
export function readScrape(text: string, now: Instant): Scrape {
  const node: Partial<Gathered> = {};
  const pods = new Map<string, Map<string, Partial<Gathered>>>();
  for (const { name, labels, value, at } of parseExposition(text, NAMES)) {
    const point = name.startsWith('node_') ? node : containerOf(pods, labels);
    if (name.endsWith('_cpu_usage_seconds_total')) {
      point.cpuSeconds = value;
      point.at = at ?? now;
    } else if (name === 'container_start_time_seconds') point.startedAt = value * 1000;
    else point.memoryBytes = value;
  }
  return {
    node: complete(node),
    pods: new Map(
      [...pods].map(([pod, containers]) => [
        pod,
        new Map(
          [...containers].flatMap(([container, gathered]) => {
            const point = complete(gathered);
            return point === undefined ? [] : [[container, point] as const];
          }),
        ),
      ]),
    ),
  };
}

interface Gathered {
  at: Instant;
  startedAt: Instant;
  cpuSeconds: number;
  memoryBytes: number;
}

function containerOf(
  pods: Map<string, Map<string, Partial<Gathered>>>,
  { namespace = '', pod = '', container = '' }: Readonly<Record<string, string>>,
): Partial<Gathered> {
  const key = `${namespace}/${pod}`;
  const containers = pods.get(key) ?? new Map<string, Partial<Gathered>>();
  pods.set(key, containers);
  const point = containers.get(container) ?? {};
  containers.set(container, point);
  return point;
}

function complete({ at, startedAt, cpuSeconds, memoryBytes }: Partial<Gathered>): Point | undefined {
  if (at === undefined || cpuSeconds === undefined || memoryBytes === undefined) return undefined;
  return { at, startedAt, cpuSeconds, memoryBytes };
}

/** Undefined: two looks at the same life of it are not there yet. `resolutionMs`: the usual pause between two looks. */
export function usageOf(before: Point | undefined, after: Point, resolutionMs: number): Usage | undefined {
  const from = beginningOf(before, after, resolutionMs);
  if (from === undefined || after.at <= from.at || after.cpuSeconds < from.cpuSeconds) return undefined;
  const windowMs = after.at - from.at;
  const cpuNanos = Math.round(((after.cpuSeconds - from.cpuSeconds) / windowMs) * 1e12);
  return { at: after.at, windowMs, cpuNanos, memoryBytes: after.memoryBytes };
}

function beginningOf(
  before: Point | undefined,
  { at, startedAt }: Point,
  resolutionMs: number,
): Pick<Point, 'at' | 'cpuSeconds'> | undefined {
  if (startedAt !== undefined) {
    const age = at - startedAt;
    if (age >= YOUNGEST_MS && age < resolutionMs) return { at: startedAt, cpuSeconds: 0 };
    // Started after the earlier look: that one saw another life of the container.
    if (before !== undefined && startedAt >= before.at) return undefined;
  }
  return before;
}
