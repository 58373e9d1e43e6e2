// What the host needs beside the engine's bridge for pods to have a network: forwarding switched on and accepted,
// masquerade for what leaves the cluster, hairpin on the bridge's ports, ways to other nodes' pods. Looks again every half
// minute, because engines and firewalls rewrite what is theirs, and at routes as soon as the kernel tells of a change. Everything stays when it stops, so that a restart
// interrupts nobody; removeHostRules() takes it away.
import { nodes } from '../../api/resources.ts';
import type { Node } from '../../api/schema/generated/core.v1.gen.ts';
import type { Client } from '../../client/client.ts';
import { SharedInformers } from '../../client/shared-informers.ts';
import type { Clock, Random } from '../../clock/clock.ts';
import type { Logger } from '../../logging/logger.ts';
import { runHostCommand, type RunHostCommand } from '../host-command.ts';
import { HostMonitor } from '../host-monitor.ts';
import type { watchHost } from '../host-watch.ts';
import { applyRules, chainExists, requireNft } from '../proxy/nftables.ts';
import { kernelSysctls, type Sysctls } from '../sysctl.ts';
import { keepBridgePorts } from './bridge-ports.ts';
import { ensureForwarding, removeForwarding } from './forwarding.ts';
import { podTable, podTableRemoval, podTableText } from './host-rules.ts';
import { concernsPaths, PathKeeper } from './path-keeper.ts';
import { podCidrsOf } from './peers.ts';
import { removeRoutes } from './routes.ts';
import { removeTunnel, tunnelDevice } from './tunnel.ts';

export interface PodNetworkOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly random?: Random;
  readonly log: Logger;
  readonly nodeName: string;
  /** Of this node; default: what its Node object says, else clusterCidr: what pods have is masqueraded either way. */
  readonly podCidr?: string;
  /** Of all nodes. */
  readonly clusterCidr: string;
  /** Default `tk0`. */
  readonly bridge?: string;
  /** Informers that others in the process use too and run; by default the pod network runs its own. */
  readonly informers?: SharedInformers;
  readonly run?: RunHostCommand;
  readonly watch?: typeof watchHost;
  readonly sysctls?: Sysctls;
}

export const DEFAULT_BRIDGE = 'tk0';

const RECHECK_MS = 30_000;
/** Changes of links and nodes come in bursts. */
const GATHER_MS = 20;
const BRIDGE_NETFILTER = 'net/bridge/bridge-nf-call-iptables';

