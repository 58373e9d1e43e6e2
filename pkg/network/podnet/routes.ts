// The kernel's routes to the pods of other nodes. Ours carry a routing protocol number of their own, so that nobody else's
// are touched and all are found again. Which ones there should be is decided in peers.ts.
import type { RunHostCommand } from '../host-command.ts';
import type { HostRoute } from './host-links.ts';

/** Marks our routes (rt_protos: free for users above 80 where no daemon has registered). */
export const ROUTE_PROTOCOL = '84';

export interface Route {
  readonly destination: string;
  readonly gateway: string;
  readonly device: string;
}

export interface RouteChanges {
  readonly set: readonly Route[];
  readonly remove: readonly Route[];
}

/** `current`: all routes of this machine. */
export function routeChanges(current: readonly HostRoute[], wanted: readonly Route[]): RouteChanges {
  const ours = current.flatMap(({ destination, gateway, device, protocol }) =>
    protocol === ROUTE_PROTOCOL && gateway !== undefined ? [{ destination, gateway, device }] : [],
  );
  const same = (a: Route) => (b: Route) =>
    a.destination === b.destination && a.gateway === b.gateway && a.device === b.device;
  return {
    set: wanted.filter((route) => !ours.some(same(route))),
    remove: ours.filter((route) => !wanted.some((other) => other.destination === route.destination)),
  };
}

/** Brings the kernel's routes in line. Answers with why some could not be set; undefined when all are. */
export async function ensureRoutes(
  current: readonly HostRoute[],
  wanted: readonly Route[],
  run: RunHostCommand,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { set, remove } = routeChanges(current, wanted);
  // What is gone already cannot be removed: just as well. What could not be is seen, and tried again, at the next look.
  const gone = remove.map(({ destination }) => `route del ${destination} proto ${ROUTE_PROTOCOL}`);
  if (gone.length > 0) await run(['ip', '-force', '-batch', '-'], { input: `${gone.join('\n')}\n` }, signal);
  // The kernel need not know that the gateway is on that link: a tunnel has no addresses but its own.
  const added = set.map(
    ({ destination, gateway, device }) =>
      `route replace ${destination} via ${gateway} dev ${device} onlink proto ${ROUTE_PROTOCOL}`,
  );
  if (added.length === 0) return undefined;
  const answer = await run(['ip', '-force', '-batch', '-'], { input: `${added.join('\n')}\n` }, signal);
  return answer.outcome === 'failed' ? answer.message : undefined;
}

export async function removeRoutes(run: RunHostCommand): Promise<void> {
  await run(['ip', 'route', 'flush', 'proto', ROUTE_PROTOCOL]);
}
