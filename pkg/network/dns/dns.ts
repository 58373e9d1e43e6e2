// The cluster's DNS server on a node: follows namespaces, Services and EndpointSlices, answers from memory, forwards the
// rest, and keeps itself registered as kube-system/kube-dns.
import type { Registry } from 'prom-client';
import { findCondition } from '../../api/meta/conditions.ts';
import type { Node } from '../../api/schema/generated/core.v1.gen.ts';
import { endpointSlices, namespaces, nodes, services } from '../../api/resources.ts';
import { Backoff } from '../../client/backoff.ts';
import type { Client } from '../../client/client.ts';
import { SharedInformers } from '../../client/shared-informers.ts';
import type { Clock, Random } from '../../clock/clock.ts';
import type { Logger } from '../../logging/logger.ts';
import { SILENT_AFTER_MS } from '../heartbeat.ts';
import { BY_SERVICE, serviceSliceIndex } from '../proxy/slice-index.ts';
import type { ZoneView } from './answer.ts';
import { createDnsMetrics, noDnsMetrics } from './dns-metrics.ts';
import { Forwarder } from './forwarder.ts';
import { followHostUpstreams } from './host-upstreams.ts';
import {
  DNS_NAMESPACE,
  DNS_SERVICE,
  hasOthers,
  isRegistered,
  lostNodes,
  register,
  SERVICE_PORT,
  slicesToCorrect,
  type Registration,
} from './registration.ts';
import { Resolver } from './resolver.ts';
import type { Upstream } from './resolv-conf.ts';
import { serveDns } from './server.ts';
import { Zone } from './zone.ts';

export interface DnsOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Addresses that may not exist yet are waited for. The first is the one that is registered. */
  readonly bindAddresses: readonly string[];
  /** Default 53. */
  readonly port?: number;
  /** Default `cluster.local`. */
  readonly clusterDomain?: string;
  /** Default: the servers of the host's resolv.conf, followed as it changes. */
  readonly upstreams?: readonly Upstream[];
  readonly nodeName: string;
  /** Undefined: somebody else makes this server known. */
  readonly register?: { readonly clusterIp: string };
  /** Called once others have the clients, before the sockets close: known connections still lead here. */
  readonly forgetClients?: () => Promise<void>;
  /** Informers that others in the process use too and run; by default the server runs its own. */
  readonly informers?: SharedInformers;
  readonly health?: DnsHealth;
  readonly metrics?: Registry;
}

/** What the program tells about the server; filled in by runDns. */
export interface DnsHealth {
  /** Some address answers. */
  listening: boolean;
  /** All of the cluster is known. */
  synced: boolean;
}

export const DEFAULT_CLUSTER_DOMAIN = 'cluster.local';
const DNS_PORT = 53;
/** The registration is looked at this often even when nothing says that it changed. */
const REGISTRATION_CHECK_MS = 30_000;
const SERVICE_KEY = `${DNS_NAMESPACE}/${DNS_SERVICE}`;
/** Answers that are on their way when the last client was led here. */
const LEAVE_MARGIN_MS = 200;

/**
 * Answers until `signal`, and, where others take over, until the kernel leads clients to them. Throws when an address is taken by
 * another program.
 */
export async function runDns(options: DnsOptions, signal: AbortSignal): Promise<void> {
  const { client, clock, random, log, bindAddresses, port = DNS_PORT } = options;
  const domain = (options.clusterDomain ?? DEFAULT_CLUSTER_DOMAIN).toLowerCase().replace(/\.$/, '');
  const stop = new AbortController();
  const running = AbortSignal.any([signal, stop.signal]);
  const health = options.health ?? { listening: false, synced: false };

  const informers = options.informers ?? new SharedInformers(client, { clock, random, log });
  await using following = followZone(informers, clock);
  const reading = options.informers === undefined ? informers.run(running) : Promise.resolve();
  void following.synced(running).then(
    () => (health.synced = true),
    () => undefined, // stopped before
  );

  const forwarder: Forwarder = new Forwarder({ clock, metrics: () => metrics });
  const metrics =
    options.metrics === undefined ? noDnsMetrics : createDnsMetrics(options.metrics, () => forwarder.keptCount);
  const own = new Set([...bindAddresses, ...(options.register === undefined ? [] : [options.register.clusterIp])]);
  if (options.upstreams !== undefined) forwarder.setUpstreams(options.upstreams);
  const upstreams =
    options.upstreams === undefined
      ? followHostUpstreams({ own, clock, log, changed: (found) => forwarder.setUpstreams(found) }, running)
      : Promise.resolve();
  const resolver = new Resolver({ forwarder, random, clock, metrics, view: () => following.view(domain) });

  const firstListens = Promise.withResolvers<void>();
  const serving = new AbortController();
  const leaving = aborted(running).then(async () => {
    const slices = informers.of(endpointSlices, serviceSliceIndex).store.byIndex(BY_SERVICE, SERVICE_KEY);
    if (signal.aborted && options.register !== undefined && hasOthers(slices, options.nodeName)) {
      await clock.sleep(SILENT_AFTER_MS + LEAVE_MARGIN_MS);
      await options.forgetClients?.();
    }
    serving.abort();
  });
  const registering =
    options.register === undefined
      ? Promise.resolve()
      : keepRegistered(options, options.register.clusterIp, informers, firstListens.promise, running);
  try {
    await Promise.all(
      bindAddresses.map((address, index) =>
        serveDns(
          {
            resolver,
            address,
            port,
            clock,
            log,
            // The first address is the one that is registered.
            ...(index === 0 &&
              options.register !== undefined && {
                heartbeat: {
                  to: options.register.clusterIp,
                  port: SERVICE_PORT,
                  alive: () => health.synced && !running.aborted,
                },
              }),
            listening() {
              health.listening = true;
              if (index === 0) firstListens.resolve();
            },
          },
          serving.signal,
        ),
      ),
    );
  } finally {
    health.listening = false;
    stop.abort();
    firstListens.resolve();
    await Promise.all([reading, upstreams, registering, leaving]);
  }
}

