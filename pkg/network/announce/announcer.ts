// Answers on the cluster's network for the load balancer addresses that are this node's to answer for: holds them on a device of
// its own, and tells the neighbours when one came. Addresses stay for some seconds when it stops, so that the next one goes on.
import { endpointSlices, nodes, services } from '../../api/resources.ts';
import type { Node, Service } from '../../api/schema/generated/core.v1.gen.ts';
import type { Client } from '../../client/client.ts';
import type { SharedInformers } from '../../client/shared-informers.ts';
import type { Clock } from '../../clock/clock.ts';
import type { Logger } from '../../logging/logger.ts';
import type { RunHostCommand } from '../host-command.ts';
import { readHostLinks, type HostLinks } from '../podnet/host-links.ts';
import { BALANCED, balancedIndex } from '../proxy/balanced-index.ts';
import { BY_SERVICE, serviceSliceIndex } from '../proxy/slice-index.ts';
import type { Sysctls } from '../sysctl.ts';
import { addressDevice, HOLD_AGAIN_MS, holdAddresses } from './address-device.ts';
import { announcements, hasPoolAddresses } from './announcements.ts';
import { ApiContact, type AskNode } from './api-contact.ts';
import { Isolation } from './isolation.ts';
import { LingeringNodes } from './lingering-nodes.ts';
import { giveNotice, linkOf, noticeTarget } from './neighbour-notice.ts';
import { NodeProbes, type Probe } from './node-probe.ts';

export interface AnnouncerOptions {
  readonly client: Client;
  readonly informers: SharedInformers;
  readonly clock: Clock;
  readonly log: Logger;
  readonly nodeName: string;
  readonly bridge: string;
  readonly run: RunHostCommand;
  readonly sysctls: Sysctls;
  readonly probe?: Probe;
  /** What others may be told of; default: it stays here. */
  readonly contact?: ApiContact;
  readonly askNode?: AskNode;
}

/** Changes come in bursts. */
const GATHER_MS = 50;
/** Neighbours are told again so soon after an address came (a notice may be lost) and then at every look. */
const REPEATS = 3;
const REPEAT_MS = 1_000;
const RECHECK_MS = 30_000;

