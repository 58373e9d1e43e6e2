// Who is let in: certificates and tokens that are missing, wrong, of another authority, expired or not yet valid, and clients that
// check the server's own certificate.
import { request } from 'node:https';
import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAuthority, issueCertificate, type CertificateRequest } from '../../pkg/pki/certificates.ts';
import { ensureAuthority } from '../../pkg/pki/certificate-files.ts';
import { startApiServer, type ApiServerProcess } from '../support/api-server.ts';
import { ask, said } from './ask.ts';

const DAY_MS = 24 * 3600 * 1000;
const UNAUTHORIZED = '401 Unauthorized: Unauthorized';
const WHO_AM_I = '/apis/authentication.k8s.io/v1/selfsubjectreviews';

let server: ApiServerProcess;

beforeAll(async () => {
  server = await startApiServer();
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const JANE = { commonName: 'jane', organizations: ['dev'], usages: ['client'], days: 1 } as const;

/** Asks for the caller's own name with a certificate of the server's authority or of another one, made at `made`. */
async function withCertificate(asked: CertificateRequest, made: number, own = true) {
  const authority = own
    ? await ensureAuthority(dirname(server.caFile), Date.now())
    : await createAuthority('kubernetes', 1, made);
  const { certificate, key } = await issueCertificate(authority, asked, made);
  const tls = { cert: certificate, key };
  return ask(server, { method: 'POST', path: WHO_AM_I, body: {}, anonymous: true, tls });
}

describe('client certificates', () => {
  test('of the authority say who calls', async () => {
    const answer = await withCertificate(JANE, Date.now());
    expect(answer.json['status']).toEqual({
      userInfo: { username: 'jane', groups: ['dev', 'system:authenticated'] },
    });
  });

  test.each([
    ['of another authority, even one of the same name', JANE, 0, false],
    ['that have expired', JANE, -10 * DAY_MS, true],
    ['that are not valid yet', JANE, 10 * DAY_MS, true],
    ['without a name', { ...JANE, commonName: '' }, 0, true],
    ['that are for servers', { ...JANE, usages: ['server'] as const }, 0, true],
  ])('%s are refused', async (_, asked, offset, own) => {
    expect(said(await withCertificate(asked, Date.now() + offset, own))).toBe(UNAUTHORIZED);
  });
});

describe('tokens', () => {
  test.each([
    ['an unknown token', 'Bearer unknown'],
    ['no token', 'Bearer '],
    ['another scheme', 'Basic YWRtaW46YWRtaW4='],
    ['a token that claims to be a service account', `Bearer ${forged({ sub: 'system:serviceaccount:kube-system:x' })}`],
    ['an unsigned token', `Bearer ${forged({ sub: 'x' }, 'none')}`],
    ['half of a token', 'Bearer a.b'],
  ])('%s', async (_, authorization) => {
    const asked = { path: '/api/v1/pods', anonymous: true, headers: { authorization } };
    expect(said(await ask(server, asked))).toBe(UNAUTHORIZED);
    // Also where anybody may ask.
    expect((await ask(server, { ...asked, path: '/version' })).status).toBe(401);
  });

  test('nobody in particular gets health and version only', async () => {
    expect((await ask(server, { path: '/version', anonymous: true })).status).toBe(200);
    expect((await ask(server, { path: '/readyz', anonymous: true })).status).toBe(200);
    expect(said(await ask(server, { path: '/api/v1/pods', anonymous: true }))).toBe(UNAUTHORIZED);
    expect((await ask(server, { path: '/openapi/v2', anonymous: true })).status).toBe(401);
  });

  test('a service account that is gone takes its tokens along', async () => {
    const accounts = '/api/v1/namespaces/default/serviceaccounts';
    await ask(server, { method: 'POST', path: accounts, body: { metadata: { name: 'short' } } });
    const made = await ask(server, { method: 'POST', path: `${accounts}/short/token`, body: {} });
    const { status } = made.json;
    const token = typeof status === 'object' && status !== null && 'token' in status ? String(status.token) : '';
    const asked = { path: '/version', anonymous: true, headers: { authorization: `Bearer ${token}` } };
    expect((await ask(server, asked)).status).toBe(200);
    await ask(server, { method: 'DELETE', path: `${accounts}/short` });
    expect(said(await ask(server, asked))).toBe(UNAUTHORIZED);
  });
});

function forged(claims: object, alg = 'RS256'): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const body = { iss: 'https://kubernetes.default.svc.cluster.local', exp: 4_000_000_000, ...claims };
  return `${part({ alg, typ: 'JWT' })}.${part(body)}.${alg === 'none' ? '' : 'AAAA'}`;
}

describe("the server's own certificate", () => {
  const dial = (options: { ca: string; servername: string }) =>
    new Promise<string>((resolve) => {
      const port = Number(new URL(server.url).port);
      const call = request({ host: '127.0.0.1', port, path: '/version', agent: false, ...options }, (response) => {
        response.resume();
        resolve(String(response.statusCode));
      });
      call.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
      call.end();
    });

  test('is for its names only', async () => {
    const { certificate: ca } = await ensureAuthority(dirname(server.caFile), Date.now());
    expect(await dial({ ca, servername: 'localhost' })).toBe('200');
    expect(await dial({ ca, servername: 'elsewhere.example.com' })).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
  });

  test('is trusted by its authority only', async () => {
    const { certificate: ca } = await createAuthority('kubernetes', 1, Date.now());
    expect(await dial({ ca, servername: 'localhost' })).toMatch(/SIGNATURE|UNABLE_TO_VERIFY|SELF_SIGNED/);
  });
});
