// What one Service contributes to the kernel's rules: chains that pick an endpoint, and elements of the shared maps that
// lead to them. Pure; one Service's contribution depends on nothing but itself, its slices and the node, so a change of
// one Service can be written without looking at the others. Layout: docs of rule-table.ts.
// Rules: k8s.io/kubernetes/pkg/proxy/nftables/proxier.go (behaviour, not layout).
import { BlockList } from 'node:net';
import type { Service } from '../../api/schema/generated/core.v1.gen.ts';
import type { EndpointSlice } from '../../api/schema/generated/discovery.v1.gen.ts';
import { spreadHash } from '../spread-hash.ts';
import { ipv4, type AddressFamily } from './address-family.ts';
import { chooseEndpoints, type BeatingEndpoint, type ChoosingNode, type EndpointChoice } from './endpoint-choice.ts';
import { endpointsOf, servicePortsOf, type ProxyEndpoint, type ServicePort } from './service-port.ts';

export interface ProxyNode extends ChoosingNode {
  /** Where pods have their addresses; undefined: unknown, and only what must be is masqueraded. */
  readonly clusterCidr?: string;
  readonly ips: readonly string[];
}

/** The maps and sets shared by all Services. */
export type Collection =
  | 'cluster-ips'
  | 'balancer-ips'
  | 'service-ips'
  | 'service-nodeports'
  | 'no-endpoint-services'
  | 'no-endpoint-nodeports'
  | 'firewall-ips'
  | 'hairpin-pairs'
  | 'beat-ways'
  | 'beat-ips';

export interface Element {
  readonly collection: Collection;
  readonly key: string;
  /** Undefined in a set. */
  readonly verdict?: string;
}

export interface ServiceRules {
  /** Rules by chain. */
  readonly chains: ReadonlyMap<string, readonly string[]>;
  /** Sets that remember which client went to which endpoint, with the seconds after which they forget. */
  readonly affinitySets: ReadonlyMap<string, number>;
  readonly elements: readonly Element[];
}

export const MASQUERADE_CHAIN = 'mark-for-masquerade';
export const REJECT_CHAIN = 'reject-traffic';
/** The set of Service addresses and ports whose endpoint on this node was heard a moment ago. */
export const HEARTBEATS = 'heartbeats';

export const NO_RULES: ServiceRules = { chains: new Map(), affinitySets: new Map(), elements: [] };

/** The contribution of one Service; NO_RULES for one that has no virtual address. */
export function serviceRules(
  service: Service,
  slices: readonly EndpointSlice[],
  node: ProxyNode,
  family: AddressFamily,
): ServiceRules {
  const ports = servicePortsOf(service, family);
  if (ports.length === 0) return NO_RULES;
  const writer = new Writer();
  for (const port of ports) {
    const choice = chooseEndpoints(port, endpointsOf(port, slices, family), node);
    writePort(writer, port, choice, node, family);
  }
  return writer;
}

class Writer implements ServiceRules {
  readonly chains = new Map<string, readonly string[]>();
  readonly affinitySets = new Map<string, number>();
  readonly elements: Element[] = [];

  add(collection: Collection, key: string, verdict?: string): void {
    this.elements.push(verdict === undefined ? { collection, key } : { collection, key, verdict });
  }
}

function writePort(
  writer: Writer,
  port: ServicePort,
  choice: EndpointChoice,
  node: ProxyNode,
  family: AddressFamily,
): void {
  const id = `${port.namespace}/${port.service}/${port.protocol}/${port.portName === '' ? `p${port.port}` : port.portName}`;
  const at = (address: string): string => `${address} . ${port.protocol} . ${port.port}`;
  const externals = [...port.externalIps, ...port.loadBalancerIps];
  const clusterChain = `cluster-${id}`;
  const localChain = `local-${id}`;

  if (choice.beating !== undefined && port.affinitySeconds === undefined)
    writer.chains.set(clusterChain, whileBeating(writer, id, port, choice.beating, { node, family }));
  else if (choice.cluster.length > 0)
    writer.chains.set(clusterChain, spread(writer, id, port, choice.cluster, { node, family }));
  if (choice.local.length > 0) writer.chains.set(localChain, spread(writer, id, port, choice.local, { node, family }));
  for (const address of new Set([...choice.cluster, ...choice.local].map((endpoint) => endpoint.address)))
    writer.add('hairpin-pairs', `${address} . ${address}`);

  const internal = port.internalLocal
    ? { chain: localChain, usable: choice.local.length > 0 }
    : { chain: clusterChain, usable: choice.cluster.length > 0 };
  // Refused when nobody could answer; dropped when somebody elsewhere could but the policy keeps traffic here.
  const refusal = choice.any ? 'drop' : `goto ${REJECT_CHAIN}`;
  for (const address of port.clusterIps) {
    writer.add('cluster-ips', address);
    if (internal.usable) writer.add('service-ips', at(address), `goto ${internal.chain}`);
    else writer.add('no-endpoint-services', at(address), refusal);
  }

  const externalUsable = port.externalLocal ? choice.local.length > 0 : choice.cluster.length > 0;
  if (externals.length > 0 || port.nodePort > 0) {
    const chain = `external-${id}`;
    if (choice.any) writer.chains.set(chain, externalRules(port, choice, node, family, { clusterChain, localChain }));
    for (const address of externals) {
      if (choice.any) writer.add('service-ips', at(address), `goto ${chain}`);
      if (!externalUsable) writer.add('no-endpoint-services', at(address), refusal);
    }
    if (port.nodePort > 0) {
      const key = `${port.protocol} . ${port.nodePort}`;
      if (choice.any) writer.add('service-nodeports', key, `goto ${chain}`);
      if (!externalUsable) writer.add('no-endpoint-nodeports', key, refusal);
    }
  }

  if (port.poolAddress) for (const address of port.loadBalancerIps) writer.add('balancer-ips', address);

  if (port.loadBalancerIps.length > 0 && port.sourceRanges.length > 0) {
    const chain = `firewall-${id}`;
    writer.chains.set(chain, firewallRules(port, node, family));
    for (const address of port.loadBalancerIps) writer.add('firewall-ips', at(address), `goto ${chain}`);
  }
}

