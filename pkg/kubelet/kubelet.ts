// The kubelet: registers this machine as a node and runs the pods bound to it. Puts the parts together and owns their lives;
// what they do stands in their own files.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { nodes, services } from '../api/resources.ts';
import type { Node, Taint } from '../api/schema/generated/core.v1.gen.ts';
import { registerBuildInfo } from '../metrics/build-info.ts';
import { meteredClient } from '../client/client-metrics.ts';
import { DelegatedAccess } from '../client/delegated-access.ts';
import type { Client } from '../client/client.ts';
import { createEventRecorder } from '../client/event-recorder.ts';
import { createInformer } from '../client/informer.ts';
import type { Clock, Random } from '../clock/clock.ts';
import type { Logger } from '../logging/logger.ts';
import { PAGES_ANNOTATION, type MetricsPages } from '../metrics/metrics-pages.ts';
import { EvictionManager } from './eviction/eviction-manager.ts';
import { parseThresholds, DEFAULT_THRESHOLDS } from './eviction/thresholds.ts';
import { ImageCollector } from './images/image-collector.ts';
import { ImagePuller } from './images/image-puller.ts';
import { registerKubeletMetrics, registerPodCounts, type PodCounts } from './metrics/kubelet-metrics.ts';
import { meteredRuntime } from './metrics/metered-runtime.ts';
import { MetricPages } from './metrics/metric-pages.ts';
import { readMachine } from './node/machine.ts';
import { NodeAgent } from './node/node-agent.ts';
import { DEFAULT_HEARTBEAT, type Heartbeat } from './node/heartbeat.ts';
import { allocatableOf, type NodeIdentity } from './node/node-status.ts';
import { ObjectCache } from './objects/object-cache.ts';
import type { PodContext } from './pod/pod-context.ts';
import { PodManager } from './pod/pod-manager.ts';
import { ProbeManager } from './probes/probe-manager.ts';
import type { ContainerRuntime } from './runtime/runtime.ts';
import { KUBELET_KEPT, type CallerRules } from './server/callers.ts';
import { kubeletConfigz } from './server/configz.ts';
import { serveKubelet, type ServingOptions } from './server/server.ts';
import { TokenSource } from './volumes/token-source.ts';
import { VolumeManager } from './volumes/volume-manager.ts';

export interface KubeletOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly runtime: ContainerRuntime;
  /** The scheme of container ids: `docker`. */
  readonly runtimeName?: string;
  readonly nodeName: string;
  /** Addresses of the node, the first being the main one. */
  readonly nodeIps: readonly string[];
  /** Volumes and other files of pods; made when it is not there. */
  readonly rootDir: string;
  readonly clusterDns: readonly string[];
  readonly clusterDomain: string;
  /** Left out: whatever the Node's spec.podCIDR says, now or later. */
  readonly podCidr?: string;
  /** Default: Kubernetes' own, 40 s until the node counts as lost. */
  readonly heartbeat?: Heartbeat;
  /** Called when the API server does not answer heartbeats: connections to it are better made anew. */
  readonly heartbeatLost?: () => void;
  /** Default 110. */
  readonly maxPods?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly taints?: readonly Taint[];
  /** Thresholds by signal, as in KubeletConfiguration. Default: DEFAULT_THRESHOLDS. */
  readonly evictionHard?: Readonly<Record<string, string>>;
  /** Default 5 minutes. */
  readonly evictionPressureTransitionMs?: number;
  /** Left out: nothing is served (simulated nodes). */
  readonly serving?: ServingOptions;
}

const DEFAULT_MAX_PODS = 110;
const DEFAULT_PORT = 10_250;
const DEFAULT_TRANSITION_MS = 300_000;

