// Callers over real TLS connections; what the API server would say is said here.
import { createServer, request } from 'node:https';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AccessAttributes, Identity } from '../../client/delegated-access.ts';
import { silentLogger } from '../../logging/logger.ts';
import { createAuthority, issueCertificate, type KeyPair } from '../../pki/certificates.ts';
import { admitCaller, type CallerRules } from './callers.ts';
import { HttpError } from './http-error.ts';

const asked: { user: Identity; attributes: AccessAttributes }[] = [];
const RULES: CallerRules = {
  nodeName: 'n1',
  certificates: true,
  tokens: true,
  authorization: 'Webhook',
  log: silentLogger,
  access: {
    async identify(token) {
      if (token === 'broken') throw new Error('the API server is away');
      return token === 'good' ? { name: 'prometheus', groups: ['system:authenticated'] } : undefined;
    },
    async decide(user, attributes) {
      asked.push({ user, attributes });
      if (user.name === 'unlucky') throw new Error('the API server is away');
      const subresource = attributes.resourceAttributes?.subresource ?? '';
      return { allowed: ['metrics', 'pods'].includes(subresource), reason: '' };
    },
  },
};

let rules = RULES;
let authority: KeyPair;
let other: KeyPair;
const server = createServer({ requestCert: true, rejectUnauthorized: false }, (incoming, response) => {
  const root = incoming.url?.split('/')[1] ?? '';
  admitCaller(incoming, root, rules)
    .then(() => response.end('in'))
    .catch((error: unknown) => {
      if (error instanceof HttpError) response.writeHead(error.status).end(error.message);
      else response.destroy();
    });
});

beforeAll(async () => {
  [authority, other] = await Promise.all([
    createAuthority('own', 1, Date.now()),
    createAuthority('other', 1, Date.now()),
  ]);
  const { certificate, key } = await issueCertificate(
    authority,
    { commonName: 'n1', hosts: ['127.0.0.1'], usages: ['server'], days: 1 },
    Date.now(),
  );
  server.setSecureContext({ cert: certificate, key, ca: authority.certificate });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
});

interface Shown {
  readonly token?: string;
  readonly certificate?: { readonly name: string; readonly groups?: readonly string[]; readonly by?: KeyPair };
}

async function call(path: string, { token, certificate }: Shown, method = 'GET'): Promise<string> {
  const pair =
    certificate === undefined
      ? undefined
      : await issueCertificate(
          certificate.by ?? authority,
          { commonName: certificate.name, organizations: certificate.groups ?? [], usages: ['client'], days: 1 },
          Date.now(),
        );
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return new Promise((resolve, reject) => {
    const asking = request(
      {
        host: '127.0.0.1',
        port,
        path,
        method,
        agent: false,
        rejectUnauthorized: false,
        ...(pair !== undefined && { cert: pair.certificate, key: pair.key }),
        headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      },
      (answer) => {
        let body = '';
        answer.setEncoding('utf8').on('data', (part: string) => (body += part));
        answer.on('end', () => resolve(`${answer.statusCode} ${body.trim()}`));
      },
    );
    asking.on('error', reject);
    asking.end();
  });
}

test.each<{ name: string; path: string; shown: Shown; want: string }>([
  { name: 'nobody is let in', path: '/metrics', shown: {}, want: '401 Unauthorized' },
  { name: "nobody's token is refused", path: '/metrics', shown: { token: 'bad' }, want: '401 Unauthorized' },
  {
    name: 'a token counts for nothing unasked',
    path: '/metrics',
    shown: { token: 'broken' },
    want: '401 Unauthorized',
  },
  {
    name: 'a token lets in whom the API server lets',
    path: '/metrics/cadvisor',
    shown: { token: 'good' },
    want: '200 in',
  },
  { name: 'one of two ways is enough', path: '/pods', shown: { token: 'good' }, want: '200 in' },
  {
    name: 'whoever may read metrics may not run commands',
    path: '/exec/default/p/c',
    shown: { token: 'good' },
    want: '403 Forbidden (user=prometheus, verb=get, resource=nodes, subresource(s)=[proxy])',
  },
  {
    name: 'a certificate is asked about like a token',
    path: '/stats/summary',
    shown: { certificate: { name: 'jane' } },
    want: '403 Forbidden (user=jane, verb=get, resource=nodes, subresource(s)=[stats])',
  },
  {
    name: "another authority's certificate is none",
    path: '/metrics',
    shown: {
      certificate: {
        name: 'jane',
        groups: ['system:masters'],
        get by() {
          return other;
        },
      },
    },
    want: '401 Unauthorized',
  },
  {
    name: 'no answer is no permission',
    path: '/metrics',
    shown: { certificate: { name: 'unlucky' } },
    want: '500 Authorization error (user=unlucky, verb=get, resource=nodes, subresource=metrics)',
  },
])('$name', async ({ path, shown, want }) => {
  expect(await call(path, shown)).toBe(want);
});

test.each([
  { name: 'kube-apiserver-kubelet-client', groups: [] },
  { name: 'admin', groups: ['system:masters'] },
])('$name is let in without being asked about', async (certificate) => {
  asked.length = 0;
  expect(await call('/exec/default/p/c', { certificate })).toBe('200 in');
  expect(asked).toEqual([]);
});

test("the API server is asked about the node itself, by Kubernetes' names", async () => {
  asked.length = 0;
  await call('/run/x', { certificate: { name: 'jane', groups: ['dev'] } }, 'POST');
  expect(asked).toEqual([
    {
      user: { name: 'jane', groups: ['dev', 'system:authenticated'] },
      attributes: {
        resourceAttributes: { verb: 'create', version: 'v1', resource: 'nodes', subresource: 'proxy', name: 'n1' },
      },
    },
  ]);
});

test.each<{ name: string; changed: Partial<CallerRules>; shown: Shown; path: string; want: string }>([
  {
    name: 'AlwaysAllow asks nobody',
    changed: { authorization: 'AlwaysAllow' },
    shown: { token: 'good' },
    path: '/exec',
    want: '200 in',
  },
  {
    name: 'tokens can be turned off',
    changed: { tokens: false },
    shown: { token: 'good' },
    path: '/metrics',
    want: '401 Unauthorized',
  },
  {
    name: 'without an authority certificates count for nothing',
    changed: { certificates: false },
    shown: { certificate: { name: 'jane', groups: ['system:masters'] } },
    path: '/metrics',
    want: '401 Unauthorized',
  },
])('$name', async ({ changed, shown, path, want }) => {
  rules = { ...RULES, ...changed };
  expect(await call(path, shown)).toBe(want);
  rules = RULES;
});
