// A TCP balancer before the API servers of a cluster: new connections go to the one with the fewest among those that answer; the
// connections of one that has stopped answering are ended, so that their clients come back and reach another.
// Looks into no connection. Bounded: so many connections, and no more bytes than the sockets themselves hold.
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Clock } from '../../clock/clock.ts';
import type { Logger } from '../../logging/logger.ts';
import { Backends } from './backends.ts';

export interface BalancerOptions {
  readonly listen: { readonly host: string; readonly port: number };
  /** `HOST:PORT` each. */
  readonly backends: readonly string[];
  /** Whether a backend is ready to serve; false too when it does not answer in time. Never rejects. */
  readonly probe: (backend: string, signal: AbortSignal) => Promise<boolean>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Told the port, which may have been 0 before. */
  readonly onListening?: (port: number) => void;
}

const PROBE_EVERY_MS = 500;
const CONNECT_WITHIN_MS = 1000;
const MOST_CONNECTIONS = 20_000;
/** So that a peer that vanished without a word is noticed. */
const KEEP_ALIVE_MS = 10_000;

/** Resolves when `signal` has been aborted and every connection is closed; rejects when it cannot listen. */
export async function runBalancer(options: BalancerOptions, signal: AbortSignal): Promise<void> {
  const backends = new Backends(options.backends);
  const upstreams = new Map(options.backends.map((address) => [address, new Set<Socket>()]));
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
  server.maxConnections = MOST_CONNECTIONS;
  const clients = new Set<Socket>();
  server.on('connection', (client) => {
    clients.add(client);
    client.once('close', () => clients.delete(client));
    client.on('error', () => client.destroy());
    void forward(client, { backends, upstreams, options });
  });
  await listening(server, options.listen);
  const address = server.address();
  if (typeof address === 'object' && address !== null) options.onListening?.(address.port);
  await Promise.all(options.backends.map((backend) => watchOver(backend, { backends, upstreams, options }, signal)));
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  for (const client of clients) client.destroy();
  await closed;
}

interface Balancing {
  readonly backends: Backends;
  readonly upstreams: ReadonlyMap<string, Set<Socket>>;
  readonly options: BalancerOptions;
}

async function forward(client: Socket, { backends, upstreams, options }: Balancing): Promise<void> {
  for (const address of backends.order()) {
    if (client.destroyed) return;
    const upstream = await connected(address, options.clock);
    if (upstream === undefined) continue;
    if (client.destroyed) return void upstream.destroy();
    backends.connected(address);
    upstreams.get(address)?.add(upstream);
    upstream.once('close', () => {
      backends.disconnected(address);
      upstreams.get(address)?.delete(upstream);
      client.destroy();
    });
    client.once('close', () => upstream.destroy());
    for (const socket of [client, upstream]) socket.setKeepAlive(true, KEEP_ALIVE_MS).setNoDelay(true);
    client.pipe(upstream);
    upstream.pipe(client);
    return;
  }
  options.log.debug('no backend takes a connection');
  client.destroy();
}

/** Undefined when nobody takes the connection in time. */
function connected(address: string, clock: Clock): Promise<Socket | undefined> {
  const [host = '', port] = address.split(':');
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(port), allowHalfOpen: true });
    const impatience = clock.schedule(CONNECT_WITHIN_MS, () => socket.destroy());
    socket.once('connect', () => {
      impatience[Symbol.dispose]();
      resolve(socket);
    });
    socket.on('error', () => socket.destroy());
    socket.once('close', () => {
      impatience[Symbol.dispose]();
      resolve(undefined);
    });
  });
}

async function watchOver(backend: string, balancing: Balancing, signal: AbortSignal): Promise<void> {
  const { backends, upstreams, options } = balancing;
  const { clock, log, probe } = options;
  while (!signal.aborted) {
    const change = backends.probed(backend, await probe(backend, signal));
    if (change !== 'same')
      log.info(change === 'left' ? 'a backend does not answer' : 'a backend answers again', { backend });
    if (change === 'left') for (const socket of upstreams.get(backend) ?? []) socket.destroy();
    await clock.sleep(PROBE_EVERY_MS, signal).catch(() => undefined);
  }
}

function listening(server: Server, { host, port }: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
