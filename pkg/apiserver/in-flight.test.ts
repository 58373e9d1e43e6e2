import { afterAll, beforeAll, expect, test } from 'vitest';
import { tokenFile } from './authn/token-file.ts';
import { InFlight, isLongRunning, kindOf } from './in-flight.ts';
import { requestInfo } from './request-info.ts';
import { ask } from './testing/ask.ts';
import { startServerUnderTest, type ServerUnderTest } from './testing/server-under-test.ts';

const JANE = { name: 'jane', groups: ['system:authenticated'] };
const ADMIN = { name: 'admin', groups: ['system:masters'] };

test.each([
  { name: 'takes the places there are', before: 1, path: '/api/v1/pods', user: JANE, want: 'admitted' },
  { name: 'refuses beyond them', before: 2, path: '/api/v1/pods', user: JANE, want: 'refused' },
  { name: 'lets administrators in', before: 2, path: '/api/v1/pods', user: ADMIN, want: 'besides' },
  { name: 'answers probes', before: 2, path: '/livez/ping', user: JANE, want: 'besides' },
])('a server of two places $name', ({ before, path, user, want }) => {
  const inFlight = new InFlight({ readOnly: 2, mutating: 1 });
  for (let i = 0; i < before; i++) inFlight.enter('readOnly', '/api/v1/nodes', JANE, 0);
  expect(inFlight.enter('readOnly', path, user, 0)).toBe(want);
  expect(inFlight.dropped('readOnly')).toBe(want === 'refused' ? 1 : 0);
  expect(inFlight.enter('mutating', '/api/v1/nodes', JANE, 0)).toBe('admitted');
});

test('a place that is given back can be taken again, and nought is no limit', () => {
  const inFlight = new InFlight({ readOnly: 1, mutating: 0 });
  inFlight.leave('readOnly', inFlight.enter('readOnly', '/', JANE, 0));
  expect(inFlight.enter('readOnly', '/', JANE, 0)).toBe('admitted');
  for (let i = 0; i < 1000; i++) expect(inFlight.enter('mutating', '/', JANE, 0)).toBe('admitted');
});

test('what is told is the most of the last second', () => {
  const inFlight = new InFlight();
  const entered = [1, 2, 3].map(() => inFlight.enter('readOnly', '/', JANE, 5000));
  for (const as of entered) inFlight.leave('readOnly', as);
  inFlight.enterBesides('readOnly', 5100);
  expect(inFlight.most('readOnly', 5200)).toBe(3);
  expect(inFlight.most('readOnly', 6200)).toBe(3);
  expect(inFlight.most('readOnly', 7300)).toBe(1);
  expect(inFlight.most('mutating', 7300)).toBe(0);
});

test.each([
  ['GET', '/api/v1/pods?watch=1', true],
  ['GET', '/api/v1/namespaces/a/pods/b/log', true],
  ['POST', '/api/v1/namespaces/a/pods/b/exec', true],
  ['GET', '/api/v1/nodes/a/proxy/metrics', true],
  ['GET', '/api/v1/namespaces/a/pods/log', false],
  ['GET', '/metrics', false],
  ['POST', '/api/v1/namespaces/a/pods', false],
])('%s %s lasts by its nature: %s', (method, url, want) => {
  const { pathname, searchParams } = new URL(url, 'https://server');
  expect(isLongRunning(requestInfo({ method, path: pathname, query: searchParams }))).toBe(want);
});

test.each([
  { methods: ['GET', 'HEAD', 'OPTIONS'], kind: 'readOnly' },
  { methods: ['POST', 'PUT', 'PATCH', 'DELETE'], kind: 'mutating' },
])('$methods are $kind', ({ methods, kind }) => {
  expect(new Set(methods.map(kindOf))).toEqual(new Set([kind]));
});

let server: ServerUnderTest;
const held = Promise.withResolvers<void>();
const reached = Promise.withResolvers<void>();
beforeAll(async () => {
  server = await startServerUnderTest(undefined, 1, {
    inFlightLimits: { readOnly: 1, mutating: 1 },
    authenticators: [tokenFile('root,root,1,"system:masters"\njane,jane,2\n', 'tokens')],
    extraAdmission: [
      {
        name: 'Hold',
        operations: new Set(['CREATE'] as const),
        resources: new Set(['configmaps']),
        async admit({ object }) {
          if (object?.metadata.name !== 'held') return;
          reached.resolve();
          await held.promise;
        },
      },
    ],
  });
});
afterAll(() => server[Symbol.asyncDispose]());

test('a server that is full says so, and has room again afterwards', async () => {
  const create = (token: string, name: string) =>
    ask(server, '/api/v1/namespaces/default/configmaps', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      token,
      body: JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } }),
    });
  const first = create('jane', 'held');
  await reached.promise;
  const refused = await create('jane', 'second');
  expect([refused.status, refused.body.toString()]).toEqual([429, 'Too many requests, please try again later.\n']);
  expect(refused.headers).toMatchObject({ 'retry-after': '1', 'content-type': 'text/plain; charset=utf-8' });
  expect(await create('root', 'third')).toMatchObject({ status: 201 });
  expect(await ask(server, '/api/v1/namespaces', { token: 'jane' })).toMatchObject({ status: 200 });
  const { body } = await ask(server, '/metrics', { token: 'jane' });
  expect(body.toString()).toContain('apiserver_dropped_requests_total{request_kind="mutating"} 1');
  expect(body.toString()).toMatch(/apiserver_current_inflight_requests\{request_kind="mutating"\} [12]\n/);
  held.resolve();
  expect(await first).toMatchObject({ status: 201 });
  expect(await create('jane', 'second')).toMatchObject({ status: 201 });
});
