// The part of the proxy's table that is the same whatever Services there are: the shared maps and sets, and the chains
// that hang on the kernel's hooks. Pure.
// Order within one packet's way: firewall (-110), destination NAT (-100), refusals (input/forward before the filter
// chains of anybody else; output after NAT), source NAT last.
import type { AddressFamily } from './address-family.ts';
import { SILENT_AFTER_MS } from '../heartbeat.ts';
import { HEARTBEATS, MASQUERADE_CHAIN, REJECT_CHAIN, type Collection } from './service-rules.ts';

export interface HookOptions {
  /** Where pods have their addresses. Undefined: only what must be is masqueraded. */
  readonly clusterCidr?: string;
  /** Masquerade everything that goes to a ClusterIP. */
  readonly masqueradeAll: boolean;
  /**
   * Whether packets between two ports of one bridge pass these rules (net.bridge.bridge-nf-call-iptables). If not, an
   * answer between two pods of this node would bypass the reverse translation, so such connections are masqueraded.
   */
  readonly bridgeNetfilter: boolean;
  /** Whether node ports answer on 127.0.0.1 too (net.ipv4.conf.all.route_localnet). */
  readonly localhostNodePorts: boolean;
  /** Whether to keep neighbours out of 127.0.0.0/8, which was opened for localhostNodePorts. */
  readonly loopbackGuard: boolean;
  /** CIDRs of the local addresses that node ports answer on; empty: all. */
  readonly nodePortAddresses: readonly string[];
}

export interface HookChain {
  readonly chain: string;
  /** Undefined: a chain that others jump to. */
  readonly hook?: string;
  readonly rules: readonly string[];
}

/** The bit of the packet mark that says: masquerade on the way out. The same as kube-proxy's and the kubelet's. */
export const MASQUERADE_MARK = 0x4000;

/** One for each Service port whose endpoints beat; the cluster's DNS is one. */
const HEARTBEATS_LIMIT = 1_024;

/** Sets and maps with their nft type. */
export function collections(
  family: AddressFamily,
): { name: Collection | typeof HEARTBEATS; kind: 'set' | 'map'; body: string }[] {
  const { addressType } = family;
  const servicePort = `type ${addressType} . inet_proto . inet_service : verdict;`;
  const nodePort = 'type inet_proto . inet_service : verdict;';
  return [
    { name: 'cluster-ips', kind: 'set', body: `type ${addressType};` },
    { name: 'balancer-ips', kind: 'set', body: `type ${addressType};` },
    { name: 'hairpin-pairs', kind: 'set', body: `type ${addressType} . ${addressType};` },
    { name: 'beat-ways', kind: 'set', body: `type ${addressType} . inet_service . ${addressType} . inet_service;` },
    { name: 'beat-ips', kind: 'set', body: `type ${addressType};` },
    {
      name: HEARTBEATS,
      kind: 'set',
      body: `type ${addressType} . inet_service; flags dynamic,timeout; timeout ${SILENT_AFTER_MS}ms; size ${HEARTBEATS_LIMIT};`,
    },
    { name: 'service-ips', kind: 'map', body: servicePort },
    { name: 'service-nodeports', kind: 'map', body: nodePort },
    { name: 'no-endpoint-services', kind: 'map', body: servicePort },
    { name: 'no-endpoint-nodeports', kind: 'map', body: nodePort },
    { name: 'firewall-ips', kind: 'map', body: servicePort },
  ];
}

