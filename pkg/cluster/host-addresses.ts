// Which address of this machine other machines and pods reach it by, and which ports are free.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';

/** The IPv4 address of the interface with the default route, else the first one that is not loopback. */
export function primaryAddress(ignore: (device: string) => boolean = () => false): string | undefined {
  const devices = networkInterfaces();
  const preferred = defaultRouteDevice();
  const names = Object.keys(devices)
    .filter((name) => !ignore(name))
    .toSorted((a, b) => Number(b === preferred) - Number(a === preferred));
  for (const name of names) {
    const address = devices[name]?.find((candidate) => candidate.family === 'IPv4' && !candidate.internal);
    if (address !== undefined) return address.address;
  }
  return undefined;
}

/** proc_net(5): the line whose destination is 0.0.0.0 is the default route. */
function defaultRouteDevice(): string | undefined {
  try {
    const lines = readFileSync('/proc/net/route', 'utf8').split('\n').slice(1);
    return lines.map((line) => line.split('\t')).find((fields) => fields[1] === '00000000')?.[0];
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw cause;
  }
}

/** `preferred` if nothing listens there, else a port that the system chooses. */
export async function freePort(preferred: number): Promise<number> {
  return (await canListen(preferred)) ?? (await canListen(0)) ?? preferred;
}

/** Whether a program could listen there for TCP just now. */
export async function isPortFree(port: number, address: string): Promise<boolean> {
  return (await canListen(port, address)) !== undefined;
}

function canListen(port: number, host = '0.0.0.0'): Promise<number | undefined> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(undefined));
    probe.listen(port, host, () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : undefined));
    });
  });
}
