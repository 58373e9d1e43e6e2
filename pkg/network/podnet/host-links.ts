// What this machine knows of its own links: addresses, devices and routes, read from ip(8)'s JSON, and the way that a packet
// to an address takes by them. Reading is one command each; deciding is pure.
import { cidrHas } from '../../api/meta/ipv4.ts';
import type { RunHostCommand } from '../host-command.ts';
import { field, listField, listOf, objectOf, textField } from '../json-fields.ts';

export interface HostRoute {
  /** First address and number of fixed bits; 0.0.0.0/0 for the default route. */
  readonly destination: string;
  /** Undefined: its addresses are on the link itself. */
  readonly gateway: string | undefined;
  readonly device: string;
  /** Who set it; numbers that have no name as text. */
  readonly protocol: string;
}

export interface HostAddress {
  readonly device: string;
  readonly address: string;
  readonly prefixLength: number;
  readonly mtu: number;
}

export interface HostLinks {
  readonly routes: readonly HostRoute[];
  readonly addresses: readonly HostAddress[];
}

export type Way =
  | { readonly is: 'on-link'; readonly device: string }
  | { readonly is: 'behind-a-router' }
  /** The address is this machine's own. */
  | { readonly is: 'here' }
  | { readonly is: 'none' };

/** Undefined when the machine cannot say. */
export async function readHostLinks(run: RunHostCommand, signal: AbortSignal): Promise<HostLinks | undefined> {
  const [routes, addresses] = await Promise.all([
    run(['ip', '-4', '-j', 'route', 'show', 'table', 'main'], {}, signal),
    run(['ip', '-4', '-j', 'addr', 'show'], {}, signal),
  ]);
  if (routes.outcome !== 'done' || addresses.outcome !== 'done') return undefined;
  return { routes: parseRoutes(routes.output), addresses: parseAddresses(addresses.output) };
}

/** Reads `ip -4 -j route`. Routes over several links at once are told by their first one. */
export function parseRoutes(text: string): HostRoute[] {
  return listOf(objectOf(text)).flatMap((row) => {
    const [hop = row] = listField(row, 'nexthops');
    const [destination, device] = [textField(row, 'dst'), textField(hop, 'dev')];
    if (destination === undefined || device === undefined) return [];
    const type = textField(row, 'type');
    if (type !== undefined && type !== 'unicast') return [];
    return [
      {
        destination:
          destination === 'default' ? '0.0.0.0/0' : destination.includes('/') ? destination : `${destination}/32`,
        gateway: textField(hop, 'gateway'),
        device,
        protocol: textField(row, 'protocol') ?? '',
      },
    ];
  });
}

/** Reads `ip -4 -j addr`. */
export function parseAddresses(text: string): HostAddress[] {
  return listOf(objectOf(text)).flatMap((row) => {
    const [device, mtu] = [textField(row, 'ifname'), field(row, 'mtu')];
    if (device === undefined || typeof mtu !== 'number') return [];
    return listField(row, 'addr_info').flatMap((info) => {
      const [address, prefixLength] = [textField(info, 'local'), field(info, 'prefixlen')];
      return address === undefined || typeof prefixLength !== 'number' ? [] : [{ device, address, prefixLength, mtu }];
    });
  });
}

/** How a packet to `address` leaves, passing over routes that `except` picks. */
export function wayTo(address: string, links: HostLinks, except: (route: HostRoute) => boolean = () => false): Way {
  if (links.addresses.some((own) => own.address === address)) return { is: 'here' };
  let best: HostRoute | undefined;
  for (const route of links.routes)
    if (!except(route) && cidrHas(route.destination, address) && bits(route) > (best === undefined ? -1 : bits(best)))
      best = route;
  if (best === undefined) return { is: 'none' };
  return best.gateway === undefined ? { is: 'on-link', device: best.device } : { is: 'behind-a-router' };
}

function bits(route: HostRoute): number {
  return Number(route.destination.split('/')[1]);
}
