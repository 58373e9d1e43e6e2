// The channel against Node's own HTTP/2 server, which plays the part of gRPC as the tests want it.
import { once } from 'node:events';
import { createServer, type Http2Server, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import { createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { realClock } from '../../clock/clock.ts';
import { VirtualClock } from '../../clock/virtual-clock.ts';
import { endpointOf } from './endpoint.ts';
import { RpcChannel } from './rpc-channel.ts';
import { RPC_CODE } from './rpc-error.ts';

const MESSAGE_TYPE = { ':status': 200, 'content-type': 'application/grpc' };

function framed(body: Buffer): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(body.length, 1);
  return Buffer.concat([prefix, body]);
}

async function bodyOf(stream: ServerHttp2Stream): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part as Buffer);
  return Buffer.concat(parts).subarray(5);
}

/** Answers with these messages and a status. */
function answer(stream: ServerHttp2Stream, messages: readonly Buffer[], status = '0', text = ''): void {
  stream.respond(MESSAGE_TYPE, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': status, 'grpc-message': text }));
  stream.end(Buffer.concat(messages.map(framed)));
}

interface Peer {
  readonly url: string;
  readonly server: Http2Server;
  readonly sessions: ServerHttp2Session[];
}

async function peer(
  serve: (stream: ServerHttp2Stream, path: string) => void | Promise<void>,
  settings: { maxConcurrentStreams?: number; initialWindowSize?: number } = {},
): Promise<Peer> {
  const server = createServer({ settings });
  const sessions: ServerHttp2Session[] = [];
  server.on('session', (session) => sessions.push(session));
  server.on('stream', (stream, headers) => {
    stream.on('error', () => undefined);
    void serve(stream, headers[':path'] ?? '');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const session of sessions) session.destroy();
    server.close();
  });
  // A server that listens on TCP has an address.
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server, sessions };
}

function channelTo(urls: readonly string[], clock = realClock): RpcChannel {
  const channel = new RpcChannel(
    urls.map((url) => endpointOf(url, {})),
    clock,
  );
  onTestFinished(() => channel.close());
  return channel;
}

const echo = async (stream: ServerHttp2Stream) => answer(stream, [await bodyOf(stream)]);
const text = (value: string) => framed(Buffer.from(value));

describe('a call', () => {
  test('brings the message there and the answer back', async () => {
    const paths: string[] = [];
    const { url } = await peer((stream, path) => {
      paths.push(path);
      return echo(stream);
    });
    const channel = channelTo([url]);
    expect((await channel.call('/a.B/C', text('hello'))).toString()).toBe('hello');
    expect((await channel.call('/a.B/D', text(''))).toString()).toBe('');
    expect(paths).toEqual(['/a.B/C', '/a.B/D']);
  });

  test.each([
    { name: 'larger than frames and windows', size: 3_000_000, initialWindowSize: 65_535 },
    { name: 'into a window of a few bytes', size: 20_000, initialWindowSize: 100 },
    { name: 'of exactly one frame', size: 16_384 - 5, initialWindowSize: 65_535 },
  ])('carries a message $name', async ({ size, initialWindowSize }) => {
    const { url } = await peer(echo, { initialWindowSize });
    const channel = channelTo([url]);
    const bytes = Buffer.alloc(size, 'abcdefghijklm');
    const answers = await Promise.all([1, 2, 3].map(() => channel.call('/x', framed(bytes))));
    for (const received of answers) expect(received.equals(bytes)).toBe(true);
  });

  test('takes an answer larger than any window', async () => {
    const bytes = Buffer.alloc(40_000_000, 'nopqrstuvw');
    const { url } = await peer((stream) => answer(stream, [bytes]));
    expect((await channelTo([url]).call('/x', text(''))).equals(bytes)).toBe(true);
  });

  test('waits its turn when the peer wants few at a time', async () => {
    let [open, most] = [0, 0];
    const { url } = await peer(
      async (stream) => {
        most = Math.max(most, ++open);
        const body = await bodyOf(stream);
        setImmediate(() => {
          open--;
          answer(stream, [body]);
        });
      },
      { maxConcurrentStreams: 3 },
    );
    const channel = channelTo([url]);
    const bodies = Array.from({ length: 50 }, (_, index) => `call ${index}`);
    const answers = await Promise.all(bodies.map((body) => channel.call('/x', text(body))));
    expect(answers.map(String)).toEqual(bodies);
    expect(most).toBeLessThanOrEqual(3);
  });

  test.each([
    { name: 'a status', serve: (s: ServerHttp2Stream) => answer(s, [], '11', 'gone%21'), code: 11, message: 'gone!' },
    {
      name: 'a status without a body',
      serve: (s: ServerHttp2Stream) =>
        s.respond({ ...MESSAGE_TYPE, 'grpc-status': '14', 'grpc-message': 'no leader' }, { endStream: true }),
      code: 14,
      message: 'no leader',
    },
    {
      name: 'another answer than gRPC',
      serve: (s: ServerHttp2Stream) => s.respond({ ':status': 502 }, { endStream: true }),
      code: RPC_CODE.Unavailable,
      message: '502',
    },
    {
      name: 'nothing at all',
      serve: (s: ServerHttp2Stream) => answer(s, []),
      code: RPC_CODE.Internal,
      message: 'without a message',
    },
    { name: 'refusal', serve: (s: ServerHttp2Stream) => s.close(7), code: RPC_CODE.Unavailable, message: 'broke' },
    { name: 'a reset', serve: (s: ServerHttp2Stream) => s.close(2), code: RPC_CODE.Internal, message: 'broke' },
    {
      name: 'a broken connection',
      serve: (s: ServerHttp2Stream) => s.session?.destroy(),
      code: RPC_CODE.Unavailable,
      message: '',
    },
  ])('fails with $name', async ({ serve, code, message }) => {
    const { url } = await peer(serve);
    const failure: unknown = await channelTo([url])
      .call('/x', text(''))
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: 'RpcError', code });
    expect(String(failure)).toContain(message);
  });

  test('is given up after its deadline, and the connection is used on', async () => {
    const clock = new VirtualClock();
    const { url, sessions } = await peer((stream, path) => (path === '/slow' ? undefined : echo(stream)));
    const channel = channelTo([url], clock);
    await channel.call('/x', text('first'));
    const slow = channel.call('/slow', text(''));
    const failed = expect(slow).rejects.toMatchObject({ code: RPC_CODE.DeadlineExceeded });
    await clock.advance(6000);
    await failed;
    expect((await channel.call('/x', text('next'))).toString()).toBe('next');
    expect(sessions).toHaveLength(1);
  });
});