interface Following extends AsyncDisposable {
  view(domain: string): ZoneView;
  synced(signal: AbortSignal): Promise<void>;
}

function followZone(informers: SharedInformers, clock: Clock): Following {
  const zone = new Zone();
  let serial = Math.floor(clock.now() / 1000);
  const changing =
    <T>(change: (object: T) => void) =>
    (object: T) => {
      change(object);
      serial++;
    };
  const all = [informers.of(namespaces), informers.of(services), informers.of(endpointSlices)] as const;
  const putNamespace = changing<{ metadata: { name?: string } }>(({ metadata }) =>
    zone.putNamespace(metadata.name ?? ''),
  );
  const putService = changing<Parameters<Zone['putService']>[0]>((object) => zone.putService(object));
  const putSlice = changing<Parameters<Zone['putSlice']>[0]>((object) => zone.putSlice(object));
  const handlers = [
    all[0].on({
      added: putNamespace,
      deleted: changing(({ metadata }) => zone.removeNamespace(metadata.name ?? '')),
    }),
    all[1].on({ added: putService, changed: putService, deleted: changing((object) => zone.removeService(object)) }),
    all[2].on({ added: putSlice, changed: putSlice, deleted: changing((object) => zone.removeSlice(object)) }),
  ];
  return {
    view: (domain) => ({ zone, domain, serial: serial >>> 0, complete: all.every(({ hasSynced }) => hasSynced) }),
    synced: async (signal) => void (await Promise.all(all.map((informer) => informer.synced(signal)))),
    [Symbol.asyncDispose]: () => {
      for (const handler of handlers) handler[Symbol.dispose]();
      return Promise.resolve();
    },
  };
}

async function keepRegistered(
  { client, clock, random, log, bindAddresses, port = DNS_PORT, nodeName }: DnsOptions,
  clusterIp: string,
  informers: SharedInformers,
  listening: Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  await listening;
  const registration: Registration = { clusterIp, address: bindAddresses[0] ?? '', port, nodeName };
  const serviceInformer = informers.of(services);
  const sliceInformer = informers.of(endpointSlices, serviceSliceIndex);
  const backoff = new Backoff({ initialMs: 200, maxMs: 10_000 }, clock, random);
  let wake = Promise.withResolvers<void>();
  const look = () => wake.resolve();
  const concerns = (object: { metadata: { name?: string; namespace?: string } }) => {
    if (object.metadata.namespace === DNS_NAMESPACE && object.metadata.name?.startsWith(DNS_SERVICE) === true) look();
  };
  using _services = serviceInformer.on({ added: concerns, changed: concerns, deleted: concerns });
  using _slices = sliceInformer.on({ added: concerns, changed: concerns, deleted: concerns });
  const nodeInformer = informers.of(nodes);
  using _nodes = nodeInformer.on({
    added: look,
    // Nodes report all the time; only what they are is of interest.
    changed: (node, before) => {
      if (readiness(node) !== readiness(before)) look();
    },
    deleted: look,
  });
  signal.addEventListener('abort', look, { once: true });
  while (!signal.aborted) {
    wake = Promise.withResolvers();
    const service = serviceInformer.store.get({ namespace: DNS_NAMESPACE, name: DNS_SERVICE });
    const slice = sliceInformer.store.get({ namespace: DNS_NAMESPACE, name: `${DNS_SERVICE}-${nodeName}` });
    const lost = lostNodes(nodeInformer.store.list());
    const ready = !lost.has(nodeName);
    const slices = sliceInformer.store.byIndex(BY_SERVICE, SERVICE_KEY);
    const others = sliceInformer.hasSynced && nodeInformer.hasSynced ? slicesToCorrect(slices, nodeName, lost) : [];
    if (!isRegistered(service, slice, registration, ready) || others.length > 0) {
      try {
        await register(client, registration, ready, signal);
        for (const other of others) await client.resource(endpointSlices).update(other, {}, signal);
        backoff.reset();
      } catch (error) {
        if (signal.aborted) break;
        log.info('could not register as the cluster DNS yet', { error });
        await clock.sleep(backoff.nextMs(), signal).catch(() => undefined);
        continue;
      }
    }
    using _check = clock.schedule(REGISTRATION_CHECK_MS, look);
    if (!signal.aborted) await wake.promise;
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function readiness({ status }: Node): string | undefined {
  return findCondition(status.conditions, 'Ready')?.status;
}
