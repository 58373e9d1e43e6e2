// How fast nodes may be given up, zone by zone, by Kubernetes' rules: normally one node in ten seconds; slower or not at all
// in a zone that has lost more than half of its nodes; never when no node of the whole cluster answers, because then it is
// most likely the control plane that is cut off. Pure.
import type { Node } from '../../api/schema/generated/core.v1.gen.ts';
import { readyStatus } from './health.ts';

export interface EvictionRates {
  /** Nodes per second in a healthy zone. */
  readonly normal: number;
  /** In a large zone that is partly down; small ones stop. */
  readonly degraded: number;
  readonly largeZone: number;
  readonly unhealthyShare: number;
}

export function zoneOf(node: Node): string {
  const labels = node.metadata.labels ?? {};
  const region = labels['topology.kubernetes.io/region'] ?? '';
  const zone = labels['topology.kubernetes.io/zone'] ?? '';
  return region === '' && zone === '' ? '' : `${region}:${zone}`;
}

export interface ZoneRates {
  /** Nodes per second that may be given up in each zone. */
  readonly rates: ReadonlyMap<string, number>;
  /** No node answers: nobody is evicted, and taints that would evict are taken back. */
  readonly allDown: boolean;
}

export function zoneRates(nodes: readonly Node[], limits: EvictionRates): ZoneRates {
  const zones = new Map<string, { ready: number; down: number }>();
  for (const node of nodes) {
    const zone = zones.get(zoneOf(node)) ?? { ready: 0, down: 0 };
    zones.set(zoneOf(node), zone);
    if (readyStatus(node) === 'True') zone.ready++;
    else zone.down++;
  }
  const allDown = zones.size > 0 && [...zones.values()].every(({ ready }) => ready === 0);
  const rates = new Map(
    [...zones].map(([name, { ready, down }]) => {
      if (allDown) return [name, 0];
      const size = ready + down;
      const partly = ready > 0 && down > 2 && down / size >= limits.unhealthyShare;
      if (!partly) return [name, limits.normal];
      return [name, size > limits.largeZone ? limits.degraded : 0];
    }),
  );
  return { rates, allDown };
}
