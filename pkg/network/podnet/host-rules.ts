// What a node's packet filter must hold for pods to reach each other and the world: masquerade for what leaves the cluster,
// and acceptance of forwarded packets where the container engine's own rules would drop them. Pure texts.

/** The kernel table of one bridge's pods; Services have another one. Each bridge has its own, so clusters can share a host. */
export function podTable(bridge: string): string {
  return `typekube-podnet-${bridge}`;
}

const CHAIN_PREFIX = 'TYPEKUBE-';

/** The bridge's own chain in iptables' filter table, jumped to by the chains that would otherwise drop pods' packets. */
export function forwardChain(bridge: string): string {
  return `${CHAIN_PREFIX}${bridge}`;
}

/**
 * Chains that must jump to the bridge's own. A packet accepted in one nft table can still be dropped in another, so the
 * acceptance has to stand in the engine's own table, before its isolation rules: that is what DOCKER-USER is for.
 */
export const JUMPING_CHAINS = ['FORWARD', 'DOCKER-USER'] as const;

export interface PodNetworkRules {
  readonly bridge: string;
  /** Addresses of this node's pods. */
  readonly podCidr: string;
  /** Addresses of all pods. */
  readonly clusterCidr: string;
  /** Nodes that know the way to this node's pods: they see the pods' own addresses. */
  readonly neighbours?: readonly string[];
}

/** nft commands, for one transaction, that replace the table. */
export function podTableText({ bridge, podCidr, clusterCidr, neighbours = [] }: PodNetworkRules): string {
  const table = `ip ${podTable(bridge)}`;
  return [
    `add table ${table}`,
    `delete table ${table}`,
    `add table ${table}`,
    `add set ${table} cluster { type ipv4_addr; flags interval; auto-merge; }`,
    ...elements([clusterCidr, '224.0.0.0/4', ...neighbours], `add element ${table} cluster`),
    `add chain ${table} postrouting { type nat hook postrouting priority 100; policy accept; }`,
    // What came in by the bridge only: the nodes of another cluster may be containers on this machine, whose packets between
    // each other pass these rules too, and whose pods may have the same addresses.
    `add rule ${table} postrouting iifname "${bridge}" ip saddr ${podCidr} ip daddr != @cluster oifname != "${bridge}" masquerade fully-random`,
    // The bridge may carry larger packets than the way out, and not every path answers with "too big".
    `add chain ${table} clamp { type filter hook forward priority -150; policy accept; }`,
    `add rule ${table} clamp oifname != "${bridge}" iifname "${bridge}" tcp flags syn tcp option maxseg size set rt mtu`,
    '',
  ].join('\n');
}

/** Elements in one command; nft's parser slows down on longer ones. */
const ELEMENTS_PER_COMMAND = 500;

function elements(all: readonly string[], command: string): string[] {
  const parts: string[] = [];
  for (let from = 0; from < all.length; from += ELEMENTS_PER_COMMAND)
    parts.push(`${command} { ${all.slice(from, from + ELEMENTS_PER_COMMAND).join(', ')} }`);
  return parts;
}

export function podTableRemoval(bridge: string): string {
  return `add table ip ${podTable(bridge)}\ndelete table ip ${podTable(bridge)}\n`;
}

/** For `iptables-restore --noflush`: fills the own chain and leaves everything else alone. */
export function forwardChainText(bridge: string): string {
  return [
    '*filter',
    `:${forwardChain(bridge)} - [0:0]`,
    `-A ${forwardChain(bridge)} -i ${bridge} -j ACCEPT`,
    `-A ${forwardChain(bridge)} -o ${bridge} -j ACCEPT`,
    'COMMIT',
    '',
  ].join('\n');
}

/**
 * Whether the jump comes before everything that is not ours, in what `iptables -S CHAIN` lists. It must: an engine that
 * starts later puts its own rules first. Jumps of other bridges may stand before it.
 */
export function jumpsFirst(chain: string, bridge: string, listing: string): boolean {
  for (const line of listing.split('\n').filter((text) => text.startsWith('-A '))) {
    if (line === jumpRule(chain, bridge)) return true;
    if (!line.startsWith(`-A ${chain} -j ${CHAIN_PREFIX}`)) return false;
  }
  return false;
}

export function jumpRule(chain: string, bridge: string): string {
  return `-A ${chain} -j ${forwardChain(bridge)}`;
}