export function hookChains(family: AddressFamily, options: HookOptions): HookChain[] {
  const ip = family.nft;
  const destination = `${ip} daddr . meta l4proto . th dport`;
  const nodePorts = nodePortMatch(family, options);
  const clusterCidr =
    options.clusterCidr !== undefined && family.hasCidr(options.clusterCidr) ? options.clusterCidr : undefined;
  const mark = `0x${MASQUERADE_MARK.toString(16)}`;
  const unmarked = `0x${(~MASQUERADE_MARK >>> 0).toString(16)}`;
  return [
    { chain: MASQUERADE_CHAIN, rules: [`meta mark set meta mark or ${mark}`] },
    { chain: REJECT_CHAIN, rules: ['reject'] },
    {
      chain: 'services',
      rules: [
        // Clients from elsewhere must get the answer from this node; pods are answered directly.
        ...(options.masqueradeAll
          ? [`${ip} daddr @cluster-ips jump ${MASQUERADE_CHAIN}`]
          : clusterCidr === undefined
            ? []
            : [`${ip} daddr @cluster-ips ${ip} saddr != ${clusterCidr} jump ${MASQUERADE_CHAIN}`]),
        `${destination} vmap @service-ips`,
        `${nodePorts} meta l4proto . th dport vmap @service-nodeports`,
      ],
    },
    {
      chain: 'refusals',
      rules: [
        'ct status dnat return',
        `${destination} vmap @no-endpoint-services`,
        `${ip} daddr @cluster-ips goto ${REJECT_CHAIN}`,
        // The node that answers for the address would otherwise show its own ports there.
        `${ip} daddr @balancer-ips meta l4proto { tcp, udp, sctp } goto ${REJECT_CHAIN}`,
        `${nodePorts} meta l4proto . th dport vmap @no-endpoint-nodeports`,
      ],
    },
    { chain: 'firewall', rules: [`${destination} vmap @firewall-ips`] },
    {
      chain: 'nat-prerouting',
      hook: 'type nat hook prerouting priority -100; policy accept;',
      rules: ['jump services'],
    },
    { chain: 'nat-output', hook: 'type nat hook output priority -100; policy accept;', rules: ['jump services'] },
    {
      chain: 'nat-postrouting',
      hook: 'type nat hook postrouting priority 100; policy accept;',
      rules: [
        `ct status dnat ${ip} saddr . ${ip} daddr @hairpin-pairs masquerade fully-random`,
        ...(options.bridgeNetfilter || clusterCidr === undefined
          ? []
          : [`ct status dnat ${ip} saddr ${clusterCidr} ${ip} daddr ${clusterCidr} masquerade fully-random`]),
        `meta mark and ${mark} == 0 return`,
        `meta mark set meta mark and ${unmarked}`,
        'masquerade fully-random',
      ],
    },
    {
      chain: 'heartbeat',
      hook: 'type filter hook output priority -120; policy accept;',
      rules: [
        `${ip} saddr . udp sport . ${ip} daddr . udp dport @beat-ways update @${HEARTBEATS} { ${ip} daddr . udp dport } drop`,
        // A client that hears nothing asks again in a moment, and is led to another; one that is refused gives up.
        ...(family.nft === 'ip'
          ? ['icmp type destination-unreachable icmp code port-unreachable ct original ip daddr @beat-ips drop']
          : []),
      ],
    },
    ...(['prerouting', 'output'] as const).map((hook) => ({
      chain: `filter-${hook}`,
      hook: `type filter hook ${hook} priority -110; policy accept;`,
      rules: ['ct state new jump firewall'],
    })),
    {
      chain: 'filter-forward',
      hook: 'type filter hook forward priority -110; policy accept;',
      rules: [
        // A packet out of window that was not translated would reach the peer from an address it never spoke to, and be
        // answered by a reset of a good connection.
        ...(clusterCidr === undefined ? [] : [`ct state invalid ${ip} saddr ${clusterCidr} drop`]),
        'ct state new jump refusals',
      ],
    },
    {
      chain: 'filter-input',
      hook: 'type filter hook input priority -110; policy accept;',
      rules: ['ct state new jump refusals'],
    },
    {
      chain: 'filter-output-translated',
      hook: 'type filter hook output priority -90; policy accept;',
      rules: ['ct state new jump refusals'],
    },
    ...(options.loopbackGuard ? [loopbackGuard(family)] : []),
  ];
}

function nodePortMatch(family: AddressFamily, options: HookOptions): string {
  const ip = family.nft;
  const addresses = options.nodePortAddresses.filter((cidr) => family.hasCidr(cidr));
  if (addresses.length > 0) return `${ip} daddr { ${addresses.join(', ')} } fib daddr type local`;
  return options.localhostNodePorts ? 'fib daddr type local' : `${ip} daddr != ${family.loopback} fib daddr type local`;
}

/** route_localnet lets neighbours send to 127.0.0.0/8 of this host (CVE-2020-8558); nobody but the host itself may. */
function loopbackGuard(family: AddressFamily): HookChain {
  return {
    chain: 'loopback-guard',
    hook: 'type filter hook prerouting priority -300; policy accept;',
    rules: [`iifname != "lo" ${family.nft} daddr ${family.loopback} drop`],
  };
}
