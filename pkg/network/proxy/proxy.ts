// The Service proxy of one node: Services, EndpointSlices and the node from the API, kernel rules, health check ports and
// clean UDP flows on the host. Rules stay when it stops, so that restarting it interrupts nobody; removeProxyRules()
// takes them away. Established connections are the kernel's and survive every change.
import type { Registry } from 'prom-client';
import { endpointSlices, nodes, services } from '../../api/resources.ts';
import type { Node } from '../../api/schema/generated/core.v1.gen.ts';
import type { EndpointSlice } from '../../api/schema/generated/discovery.v1.gen.ts';
import type { Client } from '../../client/client.ts';
import { createInformer } from '../../client/informer.ts';
import { SharedInformers } from '../../client/shared-informers.ts';
import type { Clock, Random } from '../../clock/clock.ts';
import type { Logger } from '../../logging/logger.ts';
import { runHostCommand, type RunHostCommand } from '../host-command.ts';
import { oneAtATime } from '../one-at-a-time.ts';
import { kernelSysctls, type Sysctls } from '../sysctl.ts';
import { ipv4 } from './address-family.ts';
import { BALANCED, balancedIndex } from './balanced-index.ts';
import { FlowCleaner } from './flow-cleaner.ts';
import { HealthCheckPorts } from './health-check-ports.ts';
import { closeLoopback, isGuarded, openLoopback } from './loopback-access.ts';
import { NftSession } from './nft-session.ts';
import { applyRules, requireNft } from './nftables.ts';
import { ProxyHealth } from './proxy-health.ts';
import { createProxyMetrics, type ChangedThing } from './proxy-metrics.ts';
import { RuleTable } from './rule-table.ts';
import { RuleWriter } from './rule-writer.ts';
import { PROXY_TABLE, rulesFor, serviceKey, serviceKeyOfSlice } from './rules.ts';
import { serviceRules, type ProxyNode } from './service-rules.ts';
import { BY_SERVICE, serviceSliceIndex } from './slice-index.ts';
import { UdpPorts } from './udp-ports.ts';
import { wantedHealthChecks } from './wanted-health-checks.ts';

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
  /** CIDRs, or `primary` for the addresses of the node object; default: all local addresses. */
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

const BRIDGE_NETFILTER = 'net/bridge/bridge-nf-call-iptables';
const ZONE_LABEL = 'topology.kubernetes.io/zone';
/** When the change of a pod or Service happened that a slice's last change is about. */
const TRIGGER_ANNOTATION = 'endpoints.kubernetes.io/last-change-trigger-time';

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
  const serviceInformer = informers.of(services, balancedIndex);
  const sliceInformer = informers.of(endpointSlices, serviceSliceIndex);
  // Alone, it reads no node but its own.
  const ownNode = { fieldSelector: `metadata.name=${nodeName}`, clock, random, log };
  const nodeInformer = options.informers?.of(nodes) ?? createInformer(client.resource(nodes), ownNode);
  const reading = options.informers === undefined ? [nodeInformer.run(running), informers.run(running)] : [];
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
  const metrics =
    options.metrics === undefined
      ? undefined
      : createProxyMetrics(options.metrics, family.nft === 'ip' ? 'IPv4' : 'IPv6');
  const cleaner = new FlowCleaner(run, log);
  const session = ending.use(
    new NftSession({ clock, ...(options.sessionCommand && { command: options.sessionCommand }) }),
  );
  const healthChecks = ending.use(new HealthCheckPorts(() => health.healthy, log));
  const loopback =
    (options.localhostNodePorts ?? true)
      ? await openLoopback({ family: family.nft, table: tableName, run, sysctls }, running)
      : { works: false, ours: false };
  let node = currentNode();
  const hooks = {
    ...(options.clusterCidr !== undefined && { clusterCidr: options.clusterCidr }),
    masqueradeAll: options.masqueradeAll ?? false,
    bridgeNetfilter: await sysctls.set(BRIDGE_NETFILTER, '1'),
    localhostNodePorts: loopback.works,
    loopbackGuard: loopback.ours,
    nodePortAddresses: (options.nodePortAddresses ?? []).flatMap((one) => (one === 'primary' ? node.ips : [one])),
  };

  const udp = new UdpPorts();
  const refreshHealthChecks = () => {
    healthChecks.set(wantedHealthChecks(serviceInformer.store.byIndex(BALANCED, BALANCED), slicesOf, node));
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
      metrics?.written({ startedAt, now }, serviceInformer.store.size);
      let udpChanged = changed === undefined;
      for (const key of changed ?? []) {
        udpChanged = udp.set(key, serviceInformer.store.get(key), slicesOf(key)) || udpChanged;
        for (const slice of slicesOf(key)) {
          const trigger = Date.parse(slice.metadata.annotations?.[TRIGGER_ANNOTATION] ?? '');
          if (trigger > startedAt - 300_000) metrics?.programmed(Math.max(0, now - trigger) / 1000);
        }
      }
      if (changed === undefined) udp.reset(serviceInformer.store.list(), slicesOf);
      if (udpChanged) cleaning.request();
    },
    failed: () => metrics?.failed(),
    session,
    run,
    clock,
    random,
    log,
  });
  const cleaning = oneAtATime(() => cleaner.clean(udp.all(), new Set(node.ips), running));
  ending.defer(() => cleaning.idle());

  const touch = (key: string | undefined) => {
    if (key === undefined) return;
    health.changed();
    writer.touch(key);
    refreshHealthChecksSoon();
  };
  const touchAs = (what: ChangedThing) => (key: string | undefined) => {
    if (key !== undefined) metrics?.changed(what, clock.now());
    touch(key);
  };
  const [touchService, touchSlice] = [touchAs('service'), touchAs('endpoint')];
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
      added: (service, initial) => touchService(initial ? undefined : serviceKey(service)),
      changed: (service) => touchService(serviceKey(service)),
      deleted: (service) => touchService(serviceKey(service)),
    }),
  );
  ending.use(
    sliceInformer.on({
      added: (slice, initial) => touchSlice(initial ? undefined : serviceKeyOfSlice(slice)),
      changed: (slice, before) => {
        touchSlice(serviceKeyOfSlice(slice));
        if (serviceKeyOfSlice(before) !== serviceKeyOfSlice(slice)) touch(serviceKeyOfSlice(before));
      },
      deleted: (slice) => touchSlice(serviceKeyOfSlice(slice)),
    }),
  );
  const nodeChanged = ({ metadata }: Node) => {
    if (metadata.name !== nodeName) return;
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
  const place = { family: ipv4.nft, table: tableName, run, sysctls };
  const guarded = await isGuarded(place);
  const removed = await applyRules(new RuleTable(tableName, ipv4).removal(), run);
  if (!removed.ok) throw new Error(`could not remove the Service rules: ${removed.message}`);
  if (guarded) await closeLoopback(place);
}
