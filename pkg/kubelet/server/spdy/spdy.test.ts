import { Duplex, duplexPair } from 'node:stream';
import { constants, createDeflate, deflateSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { SpdyConnection, type SpdyStream } from './connection.ts';
import { DICTIONARY } from './dictionary.ts';
import { cutFrames, dataBytes, pingBytes } from './frames.ts';
import { HeaderCodec } from './header-codec.ts';
import { forwardOverSpdy } from './port-forward.ts';

test('the dictionary is that of the protocol: its checksum is known', () => {
  const begin = deflateSync(Buffer.from('x'), { dictionary: DICTIONARY }).subarray(2, 6).toString('hex');
  expect(begin).toBe('e3c6a7c2');
});

test('header blocks go through, one after another in one stream', async () => {
  using sender = new HeaderCodec();
  using receiver = new HeaderCodec();
  for (const headers of [
    new Map([['streamtype', 'error']]),
    new Map([
      ['streamtype', 'data'],
      ['port', '80'],
    ]),
    new Map<string, string>(),
  ]) {
    expect(await receiver.decode(await sender.encode(headers))).toEqual(headers);
  }
});

test('a header block that is none is refused', async () => {
  using codec = new HeaderCodec();
  await expect(codec.decode(Buffer.from('nonsense'))).rejects.toThrow();
});

test('frames are cut wherever the bytes were', () => {
  const bytes = Buffer.concat([
    dataBytes(1, Buffer.from('abc'), false),
    pingBytes(7),
    dataBytes(3, new Uint8Array(), true),
  ]);
  for (let cut = 0; cut <= bytes.length; cut++) {
    const first = cutFrames(bytes.subarray(0, cut));
    const second = cutFrames(Buffer.concat([first.rest, bytes.subarray(cut)]));
    expect([...first.frames, ...second.frames]).toMatchObject([
      { type: 'data', stream: 1, last: false },
      { type: 'ping', id: 7 },
      { type: 'data', stream: 3, last: true },
    ]);
    expect(second.rest).toHaveLength(0);
  }
});

test.each([
  ['another version', '8002000100000000'],
  ['a frame too long', '00000001ffffffff'],
])('%s is refused', (_name, hex) => {
  expect(() => cutFrames(Buffer.from(hex, 'hex'))).toThrow('SPDY');
});

/** The client's side, as far as the tests need one. */
class TestClient {
  readonly #socket: Duplex;
  readonly #deflate = createDeflate({ dictionary: DICTIONARY, flush: constants.Z_SYNC_FLUSH });
  readonly received = new Map<number, string>();
  readonly ended = new Set<number>();
  #rest: Buffer = Buffer.alloc(0);
  #changed: () => void = () => undefined;

  constructor(socket: Duplex) {
    this.#socket = socket;
    socket.on('data', (data: Buffer) => {
      const { frames, rest } = cutFrames(Buffer.concat([this.#rest, data]));
      this.#rest = rest;
      for (const frame of frames) {
        if (frame.type !== 'data') continue;
        this.received.set(frame.stream, (this.received.get(frame.stream) ?? '') + frame.data.toString());
        if (frame.last) this.ended.add(frame.stream);
      }
      this.#changed();
    });
  }

  async open(id: number, headers: Record<string, string>): Promise<void> {
    const word = (value: number) => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(value);
      return bytes;
    };
    const pairs = Object.entries(headers).flatMap((pair) =>
      pair.flatMap((text) => [word(text.length), Buffer.from(text)]),
    );
    const block = await new Promise<Buffer>((resolve) => {
      this.#deflate.write(Buffer.concat([word(Object.keys(headers).length), ...pairs]), () => {
        const compressed: unknown = this.#deflate.read();
        resolve(compressed instanceof Buffer ? compressed : Buffer.alloc(0));
      });
    });
    const body = Buffer.concat([word(id), word(0), Buffer.alloc(2), block]);
    this.#socket.write(Buffer.concat([Buffer.from('80030001', 'hex'), word(body.length), body]));
  }

  send(id: number, text: string, last = false): void {
    this.#socket.write(dataBytes(id, Buffer.from(text), last));
  }

  async until(is: () => boolean): Promise<void> {
    while (!is()) {
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
  }

  end(): void {
    this.#socket.end();
  }
}

test('streams that the client opens carry bytes both ways and end one by one', async () => {
  const [near, far] = duplexPair();
  const connection = new SpdyConnection(near);
  const client = new TestClient(far);
  await client.open(1, { streamtype: 'stdin' });
  client.send(1, 'hello', true);
  const opened: SpdyStream[] = [];
  for await (const stream of connection.streams) {
    opened.push(stream);
    break;
  }
  const [stream] = opened;
  expect(stream?.headers.get('streamtype')).toBe('stdin');
  let text = '';
  for await (const data of (stream ?? []) as AsyncIterable<Buffer>) text += data.toString();
  expect(text).toBe('hello');
  stream?.end('bye');
  await client.until(() => client.ended.has(1));
  expect(client.received.get(1)).toBe('bye');
  client.end();
  await connection.closed;
});

test('a forwarded port answers on its data stream, or says on its error stream why not', async () => {
  const [near, far] = duplexPair();
  const connection = new SpdyConnection(near);
  const client = new TestClient(far);
  const done = forwardOverSpdy(connection, (port) => {
    if (port !== 80) return Promise.reject(new Error('connection refused'));
    const [server, ours] = duplexPair();
    server.on('data', (data: Buffer) => server.end(`got ${data.toString()}`));
    return Promise.resolve(ours);
  });
  await client.open(1, { streamtype: 'error', port: '80', requestid: '0' });
  await client.open(3, { streamtype: 'data', port: '80', requestid: '0' });
  await client.open(5, { streamtype: 'error', port: '81', requestid: '1' });
  await client.open(7, { streamtype: 'data', port: '81', requestid: '1' });
  client.send(3, 'question');
  await client.until(() => client.ended.has(3) && client.ended.has(5));
  expect(client.received.get(3)).toBe('got question');
  expect(client.received.get(5)).toBe('error forwarding port 81 to pod: connection refused');
  client.end();
  await done;
});
