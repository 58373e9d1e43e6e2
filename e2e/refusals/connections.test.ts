// What happens below HTTP: requests in a row, connections that are half closed or never say anything, headers and bodies that are
// too long or broken, and the end of the process with all of that going on.
import { readFileSync } from 'node:fs';
import { connect as connectTcp, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApiServer, type ApiServerProcess } from '../support/api-server.ts';
import { ask, said } from './ask.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';
const WAIT_MS = 5000;

let server: ApiServerProcess;

beforeAll(async () => {
  server = await startApiServer();
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const portOf = ({ url }: ApiServerProcess) => Number(new URL(url).port);

function open(to: ApiServerProcess): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port: portOf(to), ca: readFileSync(to.caFile), ALPNProtocols: ['http/1.1'] };
    const socket = connect(options, () => resolve(socket));
    socket.once('error', reject);
  });
}

/** Everything that comes back until the connection ends, or until `enough` of it has come. */
async function exchange(text: string, { end = false, enough = /^$/ } = {}): Promise<string> {
  const socket = await open(server);
  return new Promise((resolve) => {
    let received = '';
    const done = () => {
      socket.destroy();
      resolve(received);
    };
    socket.setTimeout(WAIT_MS, done);
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString();
      if (enough.test(received)) done();
    });
    socket.on('error', done).on('end', done).on('close', done);
    socket.write(text);
    if (end) socket.end();
  });
}

const head = (line: string, ...more: string[]) =>
  [`${line} HTTP/1.1`, 'Host: test', `Authorization: Bearer ${server.token}`, ...more, '', ''].join('\r\n');

describe('one connection', () => {
  test('answers requests that were sent at once in their order', async () => {
    const text = head('GET /version') + head('GET /api/v1/namespaces/none') + head('GET /healthz', 'Connection: close');
    const received = await exchange(text);
    expect(received.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 404', 'HTTP/1.1 200']);
    expect(received.indexOf('gitVersion')).toBeLessThan(received.indexOf('namespaces \\"none\\" not found'));
    expect(received.endsWith('ok')).toBe(true);
  });

  test('still answers a client that has closed its side', async () => {
    expect(await exchange(head('GET /healthz'), { end: true })).toMatch(/^HTTP\/1\.1 200 [^]*ok$/);
  });

  test('ends a watch whose client has closed its side', async () => {
    expect(await exchange(head('GET /api/v1/pods?watch=1'), { end: true })).toMatch(/^HTTP\/1\.1 200 /);
  });

  test('does not take the rest of a refused body for a request', async () => {
    const hidden = head('GET /version');
    const body = `${'x'.repeat(4 * 1024 * 1024)}${hidden}`;
    const type = ['Content-Type: application/json', `Content-Length: ${body.length}`];
    const received = await exchange(head(`POST ${MAPS}`, ...type) + body);
    expect(received).toMatch(/^HTTP\/1\.1 413 /);
    expect(received).not.toContain('gitVersion');
  });

  test('ignores a protocol that nobody speaks here', async () => {
    const received = await exchange(head('GET /healthz', 'Connection: Upgrade', 'Upgrade: h2c'), { enough: /ok$/ });
    expect(received).toMatch(/^HTTP\/1\.1 200 /);
  });

  test('says what is wrong with an upgrade that is meant', async () => {
    const path = '/api/v1/namespaces/default/pods/none/exec?command=x';
    const received = await exchange(head(`GET ${path}`, 'Connection: Upgrade', 'Upgrade: websocket'));
    expect(received).toMatch(/^HTTP\/1\.1 404 [^]*"message":"pods \\"none\\" not found"/);
  });
});

describe('broken requests', () => {
  test.each([
    ['no HTTP', 'hello\r\n\r\n'],
    ['a version to come', 'GET /healthz HTTP/3.0\r\nHost: x\r\n\r\n'],
    ['no host', 'GET /healthz HTTP/1.1\r\n\r\n'],
    ['a length that is none', `POST ${MAPS} HTTP/1.1\r\nHost: x\r\nContent-Length: abc\r\n\r\n{}`],
    ['two lengths', `POST ${MAPS} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}`],
    [
      'a length and chunks',
      `POST ${MAPS} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    ['lines without a return', 'GET /healthz HTTP/1.1\nHost: x\n\n'],
  ])('%s', async (_, text) => {
    expect(await exchange(text)).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
  });

  test('chunks that are none', async () => {
    const chunked = head(`POST ${MAPS}`, 'Content-Type: application/json', 'Transfer-Encoding: chunked');
    expect(await exchange(`${chunked}zz\r\n\r\n`)).toMatch(/^HTTP\/1\.1 400 /);
  });

  test('a body that ends early makes nothing', async () => {
    const text = head(`POST ${MAPS}`, 'Content-Type: application/json', 'Content-Length: 100');
    expect(await exchange(`${text}{"metadata":{"name":"half"}}`, { end: true })).not.toMatch(/^HTTP\/1\.1 2/);
    expect(said(await ask(server, { path: `${MAPS}/half` }))).toBe('404 NotFound: configmaps "half" not found');
  });
});

describe('long headers', () => {
  test('a selector of 100 KiB is read', async () => {
    const names = Array.from({ length: 5000 }, (_, i) => `name-of-one-of-many-${i}`);
    const path = `${MAPS}?labelSelector=app+in+(${names.join(',')})`;
    expect(said(await ask(server, { path }))).toBe('200 ConfigMapList');
  });

  test('more than a mebibyte is not', async () => {
    expect(await exchange(head('GET /healthz', `X-Long: ${'a'.repeat(2 * 1024 * 1024)}`))).toMatch(
      /^(HTTP\/1\.1 431 |$)/,
    );
    expect(said(await ask(server, { path: '/healthz' }))).toBe('200 ok');
  });
});

test('the process ends within two seconds of SIGTERM, whatever is connected', async () => {
  await using other = await startApiServer();
  const auth = `Host: x\r\nAuthorization: Bearer ${other.token}\r\n`;
  const sockets = [
    await open(other),
    ...(await Promise.all(
      [
        `GET /api/v1/pods?watch=1 HTTP/1.1\r\n${auth}\r\n`,
        `GET /healthz HTTP/1.1\r\n${auth}\r\n`,
        `POST ${MAPS} HTTP/1.1\r\n${auth}Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"a"`,
        'POST /api/v1/name',
      ].map(async (text) => {
        const socket = await open(other);
        socket.write(text);
        return socket;
      }),
    )),
    connectTcp(portOf(other), '127.0.0.1'),
  ];
  for (const socket of sockets) socket.on('error', () => undefined).resume();
  // All of it must have arrived: an answer on a connection opened after them says so.
  await ask(other, { path: '/healthz' });
  const began = Date.now();
  process.kill(other.pid, 'SIGTERM');
  while (!ended(other.pid)) {
    expect(Date.now() - began).toBeLessThan(2000);
    await pause(10);
  }
  for (const socket of sockets) socket.destroy();
  expect(other.log()).not.toContain('did not stop in time');
});

/** Gone, or dead and not yet collected by its parent. */
function ended(pid: number): boolean {
  try {
    return /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    // No such process any more.
    return true;
  }
}
