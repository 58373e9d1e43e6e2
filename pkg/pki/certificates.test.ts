import { X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { createAuthority, isUsable, issueCertificate } from './certificates.ts';

const NOW = Date.parse('2026-06-01T00:00:00Z');
const DAY = 86_400_000;

test('a client certificate carries user and groups and is signed by the authority', async () => {
  const authority = await createAuthority('typekube', 3650, NOW);
  const issued = await issueCertificate(
    authority,
    { commonName: 'admin', organizations: ['system:masters', 'dev'], usages: ['client'], days: 30 },
    NOW,
  );
  const certificate = new X509Certificate(issued.certificate);
  expect(certificate.subject).toBe('O=system:masters\nO=dev\nCN=admin');
  expect(certificate.verify(new X509Certificate(authority.certificate).publicKey)).toBe(true);
  expect(certificate.ca).toBe(false);
});

test.each([
  { name: 'good for all its hosts', hosts: ['localhost', '127.0.0.1'], at: NOW, want: true },
  { name: 'not good for another host', hosts: ['example.com'], at: NOW, want: false },
  { name: 'not good for another address', hosts: ['10.0.0.9'], at: NOW, want: false },
  { name: 'not good when it expires within the margin', hosts: ['localhost'], at: NOW + 25 * DAY, want: false },
])('a serving certificate is $name', async ({ hosts, at, want }) => {
  const authority = await createAuthority('typekube', 3650, NOW);
  const issued = await issueCertificate(
    authority,
    { commonName: 'apiserver', hosts: ['localhost', '127.0.0.1'], usages: ['server'], days: 30 },
    NOW,
  );
  expect(isUsable(issued.certificate, hosts, 10, at)).toBe(want);
});
