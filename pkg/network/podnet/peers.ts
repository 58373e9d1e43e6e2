// The other nodes of the cluster as the pod network sees them, and by which way their pods are reached from here: a direct
// route where both nodes are on one link, a tunnel where a router that knows no pods stands between. Pure.
import { cidrsOverlap, networkAddress } from '../../api/meta/ipv4.ts';
import type { Node } from '../../api/schema/generated/core.v1.gen.ts';
import { wayTo, type HostLinks, type HostRoute } from './host-links.ts';
import type { Route } from './routes.ts';

export interface Peer {
  readonly node: string;
  readonly address: string;
  /** IPv4. */
  readonly podCidr: string;
}

export interface PodPaths {
  readonly routes: readonly Route[];
  /** Peers on this machine's links; they know where this node's pods are. */
  readonly neighbours: readonly Peer[];
  /** Peers behind a router. */
  readonly distant: readonly Peer[];
  /** Peers that cannot be reached at all, each with the reason. */
  readonly problems: readonly string[];
}

/** IPv4 CIDRs of a node's pods. */
export function podCidrsOf({ spec }: Node): string[] {
  const cidrs = spec.podCIDRs ?? (spec.podCIDR === undefined ? [] : [spec.podCIDR]);
  return cidrs.filter((cidr) => networkAddress(cidr) !== undefined);
}

/** The IPv4 address at which other nodes reach a node. */
export function addressOf({ status }: Node): string | undefined {
  return (status.addresses ?? []).find(({ type, address }) => type === 'InternalIP' && !address.includes(':'))?.address;
}

/** Every other node that has both a pod CIDR and an address. Of two that claim one CIDR the older one has it. */
export function peersOf(nodes: readonly Node[], nodeName: string): Peer[] {
  const found = new Map<string, Peer>();
  const age = ({ metadata }: Node) => `${metadata.creationTimestamp ?? ''} ${metadata.name ?? ''}`;
  for (const node of nodes.toSorted((a, b) => (age(a) < age(b) ? -1 : 1))) {
    const { name, deletionTimestamp } = node.metadata;
    const address = addressOf(node);
    if (name === nodeName || deletionTimestamp !== undefined || address === undefined) continue;
    for (const podCidr of podCidrsOf(node))
      if (!found.has(podCidr)) found.set(podCidr, { node: name, address, podCidr });
  }
  return [...found.values()].toSorted((a, b) => (a.podCidr < b.podCidr ? -1 : 1));
}

export interface PathOptions {
  readonly links: HostLinks;
  /** Of this node's pods, as far as they are known. */
  readonly ownCidrs: readonly string[];
  /** The device that leads into the tunnel. */
  readonly tunnel: string;
  /** Routes that say nothing about the way between nodes: those to pods. */
  readonly isOfPods: (route: HostRoute) => boolean;
}

export function podPaths(peers: readonly Peer[], { links, ownCidrs, tunnel, isOfPods }: PathOptions): PodPaths {
  const routes: Route[] = [];
  const neighbours: Peer[] = [];
  const distant: Peer[] = [];
  const problems: string[] = [];
  for (const peer of peers) {
    const { podCidr: destination, address: gateway } = peer;
    // Such a route would take the place of the way to this node's own pods.
    const own = ownCidrs.find((cidr) => cidrsOverlap(cidr, destination));
    const way = wayTo(gateway, links, isOfPods);
    if (own !== undefined) problems.push(`${peer.node} has pods at ${destination}, as this node has at ${own}`);
    else if (way.is === 'here') problems.push(`${peer.node} has the address ${gateway}, which is this machine's own`);
    else if (way.is === 'none') problems.push(`no route leads to ${peer.node} at ${gateway}`);
    else if (way.is === 'on-link') {
      neighbours.push(peer);
      routes.push({ destination, gateway, device: way.device });
    } else {
      distant.push(peer);
      routes.push({ destination, gateway: tunnelAddress(peer), device: tunnel });
    }
  }
  return { routes, neighbours, distant, problems };
}

/** A node's own address in the tunnel: the one of its pods' network, which no pod has. */
export function tunnelAddress({ podCidr }: Pick<Peer, 'podCidr'>): string {
  return networkAddress(podCidr) ?? '';
}