describe('the connection', () => {
  test('is made anew when it broke', async () => {
    const { url, sessions } = await peer(echo);
    const channel = channelTo([url]);
    await channel.call('/x', text(''));
    const gone = once(sessions[0] ?? expect.unreachable('no session'), 'close');
    sessions[0]?.destroy();
    await gone;
    await expect.poll(() => channel.call('/x', text('again')).then(String, String)).toBe('again');
    expect(sessions).toHaveLength(2);
  });

  test('finishes what it has begun when the peer goes away, and others take another', async () => {
    const slow: ServerHttp2Stream[] = [];
    const { url, sessions } = await peer((stream, path) => (path === '/slow' ? void slow.push(stream) : echo(stream)));
    const channel = channelTo([url]);
    await channel.call('/x', text(''));
    const begun = channel.call('/slow', text(''));
    await expect.poll(() => slow.length).toBe(1);
    sessions[0]?.goaway(0, slow[0]?.id ?? 0);
    await expect
      .poll(async () => {
        await channel.call('/x', text(''));
        return sessions.length;
      })
      .toBe(2);
    for (const stream of slow) answer(stream, [Buffer.from('late')]);
    expect((await begun).toString()).toBe('late');
  });

  test('is closed when the peer is silent for too long', async () => {
    const clock = new VirtualClock();
    // Speaks as much HTTP/2 as an open connection takes (empty SETTINGS), and nothing after it.
    const server = createTcpServer((socket: Socket) => {
      socket.on('error', () => undefined).resume();
      socket.write(Buffer.from('000000040000000000', 'hex'));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    // A server that listens on TCP has an address.
    const channel = channelTo([`http://127.0.0.1:${(server.address() as AddressInfo).port}`], clock);
    const stream = await channel.stream('/watch', text(''));
    const read = async () => {
      for await (const _ of stream.messages(new AbortController().signal)) expect.unreachable('a message');
    };
    const failed = expect(read()).rejects.toMatchObject({
      code: RPC_CODE.Unavailable,
      message: 'the peer does not answer',
    });
    await clock.advance(20_000);
    await failed;
  });

  test('is refused to a peer that speaks something else', async () => {
    const server = createTcpServer((socket: Socket) => {
      socket.on('error', () => undefined).end('HTTP/1.1 400 Bad Request\r\n\r\n'.repeat(10));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    // A server that listens on TCP has an address.
    const channel = channelTo([`http://127.0.0.1:${(server.address() as AddressInfo).port}`]);
    await expect(channel.call('/x', text(''))).rejects.toMatchObject({ code: RPC_CODE.Unavailable });
  });
});

describe('of several endpoints', () => {
  test('one that does not do its work is left for the next', async () => {
    const bad = await peer((stream) => answer(stream, [], '14', 'etcdserver: no leader'));
    const good = await peer(echo);
    const channel = channelTo([bad.url, good.url]);
    await expect(channel.call('/x', text('1'))).rejects.toMatchObject({ code: RPC_CODE.Unavailable });
    expect((await channel.call('/x', text('2'))).toString()).toBe('2');
    expect((await channel.call('/x', text('3'))).toString()).toBe('3');
    expect(bad.sessions).toHaveLength(1);
  });

  test('a watch does not stay with one that is left', async () => {
    const bad = await peer((stream, path) => {
      if (path === '/watch') stream.respond(MESSAGE_TYPE);
      else answer(stream, [], '14', 'no leader');
    });
    const good = await peer(echo);
    const channel = channelTo([bad.url, good.url]);
    const stream = await channel.stream('/watch', text(''));
    const read = async () => {
      for await (const _ of stream.messages(new AbortController().signal)) expect.unreachable('a message');
    };
    const failed = expect(read()).rejects.toMatchObject({ code: RPC_CODE.Unavailable });
    await expect(channel.call('/x', text(''))).rejects.toMatchObject({ code: RPC_CODE.Unavailable });
    await failed;
  });

  test('all that were tried are named when none can be reached', async () => {
    const ports = [1, 2].map((port) => `http://127.0.0.1:${port}`);
    await expect(channelTo(ports).call('/x', text(''))).rejects.toThrow(/127\.0\.0\.1:1: .*; .*127\.0\.0\.1:2: /);
  });

  test('one that keeps silent is passed over', async () => {
    const silent = createTcpServer((socket: Socket) => void socket.on('error', () => undefined).resume());
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    onTestFinished(() => void silent.close());
    const good = await peer(echo);
    const clock = new VirtualClock();
    // A server that listens on TCP has an address.
    const channel = channelTo([`http://127.0.0.1:${(silent.address() as AddressInfo).port}`, good.url], clock);
    const called = channel.call('/x', text('through'));
    await once(silent, 'connection');
    await clock.advance(2000);
    expect((await called).toString()).toBe('through');
  });
});

describe('a stream', () => {
  test('gives its messages in order, held back while nobody reads', async () => {
    const count = 3000;
    const message = (index: number) => Buffer.concat([Buffer.from(String(index)), Buffer.alloc(10_000)]);
    let sent = 0;
    const { url } = await peer((stream, path) => {
      if (path === '/other') return echo(stream);
      stream.respond(MESSAGE_TYPE, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      const more = () => {
        while (sent < count) if (!stream.write(framed(message(sent++)))) return void stream.once('drain', more);
        stream.end();
      };
      more();
    });
    const channel = channelTo([url]);
    const stream = await channel.stream('/watch', text(''));
    const messages = stream.messages(new AbortController().signal);
    await messages.next();
    // Other calls get through meanwhile; once the peer has written no more between two of them, it is held back.
    let [before, now] = [-1, 0];
    while (before !== now || now < 256) {
      before = now;
      for (let turn = 0; turn < 50; turn++) await channel.call('/other', text(''));
      now = sent;
    }
    expect(now).toBeLessThan(count);
    let seen = 1;
    for await (const received of messages) {
      expect(Number.parseInt(received.toString('latin1', 0, 6), 10)).toBe(seen++);
    }
    expect(seen).toBe(count);
  });

  test('is closed at the peer when the reader leaves or is told to stop', async () => {
    let open = 0;
    const { url } = await peer((stream) => {
      open++;
      stream.on('close', () => open--);
      stream.respond(MESSAGE_TYPE);
      stream.write(framed(Buffer.from('one')));
    });
    const channel = channelTo([url]);
    const left = (await channel.stream('/watch', text(''))).messages(new AbortController().signal);
    for await (const received of left) {
      expect(received.toString()).toBe('one');
      break;
    }
    const stop = new AbortController();
    const stopped = (await channel.stream('/watch', text(''))).messages(stop.signal);
    for await (const _ of stopped) stop.abort();
    await expect.poll(() => open).toBe(0);
  });
});

test.each(['ftp://x:1', 'http://', 'http://a:b:c', 'unix:///x'])('%s is no endpoint', (url) => {
  expect(() => endpointOf(url, {})).toThrow('is no URL of an etcd server');
});

test.each([
  { url: 'https://[::1]:2379', want: { host: '::1', port: 2379, authority: '[::1]:2379', secure: true } },
  { url: 'http://etcd.example', want: { host: 'etcd.example', port: 80, secure: false } },
  { url: '127.0.0.1:2379', want: { host: '127.0.0.1', port: 2379, secure: false } },
])('$url is an endpoint', ({ url, want }) => {
  expect(endpointOf(url, {})).toMatchObject(want);
});
