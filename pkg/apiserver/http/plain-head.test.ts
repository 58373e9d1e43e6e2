import { describe, expect, test } from 'vitest';
import { PlainHeadReader } from './plain-head.ts';

const read = (...lines: string[]) => new PlainHeadReader().read(lines.join('\r\n'));
const GET = 'GET /api/v1/pods?limit=1 HTTP/1.1';
const POST = 'POST /api/v1/namespaces/a/pods HTTP/1.1';
const HOST = 'Host: x';

describe('a head is plain', () => {
  test.each([
    { name: 'without a body', lines: [GET, HOST], want: { method: 'GET', length: 0, headers: { host: 'x' } } },
    { name: 'with a body', lines: [POST, HOST, 'Content-Length: 17'], want: { method: 'POST', length: 17 } },
    {
      name: 'whatever the case of its names and the space around its values',
      lines: [GET, 'HOST:x', 'AuthoriZation: \t Bearer a b', 'Empty:', '__proto__: y'],
      want: { headers: { host: 'x', authorization: 'Bearer a b', empty: '', ['__proto__']: 'y' } },
    },
    { name: 'when it says what is so anyway', lines: [GET, HOST, 'Connection: Keep-Alive'], want: { length: 0 } },
  ])('$name', ({ lines, want }) => {
    const head = read(...lines);
    expect(head).toMatchObject({ ...want, headers: {} });
    for (const [name, value] of Object.entries(want.headers ?? {})) expect(head?.headers[name]).toBe(value);
  });
});

describe('a head is left to others', () => {
  test.each([
    { name: 'of an older version', lines: ['GET /api HTTP/1.0', HOST] },
    { name: 'of another method', lines: ['HEAD /api HTTP/1.1', HOST] },
    { name: 'of a target that is no path', lines: ['GET http://x/api HTTP/1.1', HOST] },
    { name: 'of a target with odd bytes', lines: ['GET /a\u00e4 HTTP/1.1', HOST] },
    { name: 'without a host', lines: [GET, 'Accept: a'] },
    { name: 'without any field', lines: [GET] },
    { name: 'with a field twice', lines: [GET, HOST, 'Accept: a', 'accept: b'] },
    { name: 'with a field that goes on in the next line', lines: [GET, HOST, 'Accept: a', ' b'] },
    { name: 'with a space before the colon', lines: [POST, HOST, 'Content-Length : 3'] },
    { name: 'with a space at the end of a value', lines: [POST, HOST, 'Content-Length: 3 '] },
    { name: 'with a line that ends without a return', lines: [POST, HOST, 'A: b\nContent-Length: 3'] },
    { name: 'with a length that is no number', lines: [POST, HOST, 'Content-Length: +3'] },
    { name: 'with a length beyond all limits', lines: [POST, HOST, 'Content-Length: 1234567890'] },
    { name: 'with a body where none belongs', lines: [GET, HOST, 'Content-Length: 3'] },
    { name: 'with a body in chunks', lines: [POST, HOST, 'Transfer-Encoding: chunked'] },
    { name: 'with a body that is compressed', lines: [POST, HOST, 'Content-Length: 3', 'Content-Encoding: gzip'] },
    { name: 'that waits to be told to go on', lines: [POST, HOST, 'Content-Length: 3', 'Expect: 100-continue'] },
    { name: 'that asks for another protocol', lines: [GET, HOST, 'Connection: Upgrade', 'Upgrade: websocket'] },
    { name: 'that is the last one', lines: [GET, HOST, 'Connection: close'] },
    { name: 'of very many fields', lines: [GET, HOST, ...Array.from({ length: 70 }, (_, i) => `X-${i}: y`)] },
  ])('$name', ({ lines }) => expect(read(...lines)).toBeUndefined());
});

test('fields that are those of the request before are read once, and others anew', () => {
  const reader = new PlainHeadReader();
  const fields = `${HOST}\r\nContent-Length: 3`;
  const first = reader.read(`${POST}\r\n${fields}`);
  expect(reader.read(`PUT /other HTTP/1.1\r\n${fields}`)).toMatchObject({ method: 'PUT', target: '/other', length: 3 });
  expect(reader.read(`${POST}\r\n${fields}`)?.headers).toBe(first?.headers);
  expect(reader.read(`${POST}\r\n${fields}0`)?.length).toBe(30);
  expect(reader.read(`${GET}\r\n${fields}`)).toBeUndefined();
});
