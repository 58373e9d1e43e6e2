// Everything that one node does for the network of the cluster, in one process and over one set of informers: the pod
// network, the Service rules, the DNS server and the load balancer addresses. Knows only how they belong together; each part keeps its own promises.
import { nodes } from '../api/resources.ts';
import { networkAddress, ipv4Number, ipv4Text } from '../api/meta/ipv4.ts';
import type { KubeObject } from '../api/schema/resource-type.ts';
import { SharedInformers } from '../client/shared-informers.ts';
import { addressDevice, holdAddresses } from './announce/address-device.ts';
import { runAnnouncer } from './announce/announcer.ts';
import type { ApiContact } from './announce/api-contact.ts';
import { runDns, type DnsHealth, type DnsOptions } from './dns/dns.ts';
import { runHostCommand, type RunHostCommand } from './host-command.ts';
import { podCidrsOf } from './podnet/peers.ts';
import { DEFAULT_BRIDGE, removeHostRules, runPodNetwork, type PodNetworkOptions } from './podnet/pod-network.ts';
import { removeProxyRules, runProxy, type ProxyOptions } from './proxy/proxy.ts';
import { kernelSysctls } from './sysctl.ts';

export interface NodeNetworkOptions extends Pick<
  ProxyOptions,
  'client' | 'clock' | 'random' | 'log' | 'nodeName' | 'nodeIps'
> {
  /** Where all pods have their addresses. */
  readonly clusterCidr: string;
  /** Of this node's pods; default: what its Node object says, which is waited for. */
  readonly podCidr?: string;
  /** Default `tk0`. */
  readonly bridge?: string;
  /** Undefined: no DNS server here. */
  readonly dns?: {
    readonly clusterIp: string;
    readonly clusterDomain?: string;
    readonly port?: number;
    readonly upstreams?: DnsOptions['upstreams'];
    readonly health?: DnsHealth;
    readonly metrics?: DnsOptions['metrics'];
  };
  readonly proxy?: Pick<
    ProxyOptions,
    'masqueradeAll' | 'nodePortAddresses' | 'localhostNodePorts' | 'health' | 'metrics' | 'tableName'
  >;
  /** Filled in here; what NODE_STATUS_PORT tells other nodes. */
  readonly apiContact?: ApiContact;
  /** How host tools are run; for tests. */
  readonly host?: Pick<PodNetworkOptions, 'run' | 'watch' | 'sysctls'>;
}

/** Until `signal`. Throws one sentence when this machine cannot have a network for pods. */
export async function runNodeNetwork(options: NodeNetworkOptions, signal: AbortSignal): Promise<void> {
  const { client, clock, random, log, nodeName, nodeIps, clusterCidr, podCidr, dns, apiContact, host = {} } = options;
  const { bridge = DEFAULT_BRIDGE } = options;
  const { run = runHostCommand, sysctls = kernelSysctls, watch } = host;
  const stop = new AbortController();
  const running = AbortSignal.any([signal, stop.signal]);
  const informers = new SharedInformers(client, { clock, random, log, transform: withoutManagedFields });
  const part = (name: string) => ({ client, clock, random, log: log.with({ part: name }), nodeName, informers });
  const parts = [
    runPodNetwork(
      { ...part('podnet'), clusterCidr, bridge, run, sysctls, ...(podCidr && { podCidr }), ...(watch && { watch }) },
      running,
    ),
    runAnnouncer({ ...part('announcer'), bridge, run, sysctls, ...(apiContact && { contact: apiContact }) }, running),
    runProxy({ ...part('proxy'), nodeIps, clusterCidr, ...options.proxy, run, sysctls }, running),
    ...(dns === undefined ? [] : [runDnsHere({ ...part('dns'), run }, dns, podCidr, running)]),
    informers.run(running),
  ];
  try {
    await Promise.all(parts);
  } finally {
    // One that fails ends the others.
    stop.abort();
    await Promise.allSettled(parts);
  }
}

/** Takes away everything that runNodeNetwork leaves behind. Safe to repeat. */
export async function removeNodeNetwork(
  options: { bridge?: string; tableName?: string } & Pick<PodNetworkOptions, 'run' | 'sysctls'> = {},
): Promise<void> {
  await removeProxyRules(options);
  await holdAddresses(addressDevice(options.bridge ?? DEFAULT_BRIDGE), [], options.run ?? runHostCommand);
  await removeHostRules(options);
}

/** The server answers at the first address of this node's pods, which the bridge has. */
async function runDnsHere(
  {
    run,
    ...part
  }: Pick<DnsOptions, 'client' | 'clock' | 'random' | 'log' | 'nodeName'> & {
    readonly informers: SharedInformers;
    readonly run: RunHostCommand;
  },
  { clusterIp, ...more }: NonNullable<NodeNetworkOptions['dns']>,
  podCidr: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const cidr = podCidr ?? (await ownPodCidr(part.informers, part.nodeName, signal));
  if (cidr === undefined) return;
  const network = ipv4Number(networkAddress(cidr) ?? '');
  if (network === undefined) throw new Error(`${cidr} is no IPv4 range of pods`);
  const address = ipv4Text(network + 1);
  // A client that comes again from the port of an earlier question would be led here, whoever has new ones. That nothing was
  // found is told as a failure, and without the tool such a client asks twice.
  const forgetClients = async () =>
    void (await run(['conntrack', '-D', '-p', 'udp', '--orig-dst', clusterIp, '--reply-src', address]));
  await runDns({ ...part, ...more, bindAddresses: [address], register: { clusterIp }, forgetClients }, signal);
}

/** Undefined: `signal` came first. */
function ownPodCidr(informers: SharedInformers, nodeName: string, signal: AbortSignal): Promise<string | undefined> {
  const informer = informers.of(nodes);
  return new Promise((resolve) => {
    const look = () => {
      const node = informer.store.get(nodeName);
      const [cidr] = node === undefined ? [] : podCidrsOf(node);
      if (cidr === undefined && !signal.aborted) return;
      resolve(cidr);
      // It may be there already while this handler is being added.
      queueMicrotask(() => handler[Symbol.dispose]());
    };
    const handler = informer.on({ added: look, changed: look });
    signal.addEventListener('abort', look, { once: true });
    if (signal.aborted) look();
  });
}

/** Often half of an object, and nobody here asks who wrote what. Writes without it leave it as it is. */
function withoutManagedFields<T extends KubeObject>(object: T): T {
  const { managedFields: _managedFields, ...metadata } = object.metadata;
  return { ...object, metadata };
}
