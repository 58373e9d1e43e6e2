// Connections that are joined to a pod's, with a kubelet that says what the test has it say.
import { createServer, request, type Server } from 'node:https';
import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseExposition } from '../../metrics/parse-exposition.ts';
import { createAuthority, issueCertificate } from '../../pki/certificates.ts';
import { startServerUnderTest, TOKEN, type ServerUnderTest } from '../testing/server-under-test.ts';

const POD = '/api/v1/namespaces/default/pods/p';
let server: ServerUnderTest;
let kubelet: Server;
/** The kubelet's side of what was opened last. */
let opened: PromiseWithResolvers<Duplex | ServerResponse>;

beforeAll(async () => {
  const authority = await createAuthority('kubelets', 1, Date.now());
  const pair = await issueCertificate(
    authority,
    { commonName: 'system:node:n1', hosts: ['127.0.0.1'], usages: ['server'], days: 1 },
    Date.now(),
  );
  kubelet = createServer({ cert: pair.certificate, key: pair.key }, (_, response) => {
    response.writeHead(200).write('first line\n');
    opened.resolve(response);
  });
  kubelet.on('upgrade', (_, socket) => {
    socket.on('error', () => undefined);
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    opened.resolve(socket);
  });
  await new Promise<void>((resolve) => kubelet.listen(0, '127.0.0.1', resolve));
  const address = kubelet.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  server = await startServerUnderTest(undefined, 1, { kubelets: { authority: authority.certificate } });
  const post = (path: string, value: unknown) => server.direct.request({ method: 'POST', path, body: value });
  const addresses = [{ type: 'InternalIP', address: '127.0.0.1' }];
  const status = { addresses, daemonEndpoints: { kubeletEndpoint: { Port: port } } };
  await post('/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' }, status });
  await post('/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'default' } });
  const spec = { nodeName: 'n1', containers: [{ name: 'c', image: 'x' }], automountServiceAccountToken: false };
  await post('/api/v1/namespaces/default/pods', { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  kubelet.close();
  kubelet.closeAllConnections();
});

async function told(name: string, subresource: string): Promise<unknown> {
  const { body } = await server.direct.request({ method: 'GET', path: '/metrics' });
  const found = parseExposition(String(body), new Set([name])).find(
    ({ labels }) => labels['subresource'] === subresource,
  );
  return found === undefined
    ? undefined
    : { verb: found.labels['verb'], code: found.labels['code'], value: found.value };
}

test('a connection to a container counts for as long as it lasts, and as a request afterwards', async () => {
  opened = Promise.withResolvers();
  const asking = request(`${server.url}${POD}/exec?command=ls&stdout=1`, {
    ca: server.ca,
    headers: { authorization: `Bearer ${TOKEN}`, connection: 'Upgrade', upgrade: 'websocket' },
  });
  asking.on('upgrade', (_, socket) => socket.on('error', () => undefined));
  asking.end();
  const socket = await opened.promise;
  expect(await told('apiserver_longrunning_requests', 'exec')).toMatchObject({ verb: 'CONNECT', value: 1 });
  socket.destroy();
  await expect.poll(() => told('apiserver_longrunning_requests', 'exec')).toMatchObject({ value: 0 });
  expect(await told('apiserver_request_total', 'exec')).toEqual({ verb: 'CONNECT', code: '101', value: 1 });
});

test('a log that is followed counts for as long as it lasts', async () => {
  opened = Promise.withResolvers();
  const chunks = await server.https.stream(
    { method: 'GET', path: `${POD}/log?follow=true` },
    new AbortController().signal,
  );
  const reading = chunks[Symbol.asyncIterator]();
  expect(Buffer.from((await reading.next()).value ?? '').toString()).toBe('first line\n');
  expect(await told('apiserver_longrunning_requests', 'log')).toMatchObject({ verb: 'GET', value: 1 });
  (await opened.promise).end();
  expect((await reading.next()).done).toBe(true);
  await expect.poll(() => told('apiserver_longrunning_requests', 'log')).toMatchObject({ value: 0 });
});
