// Follows the host's resolv.conf: which servers to ask for names outside the cluster. It is looked at every few seconds,
// since DHCP clients and VPNs replace the file rather than change it.
import { readFile } from 'node:fs/promises';
import type { Clock } from '../../clock/clock.ts';
import type { Logger } from '../../logging/logger.ts';
import { HOST_FILE, STUB_ADDRESS, STUB_FREE_FILE, upstreamsOf, type Upstream } from './resolv-conf.ts';

export interface HostUpstreamsOptions {
  /** Addresses at which this server itself is reached. */
  readonly own: ReadonlySet<string>;
  readonly clock: Clock;
  readonly log: Logger;
  changed(upstreams: readonly Upstream[]): void;
  readonly read?: (path: string) => Promise<string | undefined>;
}

const CHECK_MS = 10_000;

/** Until `signal`. */
export async function followHostUpstreams(options: HostUpstreamsOptions, signal: AbortSignal): Promise<void> {
  const { own, clock, log } = options;
  let known: string | undefined;
  while (!signal.aborted) {
    const upstreams = await hostUpstreams(own, options.read ?? readIfThere);
    const listed = upstreams.map(({ address, port }) => `${address} ${port}`).join();
    if (listed !== known) {
      known = listed;
      options.changed(upstreams);
      if (upstreams.length === 0) log.warn('resolv.conf names no server: only names of the cluster can be answered');
      else log.info('names outside the cluster are asked of', { servers: upstreams.map(({ address }) => address) });
    }
    await clock.sleep(CHECK_MS, signal).catch(() => undefined);
  }
}

async function hostUpstreams(
  own: ReadonlySet<string>,
  read: (path: string) => Promise<string | undefined>,
): Promise<Upstream[]> {
  const found = upstreamsOf((await read(HOST_FILE)) ?? '', own);
  if (!found.some(({ address }) => address === STUB_ADDRESS)) return found;
  // The stub may be told to ask us; the servers behind it never are.
  const behind = upstreamsOf((await read(STUB_FREE_FILE)) ?? '', own);
  return behind.length > 0 ? behind : found;
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return undefined;
  }
}
