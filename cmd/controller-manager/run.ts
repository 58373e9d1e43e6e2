// A controller manager as its flags describe it, in this process: the controllers, as the only one at a time if it is told to
// elect a leader. Who connects it to a cluster is the caller's business.
import { readFile } from 'node:fs/promises';
import { Option } from 'commander';
import { realClock } from '../../pkg/clock/clock.ts';
import { meteredClient } from '../../pkg/client/client-metrics.ts';
import { runAsLeader } from '../../pkg/client/leader-election.ts';
import { createEventRecorder } from '../../pkg/client/event-recorder.ts';
import { CidrSet } from '../../pkg/controllers/node-ipam/cidr-set.ts';
import { CONTROLLERS, DEFAULT_OPTIONS, type ControllerOptions } from '../../pkg/controllers/registry.ts';
import { parseAddressPool, type AddressPool } from '../../pkg/controllers/service-lb/address-pool.ts';
import { runControllers } from '../../pkg/controllers/run.ts';
import { whileLeading } from '../../pkg/metrics/leader-metrics.ts';
import { componentMetrics } from '../../pkg/metrics/process-metrics.ts';
import type { ComponentContext } from '../connection.ts';
import { leaderIdentity } from '../leader-identity.ts';
import { UsageError } from '../program.ts';
import { statusPagesFlags, statusPagesSettings } from '../status-pages/flags.ts';
import { alive, serveStatusPages } from '../status-pages/server.ts';
import { countFlag, durationFlag, numberFlag, textFlag } from './flags.ts';

export const NAME = 'kube-controller-manager';
export const SUMMARY = 'Runs the control loops that move a cluster towards its desired state.';
const random = Math.random;

export const FLAGS: readonly Option[] = [
  new Option('--kubeconfig <path>', 'path to kubeconfig file with authorization and master location information'),
  ...statusPagesFlags(10257),
  new Option(
    '--controllers <list>',
    `controllers to enable: '*', 'name', '-name', separated by commas. Known: ${CONTROLLERS.map(({ name }) => name).join(', ')}. Not in '*': ${CONTROLLERS.filter(
      ({ onlyByName }) => onlyByName === true,
    )
      .map(({ name }) => name)
      .join(', ')}`,
  ).default('*'),
  new Option('--leader-elect [bool]', 'run only while holding the lease kube-system/kube-controller-manager')
    .default('true')
    .preset('true'),
  new Option(
    '--leader-elect-lease-duration <duration>',
    'how long others wait before they take over a lease that is not renewed',
  ).default('15s'),
  new Option(
    '--leader-elect-renew-deadline <duration>',
    'how long the leader tries to renew before it gives up',
  ).default('10s'),
  new Option('--leader-elect-retry-period <duration>', 'pause between tries').default('2s'),
  new Option('--allocate-node-cidrs [bool]', 'give every node a range of pod addresses of its own')
    .default('false')
    .preset('true'),
  new Option('--cluster-cidr <cidr>', 'addresses of the pods of the whole cluster'),
  new Option('--node-cidr-mask-size <n>', "mask size of a node's range of pod addresses").default('24'),
  new Option('--service-cluster-ip-range <cidr>', 'addresses of Services, of which no node is given any'),
  new Option('--cluster-signing-cert-file <path>', 'the authority that signs certificate requests'),
  new Option('--cluster-signing-key-file <path>', 'the key of the authority that signs certificate requests'),
  new Option(
    '--cluster-signing-duration <duration>',
    'the longest that a signed certificate is good; requests may ask for less',
  ).default('8760h0m0s'),
  new Option(
    '--load-balancer-pool <ranges>',
    'addresses for Services of type LoadBalancer: CIDRs and first-last, separated by commas; none if empty',
  ),
  new Option('--root-ca-file <path>', 'the certificate authority that is published to every namespace'),
  new Option('--concurrent-deployment-syncs <n>', 'Deployments worked on at the same time').default('5'),
  new Option('--concurrent-replicaset-syncs <n>', 'ReplicaSets worked on at the same time').default('5'),
  new Option('--concurrent-namespace-syncs <n>', 'namespaces emptied at the same time').default('10'),
  new Option('--concurrent-gc-syncs <n>', 'objects collected at the same time').default('20'),
  new Option('--concurrent-endpoint-syncs <n>', 'Endpoints worked on at the same time').default('5'),
  new Option('--concurrent-service-endpoint-syncs <n>', 'Services whose slices are worked on at the same time').default(
    '5',
  ),
  new Option('--node-monitor-period <duration>', 'pause between checks of the nodes').default('5s'),
  new Option(
    '--node-monitor-grace-period <duration>',
    'how long a node may be silent before it counts as unreachable',
  ).default('50s'),
  new Option('--node-startup-grace-period <duration>', 'how long a new node may take to report').default('1m0s'),
  new Option('--node-eviction-rate <n>', 'nodes per second given up in a healthy zone').default('0.1'),
  new Option('--secondary-node-eviction-rate <n>', 'nodes per second given up in a large unhealthy zone').default(
    '0.01',
  ),
  new Option('--large-cluster-size-threshold <n>', 'a zone of more nodes is large').default('50'),
  new Option('--unhealthy-zone-threshold <n>', 'share of silent nodes from which a zone is unhealthy').default('0.55'),
  new Option('--terminated-pod-gc-threshold <n>', 'finished pods beyond this number are deleted; 0 keeps all').default(
    '12500',
  ),
];

