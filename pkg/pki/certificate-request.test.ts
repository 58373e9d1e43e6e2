import { X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createAuthority } from './certificates.ts';
import { createRequest, publicKeyPin, readRequest, signRequest, validityOf } from './certificate-request.ts';

const NOW = Date.parse('2026-06-01T00:00:00Z');
const HOUR = 3_600_000;
const SUBJECT = { commonName: 'system:node:a', organizations: ['system:nodes'], hosts: ['a', '10.0.0.9'] };

test('a request says who asks and for which names', async () => {
  const { request } = await createRequest(SUBJECT);
  expect(await readRequest(request)).toEqual({
    commonName: 'system:node:a',
    organizations: ['system:nodes'],
    dnsNames: ['a'],
    ipAddresses: ['10.0.0.9'],
    emailAddresses: [],
    uris: [],
  });
});

// Made by openssl with an RSA key: people bring requests of their own.
const BY_OPENSSL = `-----BEGIN CERTIFICATE REQUEST-----
MIICYjCCAUoCAQAwHTEMMAoGA1UECgwDZGV2MQ0wCwYDVQQDDARqYW5lMIIBIjAN
BgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAlg1LCvUO60fVjBpXSp88quUBDwrP
aQIn4Xdil63Ifii5HIhu0joUcPdMyPb1+tP4IIrK7DPbwTfWEnDRUCqts1PckiDJ
WRw4/IgcdrD3rWpxMexX5EYGeGG8BNn06Ytfq0WRyrkeYbywFqG0go5c6RXkI1Wr
hy1D1jwUeRQ+gWOmaZWFx2qVuH3WEc15/8/q0SWmAj71QD3BnN8FvGYpxpy9PSQI
5dimMAheIhJs5KgisCaVYAeG/IGo5sj1Yy6/4LYGazaobh9R+07iBAFzQiTHR+R5
1gGzifrhlgna4UFqxDXgdwsf2NLOXNXZcnSzjz1xVSuoe7hMo9g2mdyk9QIDAQAB
oAAwDQYJKoZIhvcNAQELBQADggEBAJBpYTVWo8UfE/aRPSlnUWjv8+VKa2lAc1hn
PeYmEx3rXr1EaoPTn+QkDRB4KkxsZUy7ZM9siICIuyJxq6zzGEYU+SUg3A9zo+A7
QJhYCAq1rSAnrBI4pJofjULbQ9W/KkHF761HozZn+JFdJUi+ZaSFbXozXxZwZTYh
qYKhzKDLBImQsjT/Fvbh9TPJRtowIFE5RVhAdf3fqNvUzyNTDAkunphW8g3l2gAC
HoYpWOUIV3fETdgYwnZOPSv3uhiJS0fkiMKDN5p0E6MTEccUg1u5EuuBqIg3hEwU
KSRtTYzVj0ioFbWFYPAbxD+5LTQnzn989f/oSNyyKs3lsqieKY8=
-----END CERTIFICATE REQUEST-----
`;

describe('signing', () => {
  const sign = async (request: string, notAfter = NOW + HOUR, usages = ['digital signature', 'client auth']) => {
    const authority = await createAuthority('typekube', 1, NOW);
    return { authority, certificate: await signRequest(authority, request, { notBefore: NOW, notAfter, usages }) };
  };
  test('keeps subject, key and names, and gives the usages that were asked for', async () => {
    const { request, key } = await createRequest(SUBJECT);
    const { authority, certificate } = await sign(request);
    const issued = new X509Certificate(certificate);
    expect(issued.subject).toBe('O=system:nodes\nCN=system:node:a');
    expect(issued.subjectAltName).toBe('DNS:a, IP Address:10.0.0.9');
    expect(issued.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
    expect(issued.ca).toBe(false);
    expect(issued.verify(new X509Certificate(authority.certificate).publicKey)).toBe(true);
    const { createPrivateKey } = await import('node:crypto');
    expect(issued.checkPrivateKey(createPrivateKey(key))).toBe(true);
  });
  test('takes requests with RSA keys', async () => {
    const { certificate } = await sign(BY_OPENSSL);
    expect(new X509Certificate(certificate).subject).toBe('O=dev\nCN=jane');
  });
  test('never outlives the authority', async () => {
    const { request } = await createRequest(SUBJECT);
    const { certificate } = await sign(request, NOW + 1000 * HOUR);
    expect(validityOf(certificate)).toEqual({ notBefore: NOW, notAfter: NOW + 24 * HOUR });
  });
  test('refuses a request that was changed after its key signed it', async () => {
    const { request } = await createRequest(SUBJECT);
    const der = Buffer.from(request.replace(/-----.*-----/g, ''), 'base64');
    const at = der.indexOf('system:node:a');
    der.write('system:node:b', at);
    const forged = `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
    await expect(sign(forged)).rejects.toThrow('is not signed by its own key');
  });
  test.each([
    ['what is no request', 'nonsense', 'PEM block type must be CERTIFICATE REQUEST'],
    [
      'a damaged request',
      '-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n',
      'cannot be read',
    ],
  ])('refuses %s', async (_, request, sentence) => {
    await expect(sign(request)).rejects.toThrow(sentence);
  });
  test('refuses usages that it does not know by name', async () => {
    const { request } = await createRequest(SUBJECT);
    await expect(sign(request, NOW + HOUR, ['magic'])).rejects.toThrow('unrecognized usage values: "magic"');
  });
});

test('the pin of an authority is the hash of its public key', async () => {
  const first = await createAuthority('typekube', 1, NOW);
  const second = await createAuthority('typekube', 1, NOW);
  expect(publicKeyPin(first.certificate)).toMatch(/^sha256:[0-9a-f]{64}$/);
  expect(publicKeyPin(first.certificate)).not.toBe(publicKeyPin(second.certificate));
});
