// How the events of a watch lie in HTTP: as chunks, as plain lines for HTTP/1.0, behind other answers on the same connection.
import { connect, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServerUnderTest, TOKEN, type ServerUnderTest } from '../testing/server-under-test.ts';

let server: ServerUnderTest;
beforeAll(async () => {
  server = await startServerUnderTest();
});
afterAll(() => server[Symbol.asyncDispose]());

const PATH = '/api/v1/namespaces/default/configmaps';
const get = (path: string, version = '1.1', more = '') =>
  `GET ${path} HTTP/${version}\r\nHost: x\r\nAuthorization: Bearer ${TOKEN}\r\n${more}\r\n`;

/** Sends what is given and answers with everything that comes until the connection ends. */
async function conversation(text: string, each: (soFar: Buffer, socket: TLSSocket) => void): Promise<Buffer> {
  const { hostname, port } = new URL(server.url);
  const socket = connect({ host: hostname, port: Number(port), ca: server.ca }, () => socket.write(text));
  let received = Buffer.alloc(0);
  for await (const part of socket) {
    received = Buffer.concat([received, part as Buffer]);
    each(received, socket);
  }
  return received;
}

interface Event {
  readonly type: string;
  readonly object: { readonly metadata: { readonly name: string } };
}

/** `ADDED a`, one for each line that is whole. */
function eventsIn(lines: string): string[] {
  return lines
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Event)
    .map(({ type, object }) => `${type} ${object.metadata.name}`);
}

async function create(name: string): Promise<void> {
  const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { text: 'ünïcödé'.repeat(40) } };
  await server.direct.request({ method: 'POST', path: PATH, body });
}

/** Takes chunks off the front of a response: what was in them, and what follows the last one, if that has come. */
function unchunk(response: Buffer): { text: string; rest: string | undefined } {
  const payloads: Buffer[] = [];
  let at = response.indexOf('\r\n\r\n') + 4;
  for (;;) {
    const end = response.indexOf('\r\n', at);
    const size = Number.parseInt(response.toString('latin1', at, end), 16);
    if (end < 0 || Number.isNaN(size)) return { text: Buffer.concat(payloads).toString(), rest: undefined };
    if (size === 0) return { text: Buffer.concat(payloads).toString(), rest: response.toString('latin1', end + 4) };
    payloads.push(response.subarray(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
  }
}

test('events come in whole chunks, in order, and the connection serves on when the watch has ended', async () => {
  for (const name of ['a', 'b', 'c']) await create(name);
  let [created, asked] = [false, false];
  const response = await conversation(get(`${PATH}?watch=1&resourceVersion=0&timeoutSeconds=5`), (soFar, socket) => {
    const { text, rest } = unchunk(soFar);
    if (!created && text.includes('"name":"c"')) {
      created = true;
      void create('d');
    }
    if (!asked && rest !== undefined) {
      asked = true;
      socket.write(get('/version', '1.1', 'Connection: close\r\n'));
    }
  });
  const { text, rest } = unchunk(response);
  expect(eventsIn(text)).toEqual(['ADDED a', 'ADDED b', 'ADDED c', 'ADDED d']);
  expect(rest).toMatch(/^HTTP\/1\.1 200 OK[^]*gitVersion/);
});

test('HTTP/1.0 gets plain lines and the end of the connection', async () => {
  await create('plain');
  const response = await conversation(
    get(`${PATH}?watch=1&resourceVersion=0&timeoutSeconds=1&fieldSelector=metadata.name%3Dplain`, '1.0'),
    () => undefined,
  );
  const body = response.subarray(response.indexOf('\r\n\r\n') + 4).toString();
  expect(response.toString('latin1', 0, 15)).toBe('HTTP/1.1 200 OK');
  expect(eventsIn(body)).toEqual(['ADDED plain']);
});

test('a watch that was asked for behind another request waits its turn', async () => {
  await create('behind');
  const watch = `${PATH}?watch=1&resourceVersion=0&timeoutSeconds=1&fieldSelector=metadata.name%3Dbehind`;
  const response = await conversation(
    get('/version') + get(watch) + get('/version', '1.1', 'Connection: close\r\n'),
    () => undefined,
  );
  const start = response.lastIndexOf('HTTP/1.1 200 OK', response.indexOf('Transfer-Encoding: chunked'));
  expect(start).toBeGreaterThan(0);
  const { text, rest } = unchunk(response.subarray(start));
  expect(eventsIn(text)).toEqual(['ADDED behind']);
  expect(rest).toContain('gitVersion');
});
