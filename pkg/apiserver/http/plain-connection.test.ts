// Plain connections over a pair of streams and a clock that is stepped: what is answered, what is handed over, who is cut off.
import { STATUS_CODES } from 'node:http';
import { duplexPair, type Duplex } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { VirtualClock } from '../../clock/virtual-clock.ts';
import type { Departure } from './departure.ts';
import { PlainConnections, type PlainRequest } from './plain-connection.ts';
import type { PlainResponse } from './plain-response.ts';

interface Under {
  readonly client: Duplex;
  readonly server: Duplex;
  readonly clock: VirtualClock;
  readonly asked: string[];
  readonly handedOver: string[];
  /** Of answers that have begun and not left. */
  open: number;
  /** Everything the client has got, without what is alike in all answers. */
  received(): string;
}

type Answer = (request: PlainRequest, response: PlainResponse, gone: Departure) => Promise<void>;

const echo: Answer = async ({ body, target }, response) => {
  const bytes = Buffer.from(`${target} ${body.toString()}`);
  response.writeHead(200, { 'content-length': bytes.length });
  response.end(bytes);
};

function connection(answer: Answer = echo): Under {
  const [client, server] = duplexPair();
  let received = '';
  client.on('data', (bytes: Buffer) => (received += bytes.toString()));
  client.on('error', () => undefined);
  const under: Under = {
    client,
    server,
    clock: new VirtualClock(),
    asked: [],
    handedOver: [],
    open: 0,
    received: () => received.replaceAll(/^(Date|Connection|Keep-Alive|content-length): .*\r\n/gm, ''),
  };
  const connections = new PlainConnections({
    clock: under.clock,
    limits: { headersMs: 30_000, requestMs: 60_000, keepAliveMs: 90_000 },
    begin() {
      under.open++;
      return { [Symbol.dispose]: () => under.open-- };
    },
    answer: (request, response, gone) => {
      under.asked.push(`${request.method} ${request.target} ${request.body.toString()}`.trimEnd());
      return answer(request, response, gone);
    },
    handOver: (_socket, bytes) => under.handedOver.push(bytes.toString()),
  });
  connections.accept(server);
  return under;
}

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
const post = (path: string, body: string) =>
  `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
const OK = 'HTTP/1.1 200 OK\r\n\r\n';

/** Lets what was sent arrive and be answered. */
async function settled(): Promise<void> {
  for (let i = 0; i < 20; i++) await turn();
}

test('requests that come at once are answered one after another', async () => {
  const first = Promise.withResolvers<void>();
  const under = connection(async (request, response, gone) => {
    if (request.target === '/a') await first.promise;
    await echo(request, response, gone);
  });
  under.client.write(get('/a') + post('/b', 'body') + get('/c'));
  await settled();
  expect([under.asked, under.received()]).toEqual([['GET /a'], '']);
  first.resolve();
  await settled();
  expect(under.received()).toBe(`${OK}/a ${OK}/b body${OK}/c `);
  expect(under.open).toBe(0);
});

test('a body may come in pieces, and the next request behind its end', async () => {
  const under = connection();
  const text = post('/a', 'x'.repeat(10)) + get('/b');
  const bodyAt = text.indexOf('\r\n\r\n') + 4;
  for (const [from, to] of [[0, bodyAt + 3], [bodyAt + 3, bodyAt + 7], [bodyAt + 7]]) {
    under.client.write(text.slice(from, to));
    await settled();
  }
  expect(under.asked).toEqual(['POST /a xxxxxxxxxx', 'GET /b']);
});

test('with the first request that is not plain the connection is given away, with all that was read of it', async () => {
  const under = connection();
  const upgrade = 'GET /c HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: y\r\n\r\nmore';
  under.client.write(get('/a') + upgrade);
  await settled();
  under.client.write('even more');
  await settled();
  expect([under.asked, under.handedOver]).toEqual([['GET /a'], [upgrade]]);
  await under.clock.advance(1_000_000);
  expect(under.server.destroyed).toBe(false);
});

test.each([
  { name: 'half a head', text: 'GET /a HTTP/1.1\r\nHost' },
  { name: 'no HTTP', text: 'hello\n\n' },
  { name: 'the promise of a body that is too large', text: post('/a', '').replace('th: 0', 'th: 3145729') },
])('$name is for somebody else to judge', async ({ text }) => {
  const under = connection();
  under.client.write(text);
  await settled();
  expect([under.asked, under.handedOver]).toEqual([[], [text]]);
});

test.each([
  { name: 'says nothing', sent: '', alive: 30_000, answer: 'HTTP/1.1 408 Request Timeout\r\n\r\n' },
  { name: 'says nothing more', sent: get('/a'), alive: 90_000, answer: `${OK}/a ` },
  {
    name: 'does not send its body',
    sent: post('/a', 'body').slice(0, -1),
    alive: 60_000,
    answer: 'HTTP/1.1 408 Request Timeout\r\n\r\n',
  },
])('a client that $name is cut off', async ({ sent, alive, answer }) => {
  const under = connection();
  if (sent !== '') under.client.write(sent);
  await settled();
  await under.clock.advance(alive);
  await settled();
  expect(under.server.destroyed).toBe(false);
  await under.clock.advance(5000);
  await settled();
  expect([under.server.destroyed, under.received()]).toEqual([true, answer]);
  expect(under.clock.pending).toBeLessThanOrEqual(1);
});

test('an answer may take its time, and hears when nobody waits for it any more', async () => {
  let told: unknown;
  const under = connection(async (_request, _response, gone) => {
    await new Promise<void>((resolve) => gone.signal.addEventListener('abort', () => resolve()));
    told = gone.signal.reason;
  });
  under.client.write(get('/a'));
  await settled();
  await under.clock.advance(1_000_000);
  expect([under.server.destroyed, under.open]).toEqual([false, 1]);
  under.server.destroy();
  await settled();
  expect([told, under.open]).toEqual([new Error('the client has gone'), 0]);
});

test('what is sent ahead of an answer is not taken without limit', async () => {
  const held = Promise.withResolvers<void>();
  const under = connection(async (request, response, gone) => {
    await held.promise;
    await echo(request, response, gone);
  });
  const ahead = Array.from({ length: 4000 }, (_, i) => get(`/${i}`));
  under.client.write(get('/first'));
  await settled();
  under.client.write(ahead.join(''));
  await settled();
  expect(under.server.isPaused()).toBe(true);
  held.resolve();
  while (under.asked.length <= ahead.length) await turn();
  expect(under.asked.at(-1)).toBe('GET /3999');
});

test('an answer of unknown length goes out in chunks, and the connection serves on', async () => {
  const under = connection(async (request, response, gone) => {
    if (request.target !== '/a') return echo(request, response, gone);
    response.writeHead(200, { warning: ['one', 'two'] });
    response.flushHeaders();
    response.write(Buffer.from('some text'));
    response.end(Buffer.from('more'));
  });
  under.client.write(get('/a') + get('/b'));
  await settled();
  const head = 'HTTP/1.1 200 OK\r\nwarning: one\r\nwarning: two\r\nTransfer-Encoding: chunked\r\n\r\n';
  expect(under.received()).toBe(`${head}9\r\nsome text\r\n4\r\nmore\r\n0\r\n\r\n${OK}/b `);
});

test.each([204, 304])('an answer with status %i has no body, and the connection serves on', async (status) => {
  const under = connection(async (request, response, gone) => {
    if (request.target !== '/a') return echo(request, response, gone);
    response.writeHead(status, { 'x-own': 'y' });
    response.write(Buffer.from('of another server'));
    response.end(Buffer.from('more'));
  });
  under.client.write(get('/a') + get('/b'));
  await settled();
  expect(under.received()).toBe(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nx-own: y\r\n\r\n${OK}/b `);
  expect(under.open).toBe(0);
});

test('a long answer goes out in pieces, and the next one behind it', async () => {
  const long = 'x'.repeat(1_000_000);
  const under = connection(async (request, response, gone) => {
    if (request.target !== '/a') return echo(request, response, gone);
    response.writeHead(200, { 'content-length': long.length });
    response.end(Buffer.from(long));
  });
  under.client.write(get('/a') + get('/b'));
  while (!under.received().endsWith('/b ')) await turn();
  expect(under.received() === `${OK}${long}${OK}/b `).toBe(true);
  expect(under.open).toBe(0);
});

test('a client that goes in the middle of a long answer is let go', async () => {
  const under = connection(async (_request, response) => {
    response.writeHead(200, { 'content-length': 1_000_000 });
    response.end(Buffer.alloc(1_000_000));
  });
  under.client.pause();
  under.client.write(get('/a'));
  await settled();
  under.server.destroy();
  await settled();
  expect(under.open).toBe(0);
});

test('a header that would end its line is never sent', () => {
  const under = connection(async (_request, response) => {
    expect(() => response.writeHead(200, { etag: 'a\r\nSet-Cookie: b' })).toThrow('etag cannot be sent');
  });
  under.client.write(get('/a'));
});
