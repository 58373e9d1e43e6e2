// A scheduler as its flags describe it, in this process; who connects it to a cluster is the caller's business.
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { Option } from 'commander';
import type { ComponentContext } from '../connection.ts';
import { leaderIdentity } from '../leader-identity.ts';
import { UsageError } from '../program.ts';
import type { Pod } from '../../pkg/api/schema/generated/core.v1.gen.ts';
import { meteredClient } from '../../pkg/client/client-metrics.ts';
import { runAsLeader } from '../../pkg/client/leader-election.ts';
import { realClock } from '../../pkg/clock/clock.ts';
import { messageWithCauses } from '../../pkg/logging/logger.ts';
import { whileLeading } from '../../pkg/metrics/leader-metrics.ts';
import { componentMetrics } from '../../pkg/metrics/process-metrics.ts';
import { ConfigurationError } from '../../pkg/scheduler/config/checked-value.ts';
import {
  DEFAULT_CONFIGURATION,
  parseSchedulerConfiguration,
  type SchedulerConfiguration,
} from '../../pkg/scheduler/config/scheduler-configuration.ts';
import { podResourceLines } from '../../pkg/scheduler/resource-metrics.ts';
import { runScheduler } from '../../pkg/scheduler/scheduler.ts';
import { statusPagesFlags, statusPagesSettings } from '../status-pages/flags.ts';
import { alive, serveStatusPages } from '../status-pages/server.ts';

export const NAME = 'kube-scheduler';
export const SUMMARY = 'Places pods on nodes.';

export const FLAGS: readonly Option[] = [
  new Option('--kubeconfig <file>', 'kubeconfig file with authorization and API server location'),
  new Option('--config <file>', 'the path to the configuration file (KubeSchedulerConfiguration)'),
  ...statusPagesFlags(10259),
  new Option('--leader-elect [bool]', 'gain leadership through a Lease before scheduling')
    .choices(['true', 'false'])
    .preset('true'),
];

export async function runFromFlags(
  flags: Readonly<Record<string, unknown>>,
  { connect, log, pages }: ComponentContext,
  signal: AbortSignal,
): Promise<void> {
  const path = textFlag(flags['config']);
  const configuration = path === undefined ? DEFAULT_CONFIGURATION : await readConfiguration(path);
  const { leaderElection } = configuration;
  const kubeconfig = textFlag(flags['kubeconfig']) ?? configuration.kubeconfig;
  await using parts = new AsyncDisposableStack();
  const connection = parts.use(await connect(kubeconfig, 'typekube-scheduler'));
  const registry = pages?.registry(NAME) ?? componentMetrics();
  const client = meteredClient(connection.client, { registry, clock: realClock });
  const context = { client, clock: realClock, random: Math.random, log, host: hostname() };
  const { profiles, backoff } = configuration;
  const elect = (textFlag(flags['leaderElect']) ?? String(leaderElection.leaderElect ?? true)) === 'true';
  let ready = elect; // whoever stands by is ready to take over
  // Whoever stands by knows no pods.
  let pods: () => readonly Pod[] = () => [];
  const schedule = (until: AbortSignal) => {
    ready = false;
    const onReady = (known: () => readonly Pod[]) => {
      ready = true;
      pods = known;
    };
    return runScheduler({ ...context, profiles, backoff, metrics: registry, onReady }, until);
  };
  const synced = () => (ready ? undefined : 'the first lists are not in yet');
  const serving = await serveStatusPages({
    ...context,
    name: NAME,
    settings: await statusPagesSettings(flags),
    registry,
    checks: [alive, { name: 'sched-handlers-sync', endpoints: ['readyz'], check: synced }],
    more: { '/metrics/resources': () => `${podResourceLines(pods()).join('\n')}\n` },
    configz: () => ({ componentconfig: schedulerConfigz(configuration, elect) }),
  });
  if (serving !== undefined) parts.use(serving);
  if (!elect) return await schedule(signal);
  const lease = {
    namespace: leaderElection.resourceNamespace ?? 'kube-system',
    name: leaderElection.resourceName ?? 'kube-scheduler',
    identity: leaderIdentity(),
    leaseDurationMs: leaderElection.leaseDurationMs,
    renewDeadlineMs: leaderElection.renewDeadlineMs,
    retryPeriodMs: leaderElection.retryPeriodMs,
  };
  await runAsLeader({ ...context, ...lease }, whileLeading(registry, lease.name, schedule), signal);
}

/** As much of KubeSchedulerConfiguration as means something here. */
function schedulerConfigz({ profiles, backoff, leaderElection }: SchedulerConfiguration, leaderElect: boolean): object {
  const seconds = (ms: number | undefined) => (ms === undefined ? undefined : `${ms / 1000}s`);
  return {
    apiVersion: 'kubescheduler.config.k8s.io/v1',
    kind: 'KubeSchedulerConfiguration',
    leaderElection: {
      leaderElect,
      resourceLock: 'leases',
      resourceName: leaderElection.resourceName ?? NAME,
      resourceNamespace: leaderElection.resourceNamespace ?? 'kube-system',
      leaseDuration: seconds(leaderElection.leaseDurationMs),
      renewDeadline: seconds(leaderElection.renewDeadlineMs),
      retryPeriod: seconds(leaderElection.retryPeriodMs),
    },
    podInitialBackoffSeconds: backoff.firstMs / 1000,
    podMaxBackoffSeconds: backoff.longestMs / 1000,
    profiles: profiles.map(({ schedulerName }) => ({ schedulerName })),
  };
}

function textFlag(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

async function readConfiguration(path: string): Promise<SchedulerConfiguration> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new UsageError(`--config: cannot read ${path}`, { cause });
  }
  try {
    return parseSchedulerConfiguration(text);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    throw new UsageError(`--config: ${path}: ${messageWithCauses(error)}`);
  }
}
