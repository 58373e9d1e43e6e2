// What a node's packet filter must hold for pods to reach each other and the world: masquerade for what leaves the cluster,
// and acceptance of forwarded packets where the container engine's own rules would drop them. Pure texts.

/** The pod network's kernel table; Services have another one. */
export const POD_TABLE = 'typekube-podnet';

/** Own chain in iptables' filter table, jumped to by the chains that would otherwise drop pods' packets. */
export const FORWARD_CHAIN = 'TYPEKUBE-FORWARD';

/**
 * Chains that must jump to FORWARD_CHAIN. A packet accepted in one nft table can still be dropped in another, so the
 * acceptance has to stand in the engine's own table, before its isolation rules: that is what DOCKER-USER is for.
 */
export const JUMPING_CHAINS = ['FORWARD', 'DOCKER-USER'] as const;

export interface PodNetworkRules {
  readonly bridge: string;
  /** Addresses of this node's pods. */
  readonly podCidr: string;
  /** Addresses of all pods. */
  readonly clusterCidr: string;
}

/** nft commands, for one transaction, that replace the table. */
export function podTableText({ bridge, podCidr, clusterCidr }: PodNetworkRules): string {
  const table = `ip ${POD_TABLE}`;
  return [
    `add table ${table}`,
    `delete table ${table}`,
    `add table ${table}`,
    `add chain ${table} postrouting { type nat hook postrouting priority 100; policy accept; }`,
    `add rule ${table} postrouting ip saddr ${podCidr} ip daddr != { ${[clusterCidr, '224.0.0.0/4'].join(', ')} } ` +
      `oifname != "${bridge}" masquerade fully-random`,
    // The bridge may carry larger packets than the way out, and not every path answers with "too big".
    `add chain ${table} clamp { type filter hook forward priority -150; policy accept; }`,
    `add rule ${table} clamp oifname != "${bridge}" iifname "${bridge}" tcp flags syn tcp option maxseg size set rt mtu`,
    '',
  ].join('\n');
}

export function podTableRemoval(): string {
  return `add table ip ${POD_TABLE}\ndelete table ip ${POD_TABLE}\n`;
}

/** For `iptables-restore --noflush`: fills the own chain and leaves everything else alone. */
export function forwardChainText(bridge: string): string {
  return [
    '*filter',
    `:${FORWARD_CHAIN} - [0:0]`,
    `-A ${FORWARD_CHAIN} -i ${bridge} -j ACCEPT`,
    `-A ${FORWARD_CHAIN} -o ${bridge} -j ACCEPT`,
    'COMMIT',
    '',
  ].join('\n');
}
