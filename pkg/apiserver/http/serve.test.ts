// What only callers over the network can see: who they are, limits, encodings, broken requests.
import { Agent } from 'node:https';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:tls';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { realClock } from '../../clock/clock.ts';
import { createAuthority, issueCertificate } from '../../pki/certificates.ts';
import { ask as askServer, type AskOptions, type Raw } from '../testing/ask.ts';
import { startServerUnderTest, TOKEN, type ServerUnderTest } from '../testing/server-under-test.ts';

let server: ServerUnderTest;

beforeAll(async () => {
  server = await startServerUnderTest();
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const ask = (path: string, options?: AskOptions) => askServer(server, path, options);
const json = ({ body }: Raw): Record<string, unknown> => JSON.parse(body.toString()) as Record<string, unknown>;

test.each([
  ['/version', 200],
  ['/healthz', 200],
  ['/readyz', 200],
  ['/livez/ping', 200],
  ['/api', 200],
  ['/apis', 200],
  ['/api/v1', 401],
  ['/api/v1/namespaces', 401],
  ['/metrics', 401],
  ['/openapi/v2', 401],
])('nobody in particular asks for %s and gets %d', async (path, status) => {
  const answer = await ask(path, { anonymous: true });
  expect(answer.status).toBe(status);
  if (status === 401)
    expect(json(answer)).toMatchObject({ kind: 'Status', reason: 'Unauthorized', message: 'Unauthorized' });
});

test('a token that nobody has is refused even where anybody may ask', async () => {
  expect((await ask('/version', { headers: { authorization: 'Bearer wrong' } })).status).toBe(401);
});

test.each([
  { name: 'of the authority names its user and groups', own: true, expired: false, status: 201 },
  { name: 'of another authority is refused', own: false, expired: false, status: 401 },
  { name: 'that has expired is refused', own: true, expired: true, status: 401 },
])('a client certificate $name', async ({ own, expired, status }) => {
  const made = expired ? realClock.now() - 10 * 24 * 3600 * 1000 : realClock.now();
  const authority = own ? server.authority : await createAuthority('other', 1, made);
  const pair = await issueCertificate(
    authority,
    { commonName: 'jane', organizations: ['dev', 'ops'], usages: ['client'], days: 1 },
    made,
  );
  const answer = await ask('/apis/authentication.k8s.io/v1/selfsubjectreviews', {
    method: 'POST',
    cert: pair.certificate,
    key: pair.key,
    headers: { 'content-type': 'application/json' },
    body: '{}',
  });
  expect(answer.status).toBe(status);
  if (status === 201) {
    expect(json(answer)).toMatchObject({
      status: { userInfo: { username: 'jane', groups: ['dev', 'ops', 'system:authenticated'] } },
    });
  }
});

test.each([
  { name: 'of known length', headers: {} },
  { name: 'of unknown length', headers: { 'transfer-encoding': 'chunked' } },
])('a body $name above the limit is refused with 413', async ({ headers }) => {
  const answer = await ask('/api/v1/namespaces/default/configmaps', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: Buffer.alloc(3 * 1024 * 1024 + 1, 'a'),
  });
  expect([answer.status, json(answer)['reason']]).toEqual([413, 'RequestEntityTooLarge']);
});

test.each([
  { name: 'form', type: 'application/x-www-form-urlencoded', body: 'a=b', status: 415 },
  { name: 'half a JSON object', type: 'application/json', body: '{"metadata":', status: 400 },
  { name: 'bytes that are no text', type: 'application/json', body: Buffer.from([0xff, 0xfe, 0]), status: 400 },
])('a body that is $name is refused with $status', async ({ type, body, status }) => {
  const answer = await ask('/api/v1/namespaces/default/configmaps', {
    method: 'POST',
    headers: { 'content-type': type },
    body,
  });
  expect([answer.status, json(answer)['kind']]).toEqual([status, 'Status']);
});

test('an answer is YAML where YAML is asked for, and so is an error', async () => {
  const accept = { accept: 'application/yaml' };
  const good = await ask('/api/v1/namespaces/default', { headers: accept });
  expect(good.body.toString()).toMatch(/^apiVersion: v1\nkind: Namespace\n/);
  const bad = await ask('/api/v1/namespaces/none', { headers: accept });
  expect(bad.body.toString()).toMatch(/^apiVersion: v1\ncode: 404\n/);
});

test('what cannot be given is refused with 406', async () => {
  const answer = await ask('/api/v1/namespaces', { headers: { accept: 'text/plain' } });
  expect([answer.status, json(answer)['reason']]).toEqual([406, 'NotAcceptable']);
});

test('a large answer is compressed for those who take it', async () => {
  const data = { k: 'x'.repeat(200_000) };
  await ask('/api/v1/namespaces/default/configmaps', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ metadata: { name: 'large' }, data }),
  });
  const packed = await ask('/api/v1/namespaces/default/configmaps/large', { headers: { 'accept-encoding': 'gzip' } });
  expect(packed.headers['content-encoding']).toBe('gzip');
  expect(JSON.parse(gunzipSync(packed.body).toString())).toMatchObject({ data });
  const plain = await ask('/api/v1/namespaces/default/configmaps/large');
  expect(plain.headers['content-encoding']).toBeUndefined();
});