export async function runFromFlags(
  flags: Readonly<Record<string, unknown>>,
  { connect, log, pages }: ComponentContext,
  signal: AbortSignal,
): Promise<void> {
  await using parts = new AsyncDisposableStack();
  const connection = parts.use(await connect(textFlag(flags, 'kubeconfig'), NAME));
  const registry = pages?.registry(NAME) ?? componentMetrics();
  const client = meteredClient(connection.client, { registry, clock: realClock });
  const options = await optionsOf(flags);
  const enabled = textFlag(flags, 'controllers') ?? '*';
  const lead = (stop: AbortSignal) =>
    runControllers({ client, clock: realClock, random, log, enabled, options, metrics: registry }, stop);
  const elect = textFlag(flags, 'leaderElect') ?? 'true';
  if (elect !== 'true' && elect !== 'false') throw new UsageError(`--leader-elect is true or false, not "${elect}"`);
  const serving = await serveStatusPages({
    client,
    clock: realClock,
    log,
    name: NAME,
    settings: await statusPagesSettings(flags),
    registry,
    checks: [alive],
    // Kubernetes shows its internal form, whose names begin with capitals.
    configz: () => ({
      'kubecontrollermanager.config.k8s.io': {
        Generic: {
          Controllers: enabled.split(','),
          LeaderElection: { LeaderElect: elect === 'true', ResourceName: NAME, ResourceNamespace: 'kube-system' },
        },
      },
    }),
  });
  if (serving !== undefined) parts.use(serving);
  if (elect === 'false') return await lead(signal);
  const identity = leaderIdentity();
  const recorder = createEventRecorder({ client, component: NAME, clock: realClock, random, log });
  parts.defer(() => recorder.close());
  await runAsLeader(
    {
      client,
      namespace: 'kube-system',
      name: NAME,
      identity,
      clock: realClock,
      random,
      log,
      leaseDurationMs: durationFlag(flags, 'leaderElectLeaseDuration', '--leader-elect-lease-duration'),
      renewDeadlineMs: durationFlag(flags, 'leaderElectRenewDeadline', '--leader-elect-renew-deadline'),
      retryPeriodMs: durationFlag(flags, 'leaderElectRetryPeriod', '--leader-elect-retry-period'),
      onElected: (lease) =>
        recorder.record(lease, { type: 'Normal', reason: 'LeaderElection', message: `${identity} became leader` }),
    },
    whileLeading(registry, NAME, lead),
    signal,
  );
}

