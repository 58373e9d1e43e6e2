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

/** Undefined while there are no figures yet. */
export async function toldUsage(
  cluster: { kubectl(...args: string[]): Promise<Ran> },
  path: string,
): Promise<Usage | undefined> {
  const { code, stdout } = await cluster.kubectl('get', '--raw', `/apis/metrics.k8s.io/v1beta1/${path}`);
  if (code !== 0) return undefined;
  // The API server's own answer.
  const found = JSON.parse(stdout) as { usage?: Told; containers?: { name: string; usage: Told }[] };
  const told = found.usage ?? found.containers?.find(({ name }) => name === 'main')?.usage;
  return told === undefined ? undefined : { cores: amount(told.cpu), bytes: amount(told.memory) };
}

interface Told {
  readonly cpu: string;
  readonly memory: string;
}

/** As `docker stats` reckons it, over five seconds. */
export async function engineUsage(engine: Docker, container: string): Promise<Usage> {
  const look = () => engine.getContainer(container).stats({ stream: false, 'one-shot': true });
  const before = await look();
  await new Promise((resolve) => setTimeout(resolve, 5_000));
  const after = await look();
  const nanos = after.cpu_stats.cpu_usage.total_usage - before.cpu_stats.cpu_usage.total_usage;
  const counters: Readonly<Record<string, number>> = { ...after.memory_stats.stats };
  const inactive = counters['total_inactive_file'] ?? counters['inactive_file'] ?? 0;
  return {
    cores: nanos / 1e6 / (Date.parse(after.read) - Date.parse(before.read)),
    bytes: (after.memory_stats.usage ?? 0) - inactive,
  };
}

/** How far apart, as a share of the larger. */
export function difference(a: number, b: number): number {
  return Math.abs(a - b) / Math.max(a, b);
}