test('a long list is the same whichever way it is sent', async () => {
  const body = JSON.stringify({ metadata: { generateName: 'many-' }, data: { k: 'x'.repeat(50_000) } });
  const path = '/api/v1/namespaces/kube-public/configmaps';
  for (let i = 0; i < 8; i++) {
    await ask(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  }
  const agent = new Agent({ keepAlive: true });
  const inPieces = await ask(path, { agent });
  agent.destroy();
  const atOnce = await ask(path, { headers: { connection: 'close' } });
  expect(inPieces.body.length).toBeGreaterThan(400_000);
  expect(inPieces.body.equals(atOnce.body)).toBe(true);
  expect(inPieces.headers['content-length']).toBe(String(atOnce.body.length));
});

test('a warning of a field that is unknown travels in a header', async () => {
  const answer = await ask('/api/v1/namespaces/default/configmaps?fieldValidation=Warn', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"metadata":{"name":"w"},"foo":1}',
  });
  expect(answer.headers['warning']).toBe('299 - "unknown field \\"foo\\""');
});

test('metrics count requests under the names of Kubernetes', async () => {
  await ask('/api/v1/namespaces/default');
  const text = (await ask('/metrics')).body.toString();
  expect(text).toMatch(
    /apiserver_request_total\{code="200",component="apiserver",[^}]*resource="namespaces",[^}]*verb="GET"[^}]*\} \d+/,
  );
  expect(text).toContain('apiserver_request_duration_seconds_bucket');
});

