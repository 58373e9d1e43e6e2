// The Service proxy of one node: Services, EndpointSlices and the node from the API, kernel rules, health check ports and
// clean UDP flows on the host. Rules stay when it stops, so that restarting it interrupts nobody; removeProxyRules()
// takes them away. Established connections are the kernel's and survive every change.
import type { Registry } from 'prom-client';
import { endpointSlices, nodes, services } from '../../api/resources.ts';
import type { Service } from '../../api/schema/generated/core.v1.gen.ts';
import type { EndpointSlice } from '../../api/schema/generated/discovery.v1.gen.ts';
import type { Client } from '../../client/client.ts';
import { createInformer } from '../../client/informer.ts';
import { SharedInformers } from '../../client/shared-informers.ts';
import type { Clock, Random } from '../../clock/clock.ts';
import type { Logger } from '../../logging/logger.ts';
import { runHostCommand, type RunHostCommand } from '../host-command.ts';
import { kernelSysctls, type Sysctls } from '../sysctl.ts';
import { ipv4 } from './address-family.ts';
import { countLocalReady } from './endpoint-choice.ts';
import { FlowCleaner } from './flow-cleaner.ts';
import { HealthCheckPorts, type HealthCheck } from './health-check-ports.ts';
import { NftSession } from './nft-session.ts';
import { applyRules, chainExists, requireNft } from './nftables.ts';
import { ProxyHealth } from './proxy-health.ts';
import { createProxyMetrics } from './proxy-metrics.ts';
import { RuleTable } from './rule-table.ts';
import { RuleWriter } from './rule-writer.ts';
import { PROXY_TABLE, rulesFor, serviceKey, serviceKeyOfSlice } from './rules.ts';
import { endpointsOf, servicePortsOf } from './service-port.ts';
import { serviceRules, type ProxyNode } from './service-rules.ts';
import { udpPortOf, type UdpPort } from './udp-flows.ts';

export interface ProxyOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly nodeName: string;
  /** This node's own addresses; those of its Node object are added. */
  readonly nodeIps: readonly string[];
  /** Where pods have their addresses; undefined: unknown. */
  readonly clusterCidr?: string;
  readonly masqueradeAll?: boolean;
  /** Default true: node ports answer on 127.0.0.1 where the kernel can be told to. */
  readonly localhostNodePorts?: boolean;
  /** CIDRs; default: all local addresses. */
  readonly nodePortAddresses?: readonly string[];
  /** Informers that others in the process use too and run; by default the proxy runs its own. */
  readonly informers?: SharedInformers;
  readonly health?: ProxyHealth;
  readonly metrics?: Registry;
  /** Default `typekube-proxy`. */
  readonly tableName?: string;
  readonly run?: RunHostCommand;
  readonly sysctls?: Sysctls;
  /** Default `nft -i`. */
  readonly sessionCommand?: readonly [string, ...string[]];
}

const ROUTE_LOCALNET = 'net/ipv4/conf/all/route_localnet';
const BRIDGE_NETFILTER = 'net/bridge/bridge-nf-call-iptables';
const GUARD_CHAIN = 'loopback-guard';
const ZONE_LABEL = 'topology.kubernetes.io/zone';
/** When the change of a pod or Service happened that a slice's last change is about. */
const TRIGGER_ANNOTATION = 'endpoints.kubernetes.io/last-change-trigger-time';
const BY_SERVICE = 'network/service';

