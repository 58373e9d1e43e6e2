import { expect, test } from 'vitest';
import type { CertificateSigningRequest } from '../../api/schema/generated/certificates.v1.gen.ts';
import { createAuthority } from '../../pki/certificates.ts';
import { ago, meta, NOW } from '../testing/objects.ts';
import { isOutdated } from './reconcile.ts';

const HOUR = 3600;
const authority = await createAuthority('test', 1, NOW);
const certificate = Buffer.from(authority.certificate).toString('base64');

function request(age: number, status: CertificateSigningRequest['status']): CertificateSigningRequest {
  return {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: meta('csr', { creationTimestamp: ago(age) }),
    spec: { request: '', signerName: 'example.com/x' },
    status,
  };
}
const decided = (type: string, age: number) => ({ conditions: [{ type, status: 'True', lastUpdateTime: ago(age) }] });

test.each([
  ['waits for a day', 23 * HOUR, {}, false],
  ['waits no longer', 25 * HOUR, {}, true],
  ['is kept for an hour when it was denied', 30 * HOUR, decided('Denied', HOUR - 1), false],
  ['goes an hour after it was denied', 30 * HOUR, decided('Denied', HOUR + 1), true],
  ['goes an hour after it failed', 30 * HOUR, decided('Failed', HOUR + 1), true],
  ['stays while it is approved and not signed', 30 * HOUR, decided('Approved', 2 * HOUR), false],
  ['is kept for an hour when it was signed', 30 * HOUR, { ...decided('Approved', HOUR - 1), certificate }, false],
  ['goes an hour after it was signed', 30 * HOUR, { ...decided('Approved', HOUR + 1), certificate }, true],
])('a request %s', (_, age, status, want) => {
  expect(isOutdated(request(age, status), NOW)).toBe(want);
});

test('a request goes at once when its certificate has expired', () => {
  const signed = request(2 * 24 * HOUR, { ...decided('Approved', 10), certificate });
  expect(isOutdated(signed, NOW + 25 * HOUR * 1000)).toBe(true);
  expect(isOutdated({ ...signed, status: { ...decided('Approved', -25 * HOUR), certificate } }, NOW)).toBe(false);
});
