// Routes to the pods of other nodes: each node's pod CIDR by way of the node's own address, from the Node objects. Which
// routes to set and remove is decided purely; ours carry a routing protocol number of their own, so that nobody else's are
// touched and all are found again.
import type { Node } from '../../api/schema/generated/core.v1.gen.ts';
import type { RunHostCommand } from '../host-command.ts';

/** Marks our routes (rt_protos: free for users above 80 where no daemon has registered). */
export const ROUTE_PROTOCOL = '84';

export interface Route {
  readonly destination: string;
  readonly gateway: string;
}

/** A route for every other node that has both a pod CIDR and an internal address of the same family. */
export function wantedRoutes(nodes: readonly Node[], nodeName: string): Route[] {
  return nodes
    .filter((node) => node.metadata.name !== nodeName && node.metadata.deletionTimestamp === undefined)
    .flatMap((node) => {
      const cidrs = node.spec.podCIDRs ?? (node.spec.podCIDR === undefined ? [] : [node.spec.podCIDR]);
      const addresses = (node.status.addresses ?? []).filter(({ type }) => type === 'InternalIP');
      return cidrs.flatMap((destination) => {
        const gateway = addresses.find(({ address }) => address.includes(':') === destination.includes(':'))?.address;
        return gateway === undefined || destination.includes(':') ? [] : [{ destination, gateway }];
      });
    })
    .toSorted((a, b) => (a.destination < b.destination ? -1 : 1));
}

export interface RouteChanges {
  readonly set: readonly Route[];
  readonly remove: readonly Route[];
}

export function routeChanges(current: readonly Route[], wanted: readonly Route[]): RouteChanges {
  const same = (a: Route) => (b: Route) => a.destination === b.destination && a.gateway === b.gateway;
  return {
    set: wanted.filter((route) => !current.some(same(route))),
    remove: current.filter((route) => !wanted.some((other) => other.destination === route.destination)),
  };
}

/** Brings the kernel's routes in line. Answers with what could not be set, each with its reason. */
export async function ensureRoutes(
  wanted: readonly Route[],
  run: RunHostCommand,
  signal: AbortSignal,
): Promise<string[]> {
  const { set, remove } = routeChanges(await currentRoutes(run, signal), wanted);
  const problems: string[] = [];
  for (const { destination } of remove)
    await run(['ip', 'route', 'del', destination, 'proto', ROUTE_PROTOCOL], {}, signal);
  for (const { destination, gateway } of set) {
    const command = ['ip', 'route', 'replace', destination, 'via', gateway, 'proto', ROUTE_PROTOCOL] as const;
    const answer = await run(command, {}, signal);
    if (answer.outcome === 'failed') problems.push(`${destination} via ${gateway}: ${answer.message}`);
  }
  return problems;
}

export async function removeRoutes(run: RunHostCommand): Promise<void> {
  await run(['ip', 'route', 'flush', 'proto', ROUTE_PROTOCOL]);
}

async function currentRoutes(run: RunHostCommand, signal: AbortSignal): Promise<Route[]> {
  const answer = await run(['ip', 'route', 'show', 'proto', ROUTE_PROTOCOL], {}, signal);
  return answer.outcome === 'done' ? parseRoutes(answer.output) : [];
}

/** Reads `ip route show`: `10.244.1.0/24 via 172.18.0.3 dev eth0`. */
export function parseRoutes(listing: string): Route[] {
  return listing.split('\n').flatMap((line) => {
    const [, destination, gateway] = /^(\S+) via (\S+)/.exec(line.trim()) ?? [];
    return destination === undefined || gateway === undefined ? [] : [{ destination, gateway }];
  });
}