/** Rules that send new connections to this node's own endpoint, and to others while it is silent and there are others. */
function whileBeating(
  writer: Writer,
  id: string,
  port: ServicePort,
  { own, others }: BeatingEndpoint,
  on: { node: ProxyNode; family: AddressFamily },
): string[] {
  const { family } = on;
  if (port.protocol === 'udp')
    for (const address of port.clusterIps) {
      writer.add('beat-ways', `${own.address} . ${own.port} . ${address} . ${port.port}`);
      writer.add('beat-ips', address);
    }
  if (others.length === 0) return spread(writer, id, port, [own], on);
  return [
    `${family.nft} daddr . th dport @${HEARTBEATS} meta l4proto ${port.protocol} dnat to ${family.target(own.address, own.port)}`,
    ...spread(writer, id, port, others, on),
  ];
}

/**
 * Rules that send new connections to `endpoints` in turn, a known client to where it was before. In turn, since by chance ten
 * thousand connections to ten endpoints differ by more than five in a hundred. Each node begins somewhere else, and somewhere
 * else again with other endpoints, so that those in front do not get more.
 */
function spread(
  writer: Writer,
  id: string,
  port: ServicePort,
  inOrder: readonly ProxyEndpoint[],
  { node, family }: { node: ProxyNode; family: AddressFamily },
): string[] {
  const { protocol, affinitySeconds } = port;
  const seed = [node.name, id, ...inOrder.map((one) => family.target(one.address, one.port))].join();
  const start = inOrder.length === 0 ? 0 : spreadHash(seed) % inOrder.length;
  const endpoints = [...inOrder.slice(start), ...inOrder.slice(0, start)];
  if (affinitySeconds === undefined) {
    const [only, ...others] = endpoints;
    if (only !== undefined && others.length === 0)
      return [`meta l4proto ${protocol} dnat to ${family.target(only.address, only.port)}`];
    const targets = endpoints.map(({ address, port }, index) => `${index} : ${address} . ${port}`).join(', ');
    return [`meta l4proto ${protocol} dnat ${family.nft} to numgen inc mod ${endpoints.length} map { ${targets} }`];
  }
  const sticky = endpoints.map(({ address, port }) => {
    // nft's names take no colon.
    const suffix = `${id}-to-${address.replaceAll(':', '_')}/${port}`;
    const chain = `endpoint-${suffix}`;
    // The timeout is part of the name: a set cannot change its own.
    const set = `affinity-${affinitySeconds}-${suffix}`;
    writer.affinitySets.set(set, affinitySeconds);
    writer.chains.set(chain, [
      `update @${set} { ${family.nft} saddr }`,
      `meta l4proto ${protocol} dnat to ${family.target(address, port)}`,
    ]);
    return { chain, set };
  });
  const targets = sticky.map(({ chain }, index) => `${index} : goto ${chain}`).join(', ');
  return [
    ...sticky.map(({ chain, set }) => `${family.nft} saddr @${set} goto ${chain}`),
    `numgen inc mod ${endpoints.length} vmap { ${targets} }`,
  ];
}

/** Traffic to a node port, external address or load balancer address. */
function externalRules(
  port: ServicePort,
  choice: EndpointChoice,
  node: ProxyNode,
  family: AddressFamily,
  { clusterChain, localChain }: { clusterChain: string; localChain: string },
): string[] {
  // The answer must come back through this node, whose address the client knows.
  if (!port.externalLocal) return [`jump ${MASQUERADE_CHAIN}`, `goto ${clusterChain}`];
  const rules: string[] = [];
  // Policy Local keeps the client's address; clients inside the cluster need not care and get every endpoint.
  if (choice.cluster.length > 0) {
    if (node.clusterCidr !== undefined && family.hasCidr(node.clusterCidr))
      rules.push(`${family.nft} saddr ${node.clusterCidr} goto ${clusterChain}`);
    rules.push(`fib saddr type local jump ${MASQUERADE_CHAIN}`, `fib saddr type local goto ${clusterChain}`);
  }
  if (choice.local.length > 0) rules.push(`goto ${localChain}`);
  return rules;
}

function firewallRules(port: ServicePort, node: ProxyNode, family: AddressFamily): string[] {
  const rules = [`${family.nft} saddr { ${[...new Set(port.sourceRanges)].join(', ')} } return`];
  // A node that is allowed may use the load balancer's address as its own source when that address is on its interface.
  if (node.ips.some((ip) => family.has(ip) && port.sourceRanges.some((cidr) => cidrHas(cidr, ip, family))))
    rules.push(`${family.nft} saddr { ${port.loadBalancerIps.join(', ')} } return`);
  return [...rules, 'drop'];
}

function cidrHas(cidr: string, address: string, family: AddressFamily): boolean {
  const [base, bits] = cidr.split('/');
  if (base === undefined || bits === undefined) return false;
  const list = new BlockList();
  list.addSubnet(base, Number(bits), family === ipv4 ? 'ipv4' : 'ipv6');
  return list.check(address, family === ipv4 ? 'ipv4' : 'ipv6');
}
