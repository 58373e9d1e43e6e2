// Against a real HTTP server on this machine: what travels, and what each sort of failure becomes.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { VirtualClock } from '../clock/virtual-clock.ts';
import { httpsTransport, warningTexts } from './https-transport.ts';
import { LineSplitter, LineTooLongError } from './line-splitter.ts';
import { UnreachableError, type Transport } from './transport.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function serve(handler: (request: IncomingMessage, response: ServerResponse) => void, clock?: VirtualClock) {
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const transport = httpsTransport({
    server: `http://127.0.0.1:${port}/prefix/`,
    token: 'secret',
    userAgent: 'tester',
    ...(clock !== undefined && { clock }),
  });
  cleanups.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  cleanups.push(() => transport.close());
  return { server, transport };
}

function json(response: ServerResponse, code: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(code, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

const failed = (transport: Transport, path = '/x') =>
  transport.request({ method: 'GET', path }).then(
    () => expect.fail('should have been refused'),
    (error: unknown) => error,
  );

test('connections that nobody answers on are dropped, and the next request opens its own', async () => {
  let silent = true;
  let asked = Promise.withResolvers<void>();
  const { transport } = await serve((_request, response) => {
    if (silent) asked.resolve();
    else json(response, 200, 'here');
  });
  const waiting = failed(transport);
  await asked.promise;
  asked = Promise.withResolvers();
  const watching = transport.watch('/w', new AbortController().signal).catch((error: unknown) => error);
  await asked.promise;
  silent = false;
  transport.dropConnections();
  expect(await waiting).toBeInstanceOf(UnreachableError);
  expect(await watching).toBeInstanceOf(UnreachableError);
  expect((await transport.request({ method: 'GET', path: '/x' })).body).toBe('here');
});

test('a request is given up when it is told so, also while its connection is still being made', async () => {
  const connected = Promise.withResolvers<void>();
  // It takes the connection, and never says a word of TLS.
  const server = createTcpServer((socket) => {
    cleanups.push(() => socket.destroy());
    connected.resolve();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => server.close());
  const { port } = server.address() as AddressInfo;
  const transport = httpsTransport({ server: `https://127.0.0.1:${port}` });
  cleanups.push(() => transport.close());
  const stop = new AbortController();
  const asking = transport.request({ method: 'GET', path: '/x' }, stop.signal);
  await connected.promise;
  stop.abort(new Error('enough'));
  await expect(asking).rejects.toThrow('enough');
});

describe('a request over HTTP', () => {
  test('carries path, body and credentials, and brings back body and warnings', async () => {
    const { transport } = await serve((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        const { authorization, 'content-type': type, 'user-agent': agent } = request.headers;
        const seen = [request.method, request.url, authorization, type, agent, Buffer.concat(parts).toString()];
        json(response, 201, seen, { warning: '299 - "mind, the \\"gap\\"", 299 - "two"' });
      });
    });
    const answer = await transport.request({
      method: 'PATCH',
      path: '/api/v1/x?a=b',
      body: { k: 1 },
      contentType: 'application/merge-patch+json',
    });
    expect(answer).toEqual({
      status: 201,
      warnings: ['mind, the "gap"', 'two'],
      body: ['PATCH', '/prefix/api/v1/x?a=b', 'Bearer secret', 'application/merge-patch+json', 'tester', '{"k":1}'],
    });
  });

  test('rejects with the Status that the server sent', async () => {
    const status = {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      reason: 'NotFound',
      message: 'no such',
      code: 404,
    };
    const { transport } = await serve((_request, response) => json(response, 404, status));
    expect(await failed(transport)).toMatchObject({
      name: 'ApiError',
      reason: 'NotFound',
      code: 404,
      message: 'no such',
    });
  });

  test.each([
    { code: 503, reason: 'ServiceUnavailable', message: 'the server is currently unable to handle the request' },
    { code: 404, reason: 'NotFound', message: 'the server could not find the requested resource' },
    {
      code: 418,
      reason: 'InternalError',
      message: 'an error on the server ("teapot") has prevented the request from succeeding',
    },
  ])('makes an error of a plain $code', async ({ code, reason, message }) => {
    const { transport } = await serve((_request, response) =>
      response.writeHead(code, { 'content-type': 'text/plain' }).end('teapot'),
    );
    expect(await failed(transport)).toMatchObject({ reason, code, message });
  });

  test('asks again after the time that a busy server names', async () => {
    const clock = new VirtualClock();
    let calls = 0;
    const { transport } = await serve((_request, response) => {
      calls++;
      if (calls === 1) json(response, 429, {}, { 'retry-after': '3' });
      else json(response, 200, 'served');
    }, clock);
    const answer = transport.request({ method: 'GET', path: '/x' });
    await expect.poll(() => clock.pending).toBe(1);
    await clock.advance(3000);
    expect((await answer).body).toBe('served');
    expect(calls).toBe(2);
  });

  test('is unreachable when nobody listens, and when the answer breaks off', async () => {
    const { server, transport } = await serve((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
      response.write('{"a":');
      response.destroy();
    });
    expect(await failed(transport)).toBeInstanceOf(UnreachableError);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    expect(await failed(transport)).toBeInstanceOf(UnreachableError);
  });

  test('rejects with the reason of the signal that stopped it', async () => {
    const { transport } = await serve(() => undefined);
    const stop = new AbortController();
    const answer = transport.request({ method: 'GET', path: '/x' }, stop.signal);
    const reason = new Error('enough');
    stop.abort(reason);
    await expect(answer).rejects.toBe(reason);
  });
});

describe('a watch over HTTP', () => {
  test('yields events as they come, whatever the chunks, and ends with the server', async () => {
    const { transport } = await serve((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const text = ['a', 'é€', 'c'].map((name) => JSON.stringify({ type: 'ADDED', object: { name } })).join('\n');
      const bytes = Buffer.from(`${text}\n`);
      response.write(bytes.subarray(0, 40));
      setImmediate(() => response.end(bytes.subarray(40)));
    });
    const seen: unknown[] = [];
    for await (const { object } of await transport.watch('/w', new AbortController().signal)) seen.push(object);
    expect(seen).toEqual([{ name: 'a' }, { name: 'é€' }, { name: 'c' }]);
  });

  test('throws that it is unreachable when the connection breaks', async () => {
    const { transport } = await serve((_request, response) => {
      response.writeHead(200);
      response.write(`${JSON.stringify({ type: 'ADDED', object: {} })}\n`);
      setImmediate(() => response.destroy());
    });
    const events = await transport.watch('/w', new AbortController().signal);
    const read = async () => {
      let count = 0;
      for await (const event of events) count += event.type === 'ADDED' ? 1 : 0;
      return count;
    };
    await expect(read()).rejects.toBeInstanceOf(UnreachableError);
  });
});

describe('a channel connection', () => {
  test('sends and receives channels and closes one by the v5 protocol', async () => {
    const { server, transport } = await serve(() => undefined);
    const sockets = new WebSocketServer({ server, handleProtocols: () => 'v5.channel.k8s.io' });
    cleanups.push(() => sockets.close());
    const received: number[][] = [];
    sockets.on('connection', (socket) => {
      socket.send(Buffer.from([1, 104, 105]));
      socket.on('message', (data: Buffer) => {
        received.push([...data]);
        if (received.length === 2) socket.close(1000);
      });
    });
    const connection = await transport.connect('/exec', new AbortController().signal);
    connection.send({ channel: 0, data: Buffer.from('x') });
    connection.closeChannel(0);
    const messages: string[] = [];
    for await (const { channel, data } of connection.messages)
      messages.push(`${channel}:${Buffer.from(data).toString()}`);
    expect(messages).toEqual(['1:hi']);
    expect(received).toEqual([
      [0, 120],
      [255, 0],
    ]);
  });

  test('rejects with the Status of a refusal', async () => {
    const { server, transport } = await serve(() => undefined);
    const status = JSON.stringify({ kind: 'Status', status: 'Failure', reason: 'Forbidden', message: 'no', code: 403 });
    server.on('upgrade', (_request, socket) => {
      socket.end(`HTTP/1.1 403 Forbidden\r\ncontent-length: ${status.length}\r\n\r\n${status}`);
    });
    await expect(transport.connect('/exec', new AbortController().signal)).rejects.toMatchObject({
      reason: 'Forbidden',
    });
  });
});

describe('small parts', () => {
  test('a line may span chunks but not grow without limit', () => {
    const lines = new LineSplitter(10);
    expect([lines.push(Buffer.from('ab')), lines.push(Buffer.from('c\nd\n\ne')), lines.end()]).toEqual([
      [],
      ['abc', 'd'],
      'e',
    ]);
    lines.push(Buffer.from('123456'));
    expect(() => lines.push(Buffer.from('789012'))).toThrow(LineTooLongError);
  });

  test('no warning header means no warnings', () => {
    expect(warningTexts(undefined)).toEqual([]);
  });
});