/** Until `signal`. */
export async function runAnnouncer(options: AnnouncerOptions, signal: AbortSignal): Promise<void> {
  const { client, informers, clock, log, nodeName, bridge, run, sysctls, probe, askNode } = options;
  const device = addressDevice(bridge);
  const [serviceInformer, nodeInformer] = [informers.of(services, balancedIndex), informers.of(nodes)];
  const sliceInformer = informers.of(endpointSlices, serviceSliceIndex);
  try {
    await Promise.all([serviceInformer, nodeInformer, sliceInformer].map((informer) => informer.synced(signal)));
  } catch {
    return; // stopped before
  }
  let wake = Promise.withResolvers<void>();
  const look = () => wake.resolve();
  const probes = new NodeProbes({ clock, changed: look, ...(probe && { probe }) });
  const contact = options.contact ?? new ApiContact(clock);
  contact.heard();
  const isolation = new Isolation({
    contact,
    askApi: (until) => client.resource(nodes).get({ name: nodeName }, until),
    clock,
    changed: look,
    ...(askNode && { askNode }),
  });
  const lingering = new LingeringNodes(clock, nodeName, nodeInformer.store.list());
  const beside = [probes.run(signal), isolation.run(signal)];
  const deaf = new Set<string>();
  const balanced = (service: Service) => {
    if (service.spec.type === 'LoadBalancer') look();
  };
  using _services = serviceInformer.on({
    added: balanced,
    changed: (service, before) => (balanced(service), balanced(before)),
    deleted: balanced,
  });
  using _nodes = nodeInformer.on({
    added: look,
    changed: (node, before) => {
      if (fitness(node) !== fitness(before)) look();
    },
    deleted: look,
  });
  using _slices = sliceInformer.on({ added: look, changed: look, deleted: look });
  signal.addEventListener('abort', look, { once: true });
  let held: readonly string[] | undefined;
  /** How often the neighbours are still to be told soon. */
  let repeats = 0;
  let due = true;
  let [dueAt, holdAgainAt] = [clock.elapsed(), clock.elapsed()];
  let links: HostLinks | undefined;
  while (!signal.aborted) {
    wake = Promise.withResolvers();
    due ||= clock.elapsed() >= dueAt;
    const all = serviceInformer.store.byIndex(BALANCED, BALANCED);
    if (!hasPoolAddresses(all)) links = undefined;
    else if (due || links === undefined) links = (await readHostLinks(run, signal)) ?? links;
    const known = nodeInformer.store.list();
    const cluster = announcements({
      services: all,
      slicesOf: (key) => sliceInformer.store.byIndex(BY_SERVICE, key),
      nodes: known,
      nodeName,
      dead: probes.dead,
      lingering: lingering.among(known),
      segmentOf: (address) => (links === undefined ? undefined : linkOf(address, links)?.cidr),
    });
    probes.watch(cluster.watch);
    isolation.watch({
      concerned: cluster.hold.length > 0 || cluster.watch.size > 0,
      successors: cluster.successors,
    });
    const hold = isolation.isolated ? [] : cluster.hold;
    const changed = held?.join() !== hold.join();
    if (changed && (hold.length > 0 || (held ?? []).length > 0))
      log.info('answers for load balancer addresses', { addresses: hold, isolated: isolation.isolated });
    // Nothing to hold, and nothing held: nothing to look after.
    if (changed || (hold.length > 0 && (due || clock.elapsed() >= holdAgainAt))) {
      holdAgainAt = clock.elapsed() + HOLD_AGAIN_MS;
      const holding = await holdAddresses(device, hold, run, signal);
      if (!holding.ok && !signal.aborted)
        log.warn('cannot hold load balancer addresses', { device, error: holding.message });
      const news = holding.ok && holding.added.length > 0;
      if (news) repeats = REPEATS;
      else if (due) repeats = Math.max(0, repeats - 1);
      if (links !== undefined && (news || due)) await tell(hold, links);
      held = holding.ok ? hold : undefined;
    }
    if (due || changed) dueAt = clock.elapsed() + (repeats > 0 ? REPEAT_MS : RECHECK_MS);
    due = false;
    const waits = [
      dueAt - clock.elapsed(),
      lingering.nextEndMs(),
      ...(hold.length > 0 ? [holdAgainAt - clock.elapsed()] : []),
    ];
    using _again = clock.schedule(Math.min(...waits), look);
    if (!signal.aborted) await wake.promise;
    await clock.sleep(GATHER_MS, signal).catch(() => undefined);
  }
  await Promise.all(beside);

  async function tell(hold: readonly string[], at: HostLinks): Promise<void> {
    const targets = hold.flatMap((address) => {
      const target = noticeTarget(address, at);
      return target === undefined ? [] : [{ address, target }];
    });
    for (const { address, target } of targets) await giveNotice(address, target, run, signal);
    for (const name of ['all', ...new Set(targets.map(({ target }) => target.device))]) {
      const ignoring = (await sysctls.read(`net/ipv4/conf/${name}/arp_ignore`)) ?? '0';
      if (ignoring === '0' || deaf.has(name)) continue;
      deaf.add(name);
      log.warn('arp_ignore keeps this machine from answering for load balancer addresses', { device: name });
    }
  }
}

/** What of a node decides whether it may have addresses. Nodes report their health all the time. */
function fitness({ metadata, status }: Node): string {
  const ready = status.conditions?.find(({ type }) => type === 'Ready')?.status;
  return JSON.stringify([metadata.deletionTimestamp, metadata.labels, ready, status.addresses]);
}
