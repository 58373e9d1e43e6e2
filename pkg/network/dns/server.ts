// The sockets of the DNS server: UDP and TCP on one address and port. Promises: answers what arrives, in bounded memory
// and with a bounded number of connections; an address that does not exist yet (the bridge that the kubelet is about to
// make) is waited for.
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { createServer, isIPv6, type Server, type Socket } from 'node:net';
import type { Clock } from '../../clock/clock.ts';
import type { Logger } from '../../logging/logger.ts';
import { sendHeartbeats, type HeartbeatOptions } from './heartbeat-sender.ts';
import type { Resolver } from './resolver.ts';

export interface DnsServerOptions {
  readonly resolver: Resolver;
  readonly address: string;
  readonly port: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly heartbeat?: HeartbeatOptions;
  /** Called once it answers. */
  listening(): void;
}

const BIND_RETRY_MS = 250;
const CONNECTIONS_LIMIT = 200;
const IDLE_MS = 10_000;
/** Questions of one connection that wait for their answers at once. */
const PIPELINE_LIMIT = 100;
const MESSAGE_LIMIT = 4_096;

/** Serves until `signal`. Throws when the port is taken by another program. */
export async function serveDns(options: DnsServerOptions, signal: AbortSignal): Promise<void> {
  const { address, port, clock, log } = options;
  let waiting = false;
  while (!signal.aborted) {
    const opened = await open(options, signal);
    if (opened === 'no-address') {
      if (!waiting) log.info('waiting for the address to exist', { address });
      waiting = true;
      await clock.sleep(BIND_RETRY_MS, signal).catch(() => undefined);
      continue;
    }
    options.listening();
    log.info('the DNS server answers', { address, port });
    if (!signal.aborted)
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    await opened[Symbol.asyncDispose]();
  }
}

async function open(options: DnsServerOptions, signal: AbortSignal): Promise<AsyncDisposable | 'no-address'> {
  const { address, port } = options;
  const udp = createSocket({ type: isIPv6(address) ? 'udp6' : 'udp4', recvBufferSize: 1 << 20 });
  const tcp = createServer((socket) => serveConnection(socket, options, signal));
  tcp.maxConnections = CONNECTIONS_LIMIT;
  const connections = new Set<Socket>();
  tcp.on('connection', (socket: Socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
  });
  let beating: Disposable | undefined;
  const close = async () => {
    beating?.[Symbol.dispose]();
    for (const connection of connections) connection.destroy();
    await Promise.all([new Promise<void>((resolve) => tcp.close(() => resolve())), closeUdp(udp)]);
  };
  try {
    await Promise.all([bindUdp(udp, options), listen(tcp, options)]);
  } catch (cause) {
    await close();
    if (codeOf(cause) === 'EADDRNOTAVAIL') return 'no-address';
    throw new Error(`cannot answer DNS on ${address}, port ${port}`, { cause });
  }
  udp.on('error', (error) => options.log.warn('a DNS socket failed', { error }));
  udp.on('message', (message, from) => {
    const send = (reply: Buffer | undefined) => {
      if (reply !== undefined && !signal.aborted) udp.send(reply, from.port, from.address);
    };
    const reply = options.resolver.handle(message, 'udp', signal);
    if (reply instanceof Promise) void reply.then(send);
    else send(reply);
  });
  if (options.heartbeat !== undefined) beating = sendHeartbeats(udp, options.heartbeat, options.clock);
  return { [Symbol.asyncDispose]: close };
}

function serveConnection(socket: Socket, { resolver }: DnsServerOptions, signal: AbortSignal): void {
  let received = Buffer.alloc(0);
  let waiting = 0;
  const send = (reply: Buffer | undefined) => {
    waiting--;
    if (reply === undefined || socket.destroyed) return;
    const length = Buffer.alloc(2);
    length.writeUInt16BE(reply.length);
    socket.write(Buffer.concat([length, reply]));
  };
  socket.setTimeout(IDLE_MS, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.on('data', (data: Buffer) => {
    received = Buffer.concat([received, data]);
    while (received.length >= 2) {
      const length = received.readUInt16BE(0);
      if (length > MESSAGE_LIMIT || waiting >= PIPELINE_LIMIT) return void socket.destroy();
      if (received.length < 2 + length) return;
      const message = Buffer.from(received.subarray(2, 2 + length));
      received = received.subarray(2 + length);
      waiting++;
      const reply = resolver.handle(message, 'tcp', signal);
      if (reply instanceof Promise) void reply.then(send);
      else send(reply);
    }
  });
}

function bindUdp(socket: UdpSocket, { address, port }: DnsServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind({ address, port, exclusive: true }, () => {
      socket.removeListener('error', reject);
      resolve();
    });
  });
}

function listen(server: Server, { address, port }: DnsServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: address, port, exclusive: true }, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
}

/** A socket that never was bound cannot be closed twice, and says so by throwing. */
function closeUdp(socket: UdpSocket): Promise<void> {
  return new Promise((resolve) => {
    socket.on('error', () => undefined);
    try {
      socket.close(() => resolve());
    } catch {
      resolve();
    }
  });
}

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}
