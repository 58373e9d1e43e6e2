import { once } from 'node:events';
import { createServer } from 'node:http2';
import { connect, type AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { decodeHeaders, encodeHeaders, HpackFault } from './hpack.ts';
import { HUFFMAN_SYMBOLS, STATIC_HEADERS } from './hpack-tables.ts';

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

test('has all of the static table', () => {
  expect(STATIC_HEADERS).toHaveLength(61);
  expect(STATIC_HEADERS[60]).toEqual(['www-authenticate', '']);
  expect(STATIC_HEADERS[30]).toEqual(['content-type', '']);
});

test('has a complete Huffman code, but for the end of strings', () => {
  const symbols = [...HUFFMAN_SYMBOLS.values()].flat();
  expect(new Set(symbols).size).toBe(256);
  let space = 2 ** -30;
  for (const [bits, of] of HUFFMAN_SYMBOLS) space += of.length * 2 ** -bits;
  expect(space).toBe(1);
});

// The examples of RFC 7541, C.4.1, C.6.1 and C.2, as far as they need no dynamic table.
test.each([
  { name: 'Huffman', block: '82 86 84 41 8c f1e3 c2e5 f23a 6ba0 ab90 f4ff', want: [':authority', 'www.example.com'] },
  { name: 'a static value', block: '88', want: [':status', '200'] },
  {
    name: 'a date',
    block: '61 96 d07a be94 1054 d444 a820 0595 040b 8166 e082 a62d 1bff',
    want: ['date', 'Mon, 21 Oct 2013 20:13:21 GMT'],
  },
  {
    name: 'a plain literal',
    block: '00 0a 63757374 6f6d2d6b 6579 0d 63757374 6f6d2d68 65616465 72',
    want: ['custom-key', 'custom-header'],
  },
  {
    name: 'a literal that is never indexed',
    block: '10 08 70617373776f7264 06 736563726574',
    want: ['password', 'secret'],
  },
  { name: 'a table that shrinks to nothing', block: '20 88', want: [':status', '200'] },
])('reads $name', ({ block, want: [name = '', value] }) => {
  expect(decodeHeaders(hex(block)).get(name)).toBe(value);
});

test.each([
  { name: 'an entry of a dynamic table', block: 'be' },
  { name: 'a dynamic table', block: '3f e11f' },
  { name: 'a string that ends too early', block: '00 0a 6375' },
  { name: 'an integer without end', block: 'ff ffffffffffff' },
  { name: 'nothing after a name', block: '00 01 61' },
  { name: 'padding of zeros', block: '00 01 61 81 00' },
  { name: 'padding longer than seven bits', block: '00 01 61 82 1f ff' },
])('refuses $name', ({ block }) => {
  expect(() => decodeHeaders(hex(block))).toThrow(HpackFault);
});

test('reads back what it writes', () => {
  const headers = [
    [':path', '/etcdserverpb.KV/Txn'],
    ['long', 'x'.repeat(5000)],
  ] as const;
  expect([...decodeHeaders(encodeHeaders(headers))]).toEqual(headers);
});

test("reads every byte as Node's own HTTP/2 packs it", async () => {
  await using resources = new AsyncDisposableStack();
  const text = Array.from({ length: 0x7e - 0x20 }, (_, index) => String.fromCharCode(0x21 + index)).join('');
  const value = `${text}${'0'.repeat(200)}`; // long runs of short codes, so that packing is the shorter form
  const server = createServer();
  server.on('stream', (stream) => stream.respond({ 'x-text': value }, { endStream: true }));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  resources.defer(() => new Promise<void>((resolve) => void server.close(() => resolve())));
  // A server that listens on TCP has an address.
  const { port } = server.address() as AddressInfo;
  const socket = connect(port, '127.0.0.1');
  resources.defer(() => void socket.destroy());
  const head = encodeHeaders([
    [':method', 'GET'],
    [':scheme', 'http'],
    [':path', '/'],
    [':authority', 'x'],
  ]);
  socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
  socket.write(hex('000006 04 00 00000000 0001 00000000'));
  socket.write(Buffer.concat([hex(`0000${head.length.toString(16).padStart(2, '0')} 01 05 00000001`), head]));
  let received = Buffer.alloc(0);
  for await (const part of socket) {
    received = Buffer.concat([received, part as Buffer]);
    const block = headerBlock(received);
    if (block === undefined) continue;
    expect(decodeHeaders(block).get('x-text')).toBe(value);
    expect(block.length).toBeLessThan(value.length);
    return;
  }
  expect.unreachable('the server sent no headers');
});

/** The payload of the first HEADERS frame, once it is whole. */
function headerBlock(bytes: Buffer): Buffer | undefined {
  for (let at = 0; at + 9 <= bytes.length; at += 9 + bytes.readUIntBE(at, 3)) {
    const end = at + 9 + bytes.readUIntBE(at, 3);
    if (bytes[at + 3] === 1 && end <= bytes.length) return bytes.subarray(at + 9, end);
  }
  return undefined;
}