test('an upgrade without credentials is refused, and one for a pod that is not there names it', async () => {
  const upgrade = (authorization: string) =>
    new Promise<string>((resolve, reject) => {
      const { hostname, port } = new URL(server.url);
      const socket = connect({ host: hostname, port: Number(port), ca: server.ca }, () => {
        socket.write(
          `GET /api/v1/namespaces/default/pods/none/exec?command=ls HTTP/1.1\r\nHost: x\r\n${authorization}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
        );
      });
      let text = '';
      socket.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      socket.on('end', () => resolve(text));
      socket.on('error', reject);
    });
  expect(await upgrade('')).toMatch(/^HTTP\/1\.1 401 /);
  expect(await upgrade(`Authorization: Bearer ${TOKEN}\r\n`)).toContain('pods \\"none\\" not found');
});

test('YAML keeps texts that look like times and numbers texts', async () => {
  const answer = await ask('/api/v1/namespaces/default', { headers: { accept: 'application/yaml' } });
  expect(answer.headers['content-type']).toBe('application/yaml');
  expect(answer.body.toString()).toMatch(/\n {2}creationTimestamp: "\d{4}-[^"]+Z"\n/);
  expect(answer.body.toString()).toMatch(/\n {2}resourceVersion: "\d+"\n/);
});

test.each(['/api/v1/namespaces/default', '/api/v1/namespaces/none', '/apis'])(
  '%s is indented for people who use curl, and for nobody else',
  async (path) => {
    const [byHand, by] = await Promise.all([
      ask(path, { headers: { 'user-agent': 'curl/8.0' } }),
      ask(path, { headers: { 'user-agent': 'kubectl/v1.35' } }),
    ]);
    expect(byHand.body.toString()).toBe(JSON.stringify(json(byHand), undefined, 2));
    expect(by.body.toString()).toBe(JSON.stringify(json(by)));
    expect(json(byHand)).toEqual(json(by));
  },
);

test('what no table shows is refused as one', async () => {
  const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
  const body = JSON.stringify({ spec: { nonResourceAttributes: { path: '/', verb: 'get' } } });
  const answer = await ask(path, { method: 'POST', body, headers: { accept: `${TABLE}v1` } });
  expect([answer.status, json(answer)['reason']]).toEqual([406, 'NotAcceptable']);
});

const TABLE = 'application/json;as=Table;g=meta.k8s.io;v=';

test('a scale is shown as a table, and older clients get the version that they ask for', async () => {
  const containers = [{ name: 'c', image: 'i' }];
  const labels = { app: 'a' };
  const spec = {
    replicas: 3,
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers } },
  };
  const body = JSON.stringify({ metadata: { name: 'tabular' }, spec });
  await ask('/apis/apps/v1/namespaces/default/deployments', { method: 'POST', body });
  const path = '/apis/apps/v1/namespaces/default/deployments/tabular/scale';
  const table = json(await ask(path, { headers: { accept: `${TABLE}v1` } }));
  expect(table).toMatchObject({
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    columnDefinitions: [{ name: 'Name', format: '' }, { name: 'Desired' }, { name: 'Available' }, { name: 'Age' }],
    rows: [{ cells: ['tabular', 3, 0, expect.any(String)], object: { kind: 'PartialObjectMetadata' } }],
  });
  const older = json(await ask('/api/v1/namespaces?limit=1', { headers: { accept: `${TABLE}v1beta1` } }));
  expect(older).toMatchObject({
    apiVersion: 'meta.k8s.io/v1beta1',
    rows: [{ object: { apiVersion: 'meta.k8s.io/v1beta1' } }],
  });
});

test('what is asked through a proxy goes on whole and comes back whole', async () => {
  const behind = createServer((incoming, answer) => {
    const seen = `${incoming.method} ${incoming.url} ${String(incoming.headers['x-mine'])} ${incoming.headers.authorization}`;
    answer.writeHead(418, { 'x-its-own': 'yes', 'access-control-allow-origin': '*', 'set-cookie': ['a=1', 'b=2'] });
    answer.end(seen);
  });
  await new Promise<void>((resolve) => behind.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void behind.close());
  const { port } = behind.address() as AddressInfo; // It listens on TCP.
  const status = { addresses: [{ type: 'InternalIP', address: '127.0.0.1' }] };
  await ask('/api/v1/nodes', { method: 'POST', body: JSON.stringify({ metadata: { name: 'behind' }, status }) });
  const path = `/api/v1/nodes/behind:${port}/proxy`;
  const moved = await ask(`${path}?a=b`);
  expect([moved.status, moved.headers['location']]).toEqual([301, `${path}/?a=b`]);
  const headers = { 'x-mine': 'mine' };
  for (const method of ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE']) {
    const answer = await ask(`${path}/some/where/?a=b`, { method, headers });
    expect(answer).toMatchObject({ status: 418, headers: { 'x-its-own': 'yes', 'set-cookie': ['a=1', 'b=2'] } });
    expect(answer.headers['access-control-allow-origin']).toBeUndefined();
    const seen = method === 'HEAD' ? '' : `${method} /some/where/?a=b mine undefined`;
    expect(answer.body.toString()).toBe(seen);
  }
});

test.each([
  { path: '/api/v1/componentstatuses', want: '299 - "v1 ComponentStatus is deprecated in v1.19+"' },
  ...['/api/v1/endpoints', '/api/v1/endpoints?watch=1&timeoutSeconds=1', '/api/v1/namespaces/none/endpoints/none'].map(
    (path) => ({ path, want: '299 - "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"' }),
  ),
  { path: '/api/v1/pods', want: undefined },
])('whoever asks for $path hears that it is deprecated', async ({ path, want }) => {
  expect((await ask(path)).headers['warning']).toBe(want);
});

test('nothing is said of a deprecated kind where the kind does not have the verb', async () => {
  const answer = await ask('/api/v1/componentstatuses/x', { method: 'PUT', body: '{}' });
  expect([answer.status, answer.headers['warning']]).toEqual([405, undefined]);
});

test('a review in protobuf, as kubectl sends it, holds zeros and is taken', async () => {
  const message = (field: number, bytes: Buffer) => Buffer.concat([Buffer.from([field * 8 + 2, bytes.length]), bytes]);
  const text = (field: number, value: string) => message(field, Buffer.from(value));
  const metadata = Buffer.concat([
    ...[1, 2, 3, 4, 5, 6].map((field) => text(field, '')),
    Buffer.from([7 * 8, 0]),
    text(8, ''),
  ]);
  const review = Buffer.concat([message(1, metadata), message(2, message(1, text(2, 'get')))]);
  const type = Buffer.concat([text(1, 'authorization.k8s.io/v1'), text(2, 'SelfSubjectAccessReview')]);
  const body = Buffer.concat([Buffer.from('k8s\0'), message(1, type), message(2, review)]);
  const answer = await ask('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.kubernetes.protobuf' },
    body,
  });
  expect(json(answer)).toMatchObject({ status: { allowed: true } });
});
