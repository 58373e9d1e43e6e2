// KubeSchedulerConfiguration (kubescheduler.config.k8s.io/v1): a file in Kubernetes' form in, profiles out. Knows the fields
// that mean something here and refuses the others by name, so that nobody believes in a setting that has no effect.
import { parseGoDuration } from '../../api/meta/duration.ts';
import { parse } from 'yaml';
import { DEFAULT_PLUGINS, DEFAULT_SCHEDULER_NAME, defaultPlugins } from '../framework/default-profile.ts';
import type { Plugin } from '../framework/plugin.ts';
import type { Profile } from '../framework/profile.ts';
import { DEFAULT_BACKOFF } from '../queue/scheduling-queue.ts';
import { CheckedObject, ConfigurationError } from './checked-value.ts';
import { configuredPlugin } from './plugin-args.ts';
import { applyPluginSets, type PluginChoice } from './plugin-sets.ts';

export interface SchedulerConfiguration {
  readonly profiles: readonly Profile[];
  readonly kubeconfig?: string;
  readonly backoff: { readonly firstMs: number; readonly longestMs: number };
  readonly leaderElection: {
    readonly leaderElect?: boolean;
    readonly resourceName?: string;
    readonly resourceNamespace?: string;
    readonly leaseDurationMs?: number;
    readonly renewDeadlineMs?: number;
    readonly retryPeriodMs?: number;
  };
}

const API_VERSION = 'kubescheduler.config.k8s.io/v1';

/** Throws ConfigurationError, whose message is one sentence naming the field. */
export function parseSchedulerConfiguration(text: string): SchedulerConfiguration {
  let document: unknown;
  try {
    document = parse(text);
  } catch (cause) {
    throw new ConfigurationError(`the configuration is not YAML: ${firstLine(cause)}`, { cause });
  }
  const root = new CheckedObject(document, '');
  requireValue(root, 'apiVersion', API_VERSION);
  requireValue(root, 'kind', 'KubeSchedulerConfiguration');
  // All nodes are looked at whatever this says: results are shared, so looking at fewer would save nothing.
  root.integer('percentageOfNodesToScore', 0, 100);
  root.integer('parallelism', 1, 2 ** 31 - 1);
  for (const field of ['enableProfiling', 'enableContentionProfiling', 'delayCacheUntilActive']) root.boolean(field);
  const backoff = {
    firstMs: (root.integer('podInitialBackoffSeconds', 1, 3600) ?? 1) * 1000,
    longestMs: (root.integer('podMaxBackoffSeconds', 1, 3600) ?? 10) * 1000,
  };
  if (backoff.longestMs < backoff.firstMs) {
    throw new ConfigurationError('podMaxBackoffSeconds must not be smaller than podInitialBackoffSeconds');
  }
  const connection = root.object('clientConnection');
  const kubeconfig = connection?.string('kubeconfig');
  // How the API server is spoken to is not negotiable here, and its own fairness keeps clients in bounds.
  for (const field of ['acceptContentTypes', 'contentType', 'qps', 'burst']) connection?.value(field);
  const election = root.object('leaderElection');
  const leaderElection = {
    leaderElect: election?.boolean('leaderElect'),
    resourceName: election?.string('resourceName'),
    resourceNamespace: election?.string('resourceNamespace'),
    leaseDurationMs: election === undefined ? undefined : milliseconds(election, 'leaseDuration'),
    renewDeadlineMs: election === undefined ? undefined : milliseconds(election, 'renewDeadline'),
    retryPeriodMs: election === undefined ? undefined : milliseconds(election, 'retryPeriod'),
  };
  election?.oneOf('resourceLock', ['leases']);
  const profiles = root.objects('profiles').map(parseProfile);
  root.refuseOthers();
  connection?.refuseOthers();
  election?.refuseOthers();
  refuseDuplicates(profiles);
  return {
    profiles: profiles.length === 0 ? DEFAULT_CONFIGURATION.profiles : profiles,
    ...(kubeconfig !== undefined && kubeconfig !== '' && { kubeconfig }),
    backoff,
    leaderElection,
  };
}

const DEFAULT_CHOICE: PluginChoice = applyPluginSets(undefined, DEFAULT_PLUGINS);

/** What holds without a file. */
export const DEFAULT_CONFIGURATION: SchedulerConfiguration = {
  profiles: [profileOf(DEFAULT_SCHEDULER_NAME, defaultPlugins(), DEFAULT_CHOICE)],
  backoff: DEFAULT_BACKOFF,
  leaderElection: {},
};

function parseProfile(profile: CheckedObject): Profile {
  const schedulerName = profile.string('schedulerName') ?? DEFAULT_SCHEDULER_NAME;
  if (schedulerName === '') throw new ConfigurationError(`${profile.at('schedulerName')} must not be empty`);
  profile.integer('percentageOfNodesToScore', 0, 100);
  const choice = applyPluginSets(profile.object('plugins'), DEFAULT_PLUGINS);
  const plugins = new Map(defaultPlugins().map((plugin) => [plugin.name, plugin]));
  const configured = new Set<string>();
  for (const config of profile.objects('pluginConfig')) {
    const name = config.string('name');
    if (name === undefined) throw new ConfigurationError(`${config.at('name')} is required`);
    if (!DEFAULT_PLUGINS.some((plugin) => plugin.name === name)) {
      throw new ConfigurationError(`${config.at('name')} is "${name}", which is not a plugin of this scheduler`);
    }
    if (configured.has(name)) throw new ConfigurationError(`${config.at('name')} "${name}" is configured twice`);
    configured.add(name);
    const args = config.object('args');
    const plugin = args === undefined ? undefined : configuredPlugin(name, args);
    args?.refuseOthers();
    config.refuseOthers();
    if (plugin !== undefined) plugins.set(name, plugin);
  }
  profile.refuseOthers();
  return profileOf(schedulerName, [...plugins.values()], choice);
}

function profileOf(schedulerName: string, plugins: readonly Plugin[], choice: PluginChoice): Profile {
  const named = (names: readonly string[]) =>
    names.flatMap((name) => plugins.find((plugin) => plugin.name === name) ?? []);
  return {
    schedulerName,
    preEnqueue: named(choice.preEnqueue).filter((plugin) => 'preEnqueue' in plugin),
    filters: named(choice.filter).filter((plugin) => 'filter' in plugin || 'clusterFilter' in plugin),
    scores: choice.score.flatMap(({ name, weight }) =>
      named([name])
        .filter((plugin) => 'score' in plugin || 'clusterScore' in plugin)
        .map((plugin) => ({ plugin, weight })),
    ),
    preempts: choice.postFilter.includes('DefaultPreemption'),
  };
}

function requireValue(root: CheckedObject, field: string, wanted: string): void {
  const value = root.string(field);
  if (value !== wanted) throw new ConfigurationError(`${field} is "${value ?? ''}", must be "${wanted}"`);
}

function refuseDuplicates(profiles: readonly Profile[]): void {
  const names = new Set<string>();
  for (const [index, { schedulerName }] of profiles.entries()) {
    if (names.has(schedulerName)) {
      throw new ConfigurationError(`profiles[${index}].schedulerName "${schedulerName}" is used twice`);
    }
    names.add(schedulerName);
  }
}

/** A duration as Go writes it: `15s`, `1m30s`. */
function milliseconds(of: CheckedObject, field: string): number | undefined {
  const text = of.string(field);
  if (text === undefined) return undefined;
  const total = parseGoDuration(text);
  if (total === undefined || total <= 0) {
    throw new ConfigurationError(`${of.at(field)} is "${text}", must be a duration such as 15s`);
  }
  return total;
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? '';
}