/** Keeps the pod network until `signal`. Throws one sentence when this machine cannot have one. */
export async function runPodNetwork(options: PodNetworkOptions, signal: AbortSignal): Promise<void> {
  const { client, clock, random, log, nodeName, bridge = DEFAULT_BRIDGE, clusterCidr } = options;
  const { run = runHostCommand, sysctls = kernelSysctls } = options;
  await requireNft(run, signal);
  await switchOn(run, sysctls, log, signal);

  const stop = new AbortController();
  const running = AbortSignal.any([signal, stop.signal]);
  const informers = options.informers ?? new SharedInformers(client, { clock, ...(random && { random }), log });
  const informer = informers.of(nodes);
  const monitor = new HostMonitor(clock, options.watch);
  const beside = [
    monitor.run(running),
    keepBridgePorts({ bridge, run, monitor, clock, log }, running),
    ...(options.informers === undefined ? [informers.run(running)] : []),
  ];
  let wake = Promise.withResolvers<void>();
  /** Rules are looked at now and then; routes also whenever the kernel says that something about them changed. */
  let rulesDue = true;
  const look = () => wake.resolve();
  const lookAtAll = () => {
    rulesDue = true;
    look();
  };
  using _lines = monitor.on((line) => {
    if (concernsPaths(line, bridge)) look();
  });
  // Nodes report their health all the time; only what the rules and routes come from is a reason to look.
  const concerns = ({ metadata, spec, status }: Node) =>
    JSON.stringify([metadata.deletionTimestamp, spec.podCIDR, spec.podCIDRs, status.addresses]);
  using _handlers = informer.on({
    added: look,
    changed: (node, before) => {
      if (concerns(node) !== concerns(before)) look();
    },
    deleted: look,
  });
  signal.addEventListener('abort', look, { once: true });

  const problems = new ReportOnce(log);
  const paths = new PathKeeper({ nodeName, bridge, run });
  let neighbours: readonly string[] = [];
  let written = '';
  try {
    while (!signal.aborted) {
      wake = Promise.withResolvers();
      const checkRules = rulesDue;
      rulesDue = false;
      if (checkRules) {
        const forwarding = await ensureForwarding(bridge, run, signal);
        problems.report('forwarding', forwarding.ok ? undefined : forwarding.message);
      }
      const own = informer.store.get(nodeName);
      const podCidr = options.podCidr ?? (own === undefined ? undefined : podCidrsOf(own)[0]);
      // Before the first list nothing is known of other nodes, and what leads to them must stay.
      if (informer.hasSynced) {
        const kept = await paths.keep(informer.store.list(), podCidr, signal);
        for (const [what, problem] of Object.entries(kept.problems)) problems.report(what, problem);
        neighbours = kept.neighbours;
      }
      const text = podTableText({ bridge, podCidr: podCidr ?? clusterCidr, clusterCidr, neighbours });
      const place = { family: 'ip', table: podTable(bridge), chain: 'postrouting' };
      if (text !== written || (checkRules && !(await chainExists(place, run, signal)))) {
        const applied = await applyRules(text, run, signal);
        problems.report('masquerade', applied.ok ? undefined : applied.message);
        written = applied.ok ? text : '';
      }
      using _recheck = clock.schedule(RECHECK_MS, lookAtAll);
      if (!signal.aborted) await wake.promise;
      await clock.sleep(GATHER_MS, signal).catch(() => undefined);
    }
  } finally {
    signal.removeEventListener('abort', look);
    stop.abort();
    await Promise.all(beside);
  }
}

/** Takes away everything that runPodNetwork leaves behind. Safe to repeat. Switches that the engine needs too stay on. */
export async function removeHostRules(options: { bridge?: string; run?: RunHostCommand } = {}): Promise<void> {
  const { bridge = DEFAULT_BRIDGE, run = runHostCommand } = options;
  await removeForwarding(bridge, run);
  await removeRoutes(run);
  await removeTunnel(tunnelDevice(bridge), run);
  if ((await run(['nft', '--version'])).outcome === 'missing') return;
  const removed = await applyRules(podTableRemoval(bridge), run);
  if (!removed.ok) throw new Error(`could not remove the pod network's rules: ${removed.message}`);
}

async function switchOn(run: RunHostCommand, sysctls: Sysctls, log: Logger, signal: AbortSignal): Promise<void> {
  if (!(await sysctls.set('net/ipv4/ip_forward', '1')))
    throw new Error('cannot switch on net.ipv4.ip_forward, without which pods have no network: run as root');
  if ((await sysctls.read(BRIDGE_NETFILTER)) === undefined) await run(['modprobe', 'br_netfilter'], {}, signal);
  if (!(await sysctls.set(BRIDGE_NETFILTER, '1')))
    log.warn('net.bridge.bridge-nf-call-iptables cannot be set: pods see the node as the client of their Services');
}

/** Says a problem when it appears or changes, and once that it is over; not at every look. */
class ReportOnce {
  readonly #log: Logger;
  readonly #said = new Map<string, string>();

  constructor(log: Logger) {
    this.#log = log;
  }

  report(what: string, problem: string | undefined): void {
    const before = this.#said.get(what);
    if (problem === before) return;
    if (problem === undefined) {
      this.#said.delete(what);
      this.#log.info('the pod network is in order again', { what });
      return;
    }
    this.#said.set(what, problem);
    this.#log.warn('the pod network is not in order', { what, error: problem });
  }
}
