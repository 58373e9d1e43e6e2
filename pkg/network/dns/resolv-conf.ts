// Which servers names outside the cluster are asked of: those of the host's resolv.conf. Pure.
import { isIP } from 'node:net';

export interface Upstream {
  readonly address: string;
  readonly port: number;
}

/** resolv.conf(5) allows three; more would only make a client wait longer. */
const SERVERS_LIMIT = 3;

/** systemd-resolved's stub; the servers behind it stand in this file. */
export const STUB_ADDRESS = '127.0.0.53';
export const STUB_FREE_FILE = '/run/systemd/resolve/resolv.conf';
export const HOST_FILE = '/etc/resolv.conf';

/** Servers in the file's order; addresses of ours, which would be a loop, are left out. */
export function upstreamsOf(text: string, own: ReadonlySet<string>): Upstream[] {
  const found = text.split('\n').flatMap((line) => {
    const [keyword, address = ''] = line.trim().split(/\s+/);
    return keyword === 'nameserver' ? upstreamAt(address) : [];
  });
  return found.filter(({ address }) => !own.has(address)).slice(0, SERVERS_LIMIT);
}

/** `1.1.1.1`, `1.1.1.1:53`, `[fd00::1]:53`, `fd00::1`; none when it is neither. */
export function upstreamAt(text: string): Upstream[] {
  const [, bracketed, port] = /^\[([^\]]+)\](?::(\d+))?$/.exec(text) ?? [];
  if (bracketed !== undefined) return isIP(bracketed) > 0 ? [{ address: bracketed, port: Number(port ?? 53) }] : [];
  // A zone (%eth0) belongs to the host's interface and is understood by its sockets.
  if (isIP(text.split('%')[0] ?? '') > 0) return [{ address: text, port: 53 }];
  const [, address = '', after] = /^([\d.]+):(\d+)$/.exec(text) ?? [];
  return isIP(address) > 0 ? [{ address, port: Number(after) }] : [];
}