async function optionsOf(flags: Readonly<Record<string, unknown>>): Promise<ControllerOptions> {
  const rootCaFile = textFlag(flags, 'rootCaFile');
  return {
    ...DEFAULT_OPTIONS,
    concurrentDeploymentSyncs: countFlag(flags, 'concurrentDeploymentSyncs', '--concurrent-deployment-syncs', 1),
    concurrentReplicaSetSyncs: countFlag(flags, 'concurrentReplicasetSyncs', '--concurrent-replicaset-syncs', 1),
    concurrentNamespaceSyncs: countFlag(flags, 'concurrentNamespaceSyncs', '--concurrent-namespace-syncs', 1),
    concurrentGcSyncs: countFlag(flags, 'concurrentGcSyncs', '--concurrent-gc-syncs', 1),
    concurrentEndpointSyncs: countFlag(flags, 'concurrentEndpointSyncs', '--concurrent-endpoint-syncs', 1),
    concurrentServiceEndpointSyncs: countFlag(
      flags,
      'concurrentServiceEndpointSyncs',
      '--concurrent-service-endpoint-syncs',
      1,
    ),
    nodeLifecycle: {
      monitorPeriodMs: durationFlag(flags, 'nodeMonitorPeriod', '--node-monitor-period'),
      graceMs: durationFlag(flags, 'nodeMonitorGracePeriod', '--node-monitor-grace-period'),
      startupGraceMs: durationFlag(flags, 'nodeStartupGracePeriod', '--node-startup-grace-period'),
      evictionRates: {
        normal: numberFlag(flags, 'nodeEvictionRate', '--node-eviction-rate'),
        degraded: numberFlag(flags, 'secondaryNodeEvictionRate', '--secondary-node-eviction-rate'),
        largeZone: countFlag(flags, 'largeClusterSizeThreshold', '--large-cluster-size-threshold', 0),
        unhealthyShare: numberFlag(flags, 'unhealthyZoneThreshold', '--unhealthy-zone-threshold'),
      },
    },
    terminatedPodGcThreshold: countFlag(flags, 'terminatedPodGcThreshold', '--terminated-pod-gc-threshold', 0),
    rootCa: rootCaFile === undefined ? undefined : await contentOf('--root-ca-file', rootCaFile),
    signing: await signingOf(flags),
    nodeIpam: nodeIpamOf(flags),
    loadBalancerPool: poolOf(textFlag(flags, 'loadBalancerPool')),
  };
}

/** Undefined: no authority is given, so that nothing can be signed. */
async function signingOf(flags: Readonly<Record<string, unknown>>): Promise<ControllerOptions['signing']> {
  const certFile = textFlag(flags, 'clusterSigningCertFile');
  const keyFile = textFlag(flags, 'clusterSigningKeyFile');
  const durationMs = durationFlag(flags, 'clusterSigningDuration', '--cluster-signing-duration');
  if (certFile === undefined && keyFile === undefined) return undefined;
  if (certFile === undefined || keyFile === undefined)
    throw new UsageError('--cluster-signing-cert-file and --cluster-signing-key-file are given together or not at all');
  if (durationMs <= 0) throw new UsageError('--cluster-signing-duration must be longer than nothing');
  const [certificate, key] = await Promise.all([
    contentOf('--cluster-signing-cert-file', certFile),
    contentOf('--cluster-signing-key-file', keyFile),
  ]);
  return { authority: { certificate, key }, durationMs };
}

function nodeIpamOf(flags: Readonly<Record<string, unknown>>): ControllerOptions['nodeIpam'] {
  const allocate = textFlag(flags, 'allocateNodeCidrs') ?? 'false';
  if (allocate !== 'true' && allocate !== 'false')
    throw new UsageError(`--allocate-node-cidrs is true or false, not "${allocate}"`);
  if (allocate === 'false') return undefined;
  const clusterCidr = textFlag(flags, 'clusterCidr');
  if (clusterCidr === undefined) throw new UsageError('--allocate-node-cidrs needs --cluster-cidr');
  const options = {
    clusterCidr,
    maskSize: countFlag(flags, 'nodeCidrMaskSize', '--node-cidr-mask-size', 1),
    serviceCidr: textFlag(flags, 'serviceClusterIpRange'),
  };
  try {
    const set = new CidrSet(options.clusterCidr, options.maskSize);
    if (options.serviceCidr !== undefined) set.occupy(options.serviceCidr);
  } catch (cause) {
    throw new UsageError('the node CIDRs make no sense', { cause });
  }
  return options;
}

function poolOf(text: string | undefined): AddressPool | undefined {
  if (text === undefined) return undefined;
  const parsed = parseAddressPool(text);
  if (!parsed.ok) throw new UsageError(`--load-balancer-pool: "${parsed.item}" is no range of IPv4 addresses`);
  return parsed.pool;
}

async function contentOf(flag: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new UsageError(`cannot read ${flag} ${path}`, { cause });
  }
}
