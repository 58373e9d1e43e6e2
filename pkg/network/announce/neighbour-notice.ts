// Tells the machines on a link that an address is here now. Whoever had it before is in their neighbour tables until then.
// The kernel does this by itself for addresses of the link only, and a program cannot write ARP without a raw socket; but when
// something is sent from the address to a neighbour that the kernel must look for, its question goes to everybody, and
// everybody learns from it where the asker is.
import { createSocket } from 'node:dgram';
import { cidrHas, ipv4Number, ipv4Range, ipv4Text } from '../../api/meta/ipv4.ts';
import type { RunHostCommand } from '../host-command.ts';
import { wayTo, type HostLinks } from '../podnet/host-links.ts';

/** The discard service: nobody answers. */
const PORT = 9;

export interface NoticeTarget {
  readonly device: string;
  /** Somebody on the link, or nobody: what matters is the question. */
  readonly neighbour: string;
}

/** The link that an address belongs to by its number: the one with the narrowest range around it. */
export function linkOf(address: string, links: HostLinks): { device: string; cidr: string } | undefined {
  return links.addresses
    .filter(({ prefixLength }) => prefixLength < 31)
    .toSorted((a, b) => b.prefixLength - a.prefixLength)
    .map((one) => ({ device: one.device, cidr: `${one.address}/${one.prefixLength}` }))
    .find(({ cidr }) => cidrHas(cidr, address));
}

/** Undefined when there is nobody to tell. */
export function noticeTarget(address: string, links: HostLinks): NoticeTarget | undefined {
  const link = linkOf(address, links);
  const range = ipv4Range(link?.cidr ?? '');
  if (link === undefined || range === undefined) return undefined;
  const own = new Set(links.addresses.map((one) => ipv4Number(one.address)));
  for (let number = range.last - 1; number > range.first; number--) {
    const neighbour = ipv4Text(number);
    if (own.has(number) || neighbour === address) continue;
    const way = wayTo(neighbour, links);
    return way.is === 'on-link' && way.device === link.device ? { device: link.device, neighbour } : undefined;
  }
  return undefined;
}

/** Sends it once. An address that is not here (any more) is passed over. */
export async function giveNotice(
  address: string,
  { device, neighbour }: NoticeTarget,
  run: RunHostCommand,
  signal: AbortSignal,
): Promise<void> {
  // What the kernel knows it does not ask for.
  await run(['ip', 'neigh', 'del', neighbour, 'dev', device], {}, signal);
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const socket = createSocket('udp4');
    const done = () => {
      socket.removeAllListeners('error').on('error', () => undefined);
      socket.close(() => resolve());
    };
    socket.once('error', done);
    socket.bind({ address, port: 0, exclusive: true }, () => {
      socket.send('', PORT, neighbour, done);
    });
  });
}