/** Runs until `signal`; containers go on without it and are adopted by the next one. Rejects when it cannot begin. */
export async function runKubelet(options: KubeletOptions, signal: AbortSignal): Promise<void> {
  const { clock, random, log } = options;
  const registries = { own: new Registry(), probes: new Registry() };
  registerBuildInfo(registries.own);
  const client = meteredClient(options.client, { registry: registries.own, clock });
  const metrics = registerKubeletMetrics(registries, clock);
  const runtime = meteredRuntime(options.runtime, metrics, clock);
  await mkdir(join(options.rootDir, 'pods'), { recursive: true });
  const machine = await readMachine(options.rootDir);
  const identity: NodeIdentity = {
    name: options.nodeName,
    ips: options.nodeIps,
    podCidr: options.podCidr,
    maxPods: options.maxPods ?? DEFAULT_MAX_PODS,
    labels: options.labels ?? {},
    annotations: annotationsOf(options.serving?.metricsPages),
    taints: options.taints ?? [],
    serverPort: options.serving?.port ?? DEFAULT_PORT,
  };

  await using parts = new AsyncDisposableStack();
  const events = createEventRecorder({ client, component: 'kubelet', host: options.nodeName, clock, random, log });
  parts.defer(() => events.close());
  const objects = new ObjectCache({ client, clock, random, log, changed: (uid) => manager.touch(uid, 'objects') });
  parts.defer(() => objects.close());
  const probes = new ProbeManager({
    runtime,
    clock,
    events,
    log,
    metrics,
    changed: (uid) => manager.touch(uid, 'probe'),
  });
  parts.defer(() => probes.close());
  const tokens = new TokenSource(client, clock);
  const collector = new ImageCollector(join(options.rootDir, 'pulled-images.json'), { runtime, clock, log });
  const serviceInformer = createInformer(client.resource(services), { clock, random, log });
  const context: PodContext = {
    client,
    clock,
    random,
    log,
    events,
    runtime,
    images: new ImagePuller(runtime, clock, (id) => collector.hasPulled(id)),
    objects,
    volumes: new VolumeManager(options.rootDir, objects, tokens),
    tokens,
    probes,
    metrics,
    node: {
      name: options.nodeName,
      ips: options.nodeIps,
      allocatable: allocatableOf(identity, machine),
      memoryCapacity: machine.memoryBytes,
      runtimeName: options.runtimeName ?? 'docker',
    },
    dns: { servers: options.clusterDns, domain: options.clusterDomain },
    seccompDirectory: join(options.rootDir, 'seccomp'),
    async services(wait) {
      await serviceInformer.synced(wait);
      return serviceInformer.store.list();
    },
    networkFault: () => agent.networkFault,
    otherPods: (uid) => manager.active(uid),
  };
  const agent = new NodeAgent({
    client,
    clock,
    log,
    events,
    runtime,
    identity,
    machine,
    heartbeat: options.heartbeat ?? DEFAULT_HEARTBEAT,
    pressures: () => eviction.pressures,
    heartbeatLost: options.heartbeatLost ?? (() => undefined),
    networkReady: () => manager.touchAll('objects'),
  });
  const fieldSelector = `metadata.name=${options.nodeName}`;
  const nodeInformer = createInformer(client.resource(nodes), { fieldSelector, clock, random, log });
  const nodeChanged = (node: Node) => agent.nodeChanged(node);
  nodeInformer.on({ added: nodeChanged, changed: nodeChanged });
  const manager = new PodManager({
    context,
    node: () => agent.admitting,
    refusal: (pod) => eviction.refusal(pod),
    runtimeChanged: () => agent.touch(),
  });
  const eviction = new EvictionManager({
    clock,
    log,
    runtime,
    rootDirectory: options.rootDir,
    podDirectory: (uid) => context.volumes.podDirectory(uid),
    thresholds: parseThresholds(options.evictionHard ?? DEFAULT_THRESHOLDS),
    transitionMs: options.evictionPressureTransitionMs ?? DEFAULT_TRANSITION_MS,
    pods: () => manager.workers(),
    changed: () => agent.touch(),
    evicted: (signal) => metrics.evicted(signal),
    reclaimDisk: (stop) => collector.reclaim(stop),
  });

  if (options.serving !== undefined) {
    registerPodCounts(registries.own, options.nodeName, () => podCounts(manager));
    const metricPages = new MetricPages({ registries, runtime, clock, nodeName: options.nodeName, machine });
    const { clientCa, webhookTokens: webhook = true, authorization = 'Webhook' } = options.serving;
    const rules: CallerRules = {
      nodeName: options.nodeName,
      certificates: clientCa !== undefined,
      access: new DelegatedAccess({ client, clock, keptMs: KUBELET_KEPT }),
      tokens: webhook,
      authorization,
      log,
    };
    const configz = () => kubeletConfigz({ ...options, maxPods: identity.maxPods });
    const server = await serveKubelet({ ...options.serving, manager, context, metrics, metricPages, rules, configz });
    parts.defer(() => server.close());
  }
  log.info('kubelet started', { node: options.nodeName, port: options.serving?.port });
  await Promise.all([
    // Pods are held against what the Node object says.
    agent.register(signal).then(() => Promise.all([agent.run(signal), manager.run(signal), eviction.run(signal)])),
    serviceInformer.run(signal),
    nodeInformer.run(signal),
  ]).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}

function podCounts(manager: PodManager): PodCounts {
  const containers = { running: 0, exited: 0, created: 0 };
  let sandboxes = 0;
  const wanted = manager.pods();
  for (const pod of wanted) {
    const observed = manager.worker(pod.metadata.uid)?.observed;
    if (observed?.sandboxes.some(({ ready }) => ready) === true) sandboxes++;
    for (const { state } of observed?.containers ?? []) containers[state]++;
  }
  return { sandboxes, containers, desired: wanted.length };
}

function annotationsOf(pages: MetricsPages | undefined): Record<string, string> {
  const components = pages?.components ?? [];
  return {
    'volumes.kubernetes.io/controller-managed-attach-detach': 'true',
    ...(components.length > 0 && { [PAGES_ANNOTATION]: components.join(',') }),
  };
}
