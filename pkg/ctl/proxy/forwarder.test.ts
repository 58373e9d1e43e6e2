// A real server behind and a real client before it: what arrives where.
import { once } from 'node:events';
import { Agent, createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { Forwarder, withCredentials } from './forwarder.ts';

const cleanup: (() => void)[] = [];
afterEach(() => {
  for (const end of cleanup.splice(0)) end();
});

async function listening(server: Server): Promise<number> {
  cleanup.push(() => {
    server.close();
    server.closeAllConnections();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A listener of TCP has an AddressInfo.
  return (server.address() as AddressInfo).port;
}

async function proxied(backend: Server, options: { prefix?: string; appendServerPath?: boolean } = {}) {
  const behind = await listening(backend);
  const faults: string[] = [];
  const forwarder = new Forwarder({
    target: async () => ({
      server: new URL(`http://127.0.0.1:${behind}${options.prefix ?? ''}`),
      headers: { authorization: 'Bearer ours' },
      agent: () => new Agent({ keepAlive: true }),
    }),
    appendServerPath: options.appendServerPath ?? false,
    keepAliveMs: 0,
    report: (fault) => faults.push(fault),
  });
  cleanup.push(() => forwarder[Symbol.dispose]());
  const front = createServer((request, response) => void forwarder.answer(request, response, request.url ?? ''));
  front.on('upgrade', (request, socket, head) => void forwarder.upgrade(request, socket, head, request.url ?? ''));
  return { behind, port: await listening(front), faults };
}

async function ask(port: number, options: { method?: string; path?: string; headers?: object; body?: string } = {}) {
  const { method = 'GET', path = '/', headers = {}, body } = options;
  const request = httpRequest({ host: '127.0.0.1', port, method, path, headers: { ...headers }, agent: false });
  request.end(body);
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  let text = '';
  for await (const part of answer.setEncoding('utf8')) text += String(part);
  return { status: answer.statusCode, headers: answer.headers, text };
}

const echo = () =>
  createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (part: string) => (body += part));
    request.on('end', () => {
      response.writeHead(201, 'Made', { 'X-Answer': 'yes', 'Content-Type': 'application/json' });
      response.end(JSON.stringify({ method: request.method, url: request.url, headers: request.headers, body }));
    });
  });

describe('requests passed on', () => {
  test('arrive with our credentials and the name of the server, and are answered as they were', async () => {
    const { port, behind } = await proxied(echo(), { prefix: '/cluster' });
    const answer = await ask(port, { method: 'POST', path: '/a%2Fb?x=1', body: 'hello', headers: { 'X-Mine': 'a' } });
    expect(answer).toMatchObject({ status: 201, headers: { 'x-answer': 'yes' } });
    expect(JSON.parse(answer.text)).toMatchObject({
      method: 'POST',
      url: '/a%2Fb?x=1',
      body: 'hello',
      headers: {
        host: `127.0.0.1:${behind}`,
        authorization: 'Bearer ours',
        'x-mine': 'a',
        'x-forwarded-for': '127.0.0.1',
      },
    });
  });

  test('have the path of the server before theirs when asked for', async () => {
    const { port } = await proxied(echo(), { prefix: '/cluster/', appendServerPath: true });
    expect(JSON.parse((await ask(port, { path: '/api' })).text)).toMatchObject({ url: '/cluster/api' });
  });

  test('keep the body of a DELETE whose length nobody said', async () => {
    const { port } = await proxied(echo());
    const answer = await ask(port, { method: 'DELETE', body: 'why', headers: { 'Transfer-Encoding': 'chunked' } });
    expect(JSON.parse(answer.text)).toMatchObject({ method: 'DELETE', body: 'why' });
  });

  test('get parts of the answer as they come', async () => {
    let more: () => void = () => undefined;
    const { port } = await proxied(
      createServer((_request, response) => {
        response.write('first');
        more = () => response.end('second');
      }),
    );
    const request = httpRequest({ host: '127.0.0.1', port, agent: false });
    request.end();
    const [answer] = (await once(request, 'response')) as [IncomingMessage];
    const parts: string[] = [];
    for await (const part of answer.setEncoding('utf8')) {
      parts.push(String(part));
      more();
    }
    expect(parts).toEqual(['first', 'second']);
  });

  test('are answered 500 when the server cannot be reached, and the user is told', async () => {
    const backend = echo();
    const { port, faults } = await proxied(backend);
    backend.close();
    backend.closeAllConnections();
    const answer = await ask(port);
    expect(answer.status).toBe(500);
    expect(answer.text).toContain('ECONNREFUSED');
    expect(faults).toHaveLength(1);
  });

  test('become a connection of another protocol when the server agrees', async () => {
    const backend = createServer();
    backend.on('upgrade', (request, socket) => {
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: ${request.headers.upgrade}\r\nConnection: Upgrade\r\n\r\n`,
      );
      socket.write(`${request.headers.authorization}|`);
      socket.pipe(socket);
    });
    const { port } = await proxied(backend);
    const client = connect(port, '127.0.0.1');
    client.write('GET /exec HTTP/1.1\r\nHost: localhost\r\nUpgrade: talk\r\nConnection: Upgrade\r\n\r\nearly,');
    let seen = '';
    for await (const part of client.setEncoding('latin1')) {
      seen += String(part);
      if (seen.endsWith('early,')) client.write('late.');
      if (seen.endsWith('late.')) break;
    }
    expect(seen).toMatch(/^HTTP\/1\.1 101 .*\r\n[^]*upgrade: talk\r\n[^]*\r\n\r\nBearer ours\|early,late\.$/i);
  });

  test('are refused with the server’s own words when it does not agree', async () => {
    const backend = createServer((_request, response) => response.writeHead(403).end('no'));
    const { port } = await proxied(backend);
    const client = connect(port, '127.0.0.1');
    client.write('GET /exec HTTP/1.1\r\nHost: localhost\r\nUpgrade: talk\r\nConnection: Upgrade\r\n\r\n');
    let seen = '';
    for await (const part of client.setEncoding('latin1')) seen += String(part);
    expect(seen).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n[^]*no$/);
  });
});

test.each([
  {
    name: 'the caller’s own token',
    given: ['Authorization', 'Bearer mine'],
    want: { Authorization: 'Bearer mine', 'impersonate-user': 'u' },
  },
  {
    name: 'our token',
    given: ['Accept', '*/*'],
    want: { Accept: '*/*', authorization: 'Bearer ours', 'impersonate-user': 'u' },
  },
  {
    name: 'whom the caller impersonates',
    given: ['Impersonate-User', 'x'],
    want: { 'Impersonate-User': 'x', authorization: 'Bearer ours' },
  },
])('credentials sent are $name', ({ given, want }) => {
  const ours = { authorization: 'Bearer ours', 'impersonate-user': 'u' };
  const pairs = withCredentials([[given[0] ?? '', given[1] ?? '']], ours, 'server:1', undefined);
  expect(Object.fromEntries(pairs)).toEqual({ Host: 'server:1', ...want });
});
