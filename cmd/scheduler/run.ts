// A scheduler as its flags describe it, in this process; who connects it to a cluster is the caller's business.
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { Option } from 'commander';
import type { ComponentContext } from '../connection.ts';
import { UsageError } from '../program.ts';
import { runAsLeader } from '../../pkg/client/leader-election.ts';
import { realClock } from '../../pkg/clock/clock.ts';
import { messageWithCauses } from '../../pkg/logging/logger.ts';
import { whileLeading } from '../../pkg/metrics/leader-metrics.ts';
import { processMetrics } from '../../pkg/metrics/process-metrics.ts';
import { ConfigurationError } from '../../pkg/scheduler/config/checked-value.ts';
import {
  DEFAULT_CONFIGURATION,
  parseSchedulerConfiguration,
  type SchedulerConfiguration,
} from '../../pkg/scheduler/config/scheduler-configuration.ts';
import { runScheduler } from '../../pkg/scheduler/scheduler.ts';
import { serveStatusPages } from './status-pages.ts';

export const NAME = 'kube-scheduler';
export const SUMMARY = 'Places pods on nodes.';

export const FLAGS: readonly Option[] = [
  new Option('--kubeconfig <file>', 'kubeconfig file with authorization and API server location'),
  new Option('--config <file>', 'the path to the configuration file (KubeSchedulerConfiguration)'),
  new Option('--secure-port <port>', 'port for HTTPS (/healthz, /metrics); 0 for none').default('10259'),
  new Option('--bind-address <ip>', 'address to listen on').default('127.0.0.1'),
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
  const { client } = parts.use(await connect(kubeconfig, 'typekube-scheduler'));
  const context = { client, clock: realClock, random: Math.random, log, host: hostname() };
  const { profiles, backoff } = configuration;
  const registry = pages?.registry(NAME) ?? processMetrics();
  const elect = (textFlag(flags['leaderElect']) ?? String(leaderElection.leaderElect ?? true)) === 'true';
  let ready = elect; // whoever stands by is ready to take over
  const schedule = (until: AbortSignal) => {
    ready = false;
    const onReady = () => (ready = true);
    return runScheduler({ ...context, profiles, backoff, metrics: registry, onReady }, until);
  };
  const host = textFlag(flags['bindAddress']) ?? '127.0.0.1';
  const port = portFlag(flags['securePort']);
  if (port > 0) {
    const pages = { host, port, registry, now: realClock.now(), isReady: () => ready };
    // A port that another program has must not keep pods from being scheduled.
    const serving = await serveStatusPages(pages).catch((error: unknown) => {
      log.error('cannot serve status pages', { host, port, error });
    });
    if (serving !== undefined) parts.use(serving);
  }
  if (!elect) return await schedule(signal);
  const lease = {
    namespace: leaderElection.resourceNamespace ?? 'kube-system',
    name: leaderElection.resourceName ?? 'kube-scheduler',
    identity: `${hostname()}_${randomUUID()}`,
    leaseDurationMs: leaderElection.leaseDurationMs,
    renewDeadlineMs: leaderElection.renewDeadlineMs,
    retryPeriodMs: leaderElection.retryPeriodMs,
  };
  await runAsLeader({ ...context, ...lease }, whileLeading(registry, lease.name, schedule), signal);
}

function portFlag(value: unknown): number {
  const port = Number(value);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new UsageError(`--secure-port is "${String(value)}", must be a port number`);
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