/** Writes Service rules until `signal`. Throws one sentence when this machine cannot have them. */
export async function runProxy(options: ProxyOptions, signal: AbortSignal): Promise<void> {
  const { client, clock, random, log, nodeName, run = runHostCommand, sysctls = kernelSysctls } = options;
  const tableName = options.tableName ?? PROXY_TABLE;
  const family = ipv4;
  await requireNft(run, signal);

  const stop = new AbortController();
  const running = AbortSignal.any([signal, stop.signal]);
  await using ending = new AsyncDisposableStack();
  ending.defer(() => stop.abort());

  const informers = options.informers ?? new SharedInformers(client, { clock, random, log });
  const serviceInformer = informers.of(services);
  const sliceInformer = informers.of(endpointSlices, {
    [BY_SERVICE]: (slice) => {
      const key = serviceKeyOfSlice(slice);
      return key === undefined ? [] : [key];
    },
  });
  const nodeInformer = createInformer(client.resource(nodes), {
    fieldSelector: `metadata.name=${nodeName}`,
    clock,
    random,
    log,
  });
  const reading = [nodeInformer.run(running), ...(options.informers === undefined ? [informers.run(running)] : [])];
  ending.defer(async () => {
    stop.abort();
    await Promise.all(reading);
  });
  await Promise.all([serviceInformer, sliceInformer, nodeInformer].map((informer) => informer.synced(signal)));

  const slicesOf = (key: string): readonly EndpointSlice[] => sliceInformer.store.byIndex(BY_SERVICE, key);
  const currentNode = (): ProxyNode => {
    const node = nodeInformer.store.get(nodeName);
    const zone = node?.metadata.labels?.[ZONE_LABEL];
    const addresses = (node?.status.addresses ?? []).filter(({ type }) => type.endsWith('IP'));
    return {
      name: nodeName,
      ...(zone !== undefined && { zone }),
      ...(options.clusterCidr !== undefined && { clusterCidr: options.clusterCidr }),
      ips: [...new Set([...options.nodeIps, ...addresses.map(({ address }) => address)])],
    };
  };

  const health = options.health ?? new ProxyHealth(clock);
  const metrics = options.metrics === undefined ? undefined : createProxyMetrics(options.metrics);
  const cleaner = new FlowCleaner(run, log);
  const session = ending.use(
    new NftSession({ clock, ...(options.sessionCommand && { command: options.sessionCommand }) }),
  );
  const healthChecks = ending.use(new HealthCheckPorts(() => health.healthy, log));
  const localnet = await allowLoopback(options, { family: family.nft, tableName, run, sysctls }, running);
  const hooks = {
    ...(options.clusterCidr !== undefined && { clusterCidr: options.clusterCidr }),
    masqueradeAll: options.masqueradeAll ?? false,
    bridgeNetfilter: await sysctls.set(BRIDGE_NETFILTER, '1'),
    localhostNodePorts: localnet.works,
    loopbackGuard: localnet.ours,
    nodePortAddresses: options.nodePortAddresses ?? [],
  };

  let node = currentNode();
  let udp = udpPortsByService(serviceInformer.store.list(), slicesOf);
  const refreshHealthChecks = () => {
    healthChecks.set(wantedHealthChecks(serviceInformer.store.list(), slicesOf, node));
  };

  const writer = new RuleWriter({
    table: rulesFor(serviceInformer.store.list(), sliceInformer.store.list(), node, { family, tableName }),
    tableName,
    family,
    hooks,
    rulesOf(key) {
      const service = serviceInformer.store.get(key);
      return service === undefined ? undefined : serviceRules(service, slicesOf(key), node, family);
    },
    written(changed, startedAt) {
      const now = clock.now();
      health.written();
      metrics?.syncSeconds.observe((now - startedAt) / 1000);
      metrics?.lastSync.set(now / 1000);
      metrics?.services.set(serviceInformer.store.size);
      let udpChanged = changed === undefined;
      for (const key of changed ?? []) {
        udpChanged = refreshUdp(udp, key, serviceInformer.store.get(key), slicesOf(key)) || udpChanged;
        for (const slice of slicesOf(key)) {
          const trigger = Date.parse(slice.metadata.annotations?.[TRIGGER_ANNOTATION] ?? '');
          if (trigger > startedAt - 300_000) metrics?.programmingSeconds.observe(Math.max(0, now - trigger) / 1000);
        }
      }
      if (changed === undefined) udp = udpPortsByService(serviceInformer.store.list(), slicesOf);
      if (udpChanged) cleaning.request();
    },
    failed: () => metrics?.failures.inc(),
    session,
    run,
    clock,
    random,
    log,
  });
  const cleaning = oneAtATime(() => cleaner.clean([...udp.values()].flat(), new Set(node.ips), running));
  ending.defer(() => cleaning.idle());

  const touch = (key: string | undefined) => {
    if (key === undefined) return;
    health.changed();
    writer.touch(key);
    refreshHealthChecksSoon();
  };
  let refreshing = false;
  const refreshHealthChecksSoon = () => {
    if (refreshing) return;
    refreshing = true;
    queueMicrotask(() => {
      refreshing = false;
      if (!running.aborted) refreshHealthChecks();
    });
  };
  refreshHealthChecks();
  ending.use(
    serviceInformer.on({
      added: (service, initial) => touch(initial ? undefined : serviceKey(service)),
      changed: (service) => touch(serviceKey(service)),
      deleted: (service) => touch(serviceKey(service)),
    }),
  );
  ending.use(
    sliceInformer.on({
      added: (slice, initial) => touch(initial ? undefined : serviceKeyOfSlice(slice)),
      changed: (slice, before) => {
        touch(serviceKeyOfSlice(slice));
        if (serviceKeyOfSlice(before) !== serviceKeyOfSlice(slice)) touch(serviceKeyOfSlice(before));
      },
      deleted: (slice) => touch(serviceKeyOfSlice(slice)),
    }),
  );
  const nodeChanged = () => {
    health.nodeIs(nodeInformer.store.get(nodeName));
    const next = currentNode();
    if (next.zone === node.zone && next.ips.join() === node.ips.join()) return;
    node = next;
    for (const key of serviceInformer.store.keys()) touch(key);
  };
  ending.use(nodeInformer.on({ added: nodeChanged, changed: nodeChanged, deleted: nodeChanged }));
  log.info('the Service proxy writes its rules', { services: serviceInformer.store.size, table: tableName });
  await writer.run(signal);
}

