// A pod that uses a known share of a core and some memory, what `kubectl top` says of it, and what the engine does.
import type Docker from 'dockerode';
import { SAMPLE_IMAGE } from '../../hack/sample-image.ts';
import type { Ran } from '../support/test-cluster.ts';

/** Its limit makes its use even: three tenths of a core, and a string of 24 MB. */
export const BUSY_POD = JSON.stringify({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'busy', labels: { app: 'busy' } },
  spec: {
    terminationGracePeriodSeconds: 0,
    containers: [
      {
        name: 'main',
        image: SAMPLE_IMAGE,
        imagePullPolicy: 'Never',
        command: ['/bin/sh', '-c', 'x=$(head -c 24000000 /dev/zero | tr "\\0" a); while :; do :; done'],
        resources: { limits: { cpu: '300m' } },
      },
      {
        name: 'idle',
        image: SAMPLE_IMAGE,
        imagePullPolicy: 'Never',
        command: ['/bin/sh', '-c', 'sleep 3600'],
        readinessProbe: { exec: { command: ['/bin/true'] }, periodSeconds: 1, timeoutSeconds: 10 },
      },
    ],
  },
});

export interface Usage {
  readonly cores: number;
  readonly bytes: number;
}

/** `300m`, `1234567n`, `24Mi`: the units that usage is told in. */
function amount(text: string): number {
  const units: Readonly<Record<string, number>> = { n: 1e-9, u: 1e-6, m: 1e-3, Ki: 1024, Mi: 1024 ** 2, Gi: 1024 ** 3 };
  const [, digits = '', unit = ''] = /^(\d+)(\w*)$/.exec(text) ?? [];
  return Number(digits) * (units[unit] ?? 1);
}

export interface Told extends Usage {
  readonly at: number;
  readonly windowMs: number;
}

/** Undefined while there are no figures yet. */
export async function toldUsage(
  cluster: { kubectl(...args: string[]): Promise<Ran> },
  path: string,
): Promise<Told | undefined> {
  const { code, stdout } = await cluster.kubectl('get', '--raw', `/apis/metrics.k8s.io/v1beta1/${path}`);
  if (code !== 0) return undefined;
  // The API server's own answer.
  const found = JSON.parse(stdout) as {
    timestamp: string;
    window: string;
    usage?: Amounts;
    containers?: { name: string; usage: Amounts }[];
  };
  const told = found.usage ?? found.containers?.find(({ name }) => name === 'main')?.usage;
  if (told === undefined) return undefined;
  return {
    cores: amount(told.cpu),
    bytes: amount(told.memory),
    at: Date.parse(found.timestamp),
    windowMs: parseFloat(found.window) * 1000,
  };
}

interface Amounts {
  readonly cpu: string;
  readonly memory: string;
}

interface Look {
  readonly at: number;
  readonly cpuSeconds: number;
  readonly bytes: number;
}

/** The counters behind `docker stats`. */
async function look(engine: Docker, container: string): Promise<Look> {
  const stats = await engine.getContainer(container).stats({ stream: false, 'one-shot': true });
  const counters: Readonly<Record<string, number>> = { ...stats.memory_stats.stats };
  const inactive = counters['total_inactive_file'] ?? counters['inactive_file'] ?? 0;
  return {
    at: Date.parse(stats.read),
    cpuSeconds: stats.cpu_stats.cpu_usage.total_usage / 1e9,
    bytes: (stats.memory_stats.usage ?? 0) - inactive,
  };
}

const LONGEST_MS = 90_000;
const SHORTEST_MS = 10_000;

/** What the API tells, and what the engine counted in just the same stretch of time. */
export async function bothUsages(
  engine: Docker,
  container: string,
  told: () => Promise<Told | undefined>,
): Promise<{ readonly told: Usage; readonly engine: Usage }> {
  const looks = [await look(engine, container)];
  const from = Date.now();
  for (;;) {
    const found = await told();
    const last = await look(engine, container);
    looks.push(last);
    const begins = found === undefined ? 0 : found.at - found.windowMs;
    // Times are told in whole seconds: short stretches would differ by that alone.
    if (found !== undefined && found.windowMs > SHORTEST_MS && begins >= (looks[0]?.at ?? 0) && found.at <= last.at) {
      const seconds = countAt(looks, found.at) - countAt(looks, begins);
      return { told: found, engine: { cores: (seconds * 1000) / found.windowMs, bytes: last.bytes } };
    }
    if (Date.now() - from > LONGEST_MS)
      throw new Error(`no figures for a stretch of time that was watched: ${JSON.stringify(found)}`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** Between two looks the counter is taken to have grown evenly. */
function countAt(looks: readonly Look[], at: number): number {
  const after = looks.find((each) => each.at >= at) ?? looks.at(-1);
  const before = looks.findLast((each) => each.at <= at) ?? looks[0];
  if (before === undefined || after === undefined) return Number.NaN;
  if (after.at === before.at) return before.cpuSeconds;
  return before.cpuSeconds + ((after.cpuSeconds - before.cpuSeconds) * (at - before.at)) / (after.at - before.at);
}

/** How far apart, as a share of the larger. */
export function difference(a: number, b: number): number {
  return Math.abs(a - b) / Math.max(a, b);
}
