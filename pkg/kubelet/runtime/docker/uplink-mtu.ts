// How large packets may be on the way out of this machine: pods' links are made no larger, since not every peer hears that a
// packet was too big for the way. The engine itself takes 1500 whatever carries them.
import { readFile } from 'node:fs/promises';

export type ReadHostFile = (path: string) => Promise<string>;

/** Of the device that the default route leads to; undefined when there is none, or when it is what the engine takes anyway. */
export async function uplinkMtu(read: ReadHostFile = (path) => readFile(path, 'utf8')): Promise<number | undefined> {
  try {
    const device = defaultDevice(await read('/proc/net/route'));
    if (device === undefined) return undefined;
    const mtu = Number((await read(`/sys/class/net/${device}/mtu`)).trim());
    return Number.isInteger(mtu) && mtu >= LEAST_MTU && mtu !== ENGINE_MTU ? mtu : undefined;
  } catch {
    return undefined; // another kind of machine
  }
}

const ENGINE_MTU = 1500;
/** Less than this no IPv4 host needs to take in one piece. */
const LEAST_MTU = 576;

/** Reads /proc/net/route. Of several default routes the one with the smallest metric counts. */
function defaultDevice(table: string): string | undefined {
  const routes = table
    .split('\n')
    .slice(1)
    .map((line) => line.split(/\s+/))
    .filter(([, destination, , , , , , mask]) => destination === '00000000' && mask === '00000000');
  return routes.toSorted((a, b) => Number(a[6]) - Number(b[6]))[0]?.[0];
}