/** Takes away everything that runProxy leaves behind. Safe to repeat, also on a machine without nft. */
export async function removeProxyRules(
  options: { tableName?: string; run?: RunHostCommand; sysctls?: Sysctls } = {},
): Promise<void> {
  const { tableName = PROXY_TABLE, run = runHostCommand, sysctls = kernelSysctls } = options;
  if ((await run(['nft', '--version'])).outcome === 'missing') return;
  const guarded = await chainExists({ family: ipv4.nft, table: tableName, chain: GUARD_CHAIN }, run);
  const removed = await applyRules(new RuleTable(tableName, ipv4).removal(), run);
  if (!removed.ok) throw new Error(`could not remove the Service rules: ${removed.message}`);
  // The guard stands only where it was this proxy that opened 127.0.0.0/8.
  if (guarded) await sysctls.set(ROUTE_LOCALNET, '0');
}

interface Localnet {
  readonly works: boolean;
  /** Opened by this proxy (or by its run before), so it also guards and closes it. */
  readonly ours: boolean;
}

async function allowLoopback(
  { localhostNodePorts = true }: ProxyOptions,
  { family, tableName, run, sysctls }: { family: string; tableName: string; run: RunHostCommand; sysctls: Sysctls },
  signal: AbortSignal,
): Promise<Localnet> {
  if (!localhostNodePorts) return { works: false, ours: false };
  const before = await sysctls.read(ROUTE_LOCALNET);
  const guarded = await chainExists({ family, table: tableName, chain: GUARD_CHAIN }, run, signal);
  const works = await sysctls.set(ROUTE_LOCALNET, '1');
  return { works, ours: works && (guarded || before === '0') };
}

/** The health check ports of Services that keep their traffic on the node it came to. */
export function wantedHealthChecks(
  all: readonly Service[],
  slicesOf: (key: string) => readonly EndpointSlice[],
  node: ProxyNode,
): Map<number, HealthCheck> {
  const wanted = new Map<number, HealthCheck>();
  for (const service of all) {
    const { spec, metadata } = service;
    const port = spec.healthCheckNodePort ?? 0;
    if (port === 0 || spec.type !== 'LoadBalancer' || spec.externalTrafficPolicy !== 'Local') continue;
    const ready = servicePortsOf(service, ipv4).map((one) =>
      countLocalReady(endpointsOf(one, slicesOf(serviceKey(service)), ipv4), node),
    );
    wanted.set(port, {
      namespace: metadata.namespace ?? '',
      service: metadata.name ?? '',
      localEndpoints: Math.max(0, ...ready),
    });
  }
  return wanted;
}

function udpPortsByService(
  all: readonly Service[],
  slicesOf: (key: string) => readonly EndpointSlice[],
): Map<string, readonly UdpPort[]> {
  const found = new Map<string, readonly UdpPort[]>();
  for (const service of all) refreshUdp(found, serviceKey(service), service, slicesOf(serviceKey(service)));
  return found;
}

/** Answers with whether the Service has, or had, UDP ports. */
function refreshUdp(
  known: Map<string, readonly UdpPort[]>,
  key: string,
  service: Service | undefined,
  slices: readonly EndpointSlice[],
): boolean {
  const had = known.delete(key);
  const ports = service === undefined ? [] : servicePortsOf(service, ipv4);
  const udp = ports.flatMap((port) => udpPortOf(port, endpointsOf(port, slices, ipv4)) ?? []);
  if (udp.length > 0) known.set(key, udp);
  return had || udp.length > 0;
}

/** Runs `task` when asked, never twice at once; asked while it runs, it runs once more. */
function oneAtATime(task: () => Promise<unknown>): { request(): void; idle(): Promise<void> } {
  let current: Promise<void> | undefined;
  let again = false;
  const work = async (): Promise<void> => {
    do {
      again = false;
      await task();
    } while (again);
    current = undefined;
  };
  return {
    request() {
      if (current === undefined) current = work();
      else again = true;
    },
    idle: async () => await current,
  };
}
