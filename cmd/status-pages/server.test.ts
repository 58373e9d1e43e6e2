// The pages of a component beside a real API server: who gets in by what, and what they read.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Registry, Gauge } from 'prom-client';
import { alwaysAllow, type Authorizer } from '../../pkg/apiserver/authz/authorizer.ts';
import { tokenFile } from '../../pkg/apiserver/authn/token-file.ts';
import { ask, type AskOptions } from '../../pkg/apiserver/testing/ask.ts';
import { startServerUnderTest, TOKEN, type ServerUnderTest } from '../../pkg/apiserver/testing/server-under-test.ts';
import { configMaps } from '../../pkg/api/resources.ts';
import { createClient } from '../../pkg/client/typed-client.ts';
import { realClock } from '../../pkg/clock/clock.ts';
import { silentLogger } from '../../pkg/logging/logger.ts';
import { createAuthority, issueCertificate, type KeyPair } from '../../pkg/pki/certificates.ts';
import { flagValues, UsageError } from '../program.ts';
import { statusPagesFlags, statusPagesSettings } from './flags.ts';
import { alive, listening, type StatusPages } from './server.ts';

let api: ServerUnderTest;
let pages: StatusPages;
let synced = false;

/** Jane may read what she likes, John nothing at all. */
const authorizer: Authorizer = {
  ...alwaysAllow,
  authorize: (attributes) =>
    attributes.user.name === 'john' && attributes.path === '/metrics'
      ? { allowed: false, reason: 'no rule lets John' }
      : alwaysAllow.authorize(attributes),
};

beforeAll(async () => {
  api = await startServerUnderTest(undefined, 1, {
    authorizer,
    authenticators: [tokenFile(`${TOKEN},admin,1,"system:masters"\njane,jane,2\njohn,john,3\n`, 'tokens')],
  });
  const registry = new Registry();
  new Gauge({ name: 'answer', help: 'h', registers: [registry] }).set(42);
  pages = await listening(
    {
      settings: {
        host: '127.0.0.1',
        port: 0,
        serving: undefined,
        clientAuthority: undefined,
        openPaths: ['/healthz', '/livez', '/readyz'],
      },
      name: 'kube-scheduler',
      registry,
      client: createClient(api.direct),
      clock: realClock,
      log: silentLogger,
      checks: [alive, { name: 'synced', endpoints: ['readyz'], check: () => (synced ? undefined : 'not yet') }],
      more: { '/metrics/resources': () => 'kube_pod_resource_request 1' },
      configz: () => ({ componentconfig: { kind: 'KubeSchedulerConfiguration' } }),
    },
    0,
  );
});

afterAll(async () => {
  await pages[Symbol.asyncDispose]();
  await api[Symbol.asyncDispose]();
});

const read = async (path: string, options: AskOptions) => {
  const url = `https://127.0.0.1:${pages.port}`;
  const { status, body } = await ask({ url, ca: '' }, path, { rejectUnauthorized: false, ...options });
  return { status, body: body.toString() };
};

const ANONYMOUS = { anonymous: true } as const;
const JANE = { token: 'jane' } as const;

test.each([
  { name: 'anybody reads health', path: '/livez', as: ANONYMOUS, status: 200, body: 'ok' },
  {
    name: 'nobody in particular reads no metrics',
    path: '/metrics',
    as: ANONYMOUS,
    status: 403,
    body: 'system:anonymous',
  },
  {
    name: 'a token that nobody has is refused',
    path: '/metrics',
    as: { token: 'x' },
    status: 401,
    body: 'Unauthorized',
  },
  { name: 'whoever may read metrics reads them', path: '/metrics', as: JANE, status: 200, body: 'answer 42' },
  {
    name: 'whoever may not is told so',
    path: '/metrics',
    as: { token: 'john' },
    status: 403,
    body: 'forbidden: User \\"john\\" cannot get path \\"/metrics\\": no rule lets John',
  },
  { name: 'configuration is shown', path: '/configz', as: JANE, status: 200, body: 'KubeSchedulerConfiguration' },
  { name: 'a component has pages of its own', path: '/metrics/resources', as: JANE, status: 200, body: 'request 1' },
  { name: 'other paths are not there', path: '/metrics/x', as: JANE, status: 404, body: '404 page not found' },
])('$name', async ({ path, as, status, body }) => {
  const answer = await read(path, as);
  expect(answer.status).toBe(status);
  expect(answer.body).toContain(body);
});

test('readiness is told by its checks, and as a service level indicator', async () => {
  expect(await read('/readyz', ANONYMOUS)).toMatchObject({ status: 500 });
  synced = true;
  expect(await read('/readyz?verbose', ANONYMOUS)).toMatchObject({
    status: 200,
    body: '[+]ping ok\n[+]synced ok\nreadyz check passed\n',
  });
  const { body } = await read('/metrics/slis', JANE);
  expect(body).toContain('kubernetes_healthchecks_total{name="synced",status="error",type="readyz"} 1');
  expect(body).toContain('kubernetes_healthcheck{name="synced",type="readyz"} 1');
});

const withCertificate = async (authority: KeyPair) => {
  const request = { commonName: 'jane', usages: ['client' as const], days: 1 };
  const { certificate, key } = await issueCertificate(authority, request, Date.now());
  return read('/metrics', { cert: certificate, key });
};

test('certificates of the authority that the cluster names get in, and no others', async () => {
  expect(await withCertificate(api.authority)).toMatchObject({ status: 401 });
  await createClient(api.direct)
    .resource(configMaps)
    .create({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { namespace: 'kube-system', name: 'extension-apiserver-authentication' },
      data: { 'client-ca-file': api.authority.certificate },
    });
  await expect.poll(() => withCertificate(api.authority), { timeout: 10_000 }).toMatchObject({ status: 200 });
  expect(await withCertificate(await createAuthority('other', 1, Date.now()))).toMatchObject({ status: 401 });
});

test.each([
  { args: ['--secure-port=x'], says: '--secure-port is "x", must be a port number' },
  { args: ['--tls-cert-file=a'], says: '--tls-cert-file and --tls-private-key-file must be given together' },
  { args: ['--client-ca-file=/none'], says: 'cannot read --client-ca-file /none' },
])('$args are refused with a sentence', async ({ args, says }) => {
  const values = flagValues({ name: 'kube-scheduler', summary: '', flags: statusPagesFlags(10259) }, args);
  await expect(statusPagesSettings(values)).rejects.toThrow(new UsageError(says));
});
