import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { realClock } from '../../clock/clock.ts';
import { silentLogger } from '../../logging/logger.ts';
import { Backends } from './backends.ts';
import { runBalancer } from './balancer.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

/** Says its name to whoever connects, and then repeats what it hears. */
async function backend(name: string): Promise<{ address: string; server: Server }> {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.write(`${name}\n`);
    socket.pipe(socket);
  });
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

async function balance(backends: readonly string[], probe: (backend: string) => Promise<boolean>): Promise<number> {
  const stop = new AbortController();
  const { promise: port, resolve } = Promise.withResolvers<number>();
  const options = { listen: { host: '127.0.0.1', port: 0 }, backends, probe, clock: realClock, log: silentLogger };
  const ended = runBalancer({ ...options, onListening: resolve }, stop.signal);
  cleanups.push(async () => {
    stop.abort();
    await ended;
  });
  return port;
}

async function greeting(port: number): Promise<{ name: string; socket: Socket }> {
  const socket = connect({ port, host: '127.0.0.1' }).setEncoding('utf8');
  const [text] = (await once(socket, 'data')) as [string];
  cleanups.push(async () => socket.destroy());
  return { name: text.trim(), socket };
}

test('connections are spread, and bytes go both ways to the end', async () => {
  const [a, b] = [await backend('a'), await backend('b')];
  const port = await balance([a.address, b.address], async () => true);
  const first = await greeting(port);
  const second = await greeting(port);
  expect([first.name, second.name].toSorted()).toEqual(['a', 'b']);
  first.socket.end('last words');
  const [echo] = (await once(first.socket, 'data')) as [string];
  expect(echo).toBe('last words');
  await once(first.socket, 'close');
});

test('a backend that refuses connections is passed over', async () => {
  const [a, b] = [await backend('a'), await backend('b')];
  a.server.close();
  const port = await balance([a.address, b.address], async () => true);
  expect((await greeting(port)).name).toBe('b');
});

test('a backend that stops answering loses its connections, and gets new ones when it is back', async () => {
  const a = await backend('a');
  let ready = true;
  const port = await balance([a.address], async () => ready);
  const { socket } = await greeting(port);
  ready = false;
  await once(socket, 'close');
  ready = true;
  await vi.waitFor(async () => expect((await greeting(port)).name).toBe('a'), { timeout: 20_000, interval: 50 });
});

test('those that do not answer come last, the least busy first', () => {
  const backends = new Backends(['a', 'b', 'c']);
  backends.connected('b');
  expect(backends.order()).toEqual(['a', 'c', 'b']);
  expect([backends.probed('a', false), backends.probed('a', false)]).toEqual(['same', 'left']);
  expect(backends.order()).toEqual(['c', 'b', 'a']);
  expect(backends.probed('a', true)).toBe('returned');
  expect(backends.order()).toEqual(['a', 'c', 'b']);
});
