// Makes and reads the certificates of a cluster: its own CA, serving and client certificates signed by it. ECDSA P-256.
// Certificates that others asked for by a request of their own are made by certificate-request.ts.
import { X509Certificate, type webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import type { Instant } from '../clock/clock.ts';
import { ALGORITHM, loadX509, pem, serialNumber } from './x509.ts';

export interface KeyPair {
  /** PEM, possibly several certificates. */
  readonly certificate: string;
  /** PEM, PKCS #8. */
  readonly key: string;
}

export interface CertificateRequest {
  readonly commonName: string;
  /** Kubernetes reads these as the user's groups. */
  readonly organizations?: readonly string[];
  /** Host names and IP addresses that a serving certificate is for. */
  readonly hosts?: readonly string[];
  readonly usages: readonly ('client' | 'server')[];
  readonly days: number;
}

const DAY_MS = 24 * 3600 * 1000;
/** Certificates are valid from a little before now, for machines whose clocks lag. */
const BACKDATE_MS = 5 * 60 * 1000;

/** A self-signed CA that may sign anything. */
export async function createAuthority(commonName: string, days: number, now: Instant): Promise<KeyPair> {
  const x509 = await loadX509();
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: [{ CN: [commonName] }],
    notBefore: new Date(now - BACKDATE_MS),
    notAfter: new Date(now + days * DAY_MS),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign | x509.KeyUsageFlags.digitalSignature,
        true,
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: certificate.toString('pem'), key: await privateKeyPem(keys.privateKey) };
}

export async function issueCertificate(
  authority: KeyPair,
  request: CertificateRequest,
  now: Instant,
): Promise<KeyPair> {
  const x509 = await loadX509();
  const issuer = new x509.X509Certificate(authority.certificate);
  const signingKey = await crypto.subtle.importKey(
    'pkcs8',
    x509.PemConverter.decodeFirst(authority.key),
    ALGORITHM,
    false,
    ['sign'],
  );
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const hosts = request.hosts ?? [];
  const purposes = {
    client: x509.ExtendedKeyUsage.clientAuth,
    server: x509.ExtendedKeyUsage.serverAuth,
  };
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: [
      ...(request.organizations ?? []).map((organization) => ({ O: [organization] })),
      { CN: [request.commonName] },
    ],
    issuer: issuer.subjectName,
    notBefore: new Date(now - BACKDATE_MS),
    notAfter: new Date(now + request.days * DAY_MS),
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey,
    signingKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment, true),
      new x509.ExtendedKeyUsageExtension(request.usages.map((usage) => purposes[usage])),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
      ...(hosts.length > 0
        ? [
            new x509.SubjectAlternativeNameExtension(
              hosts.map((host) => ({ type: isIP(host) === 0 ? ('dns' as const) : ('ip' as const), value: host })),
            ),
          ]
        : []),
    ],
  });
  return { certificate: certificate.toString('pem'), key: await privateKeyPem(keys.privateKey) };
}

/** An RSA-free signing key for service-account tokens: ES256, as PEM (PKCS #8 and SPKI). */
export async function createTokenSigningKey(): Promise<{ privateKey: string; publicKey: string }> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  return {
    privateKey: await privateKeyPem(keys.privateKey),
    publicKey: pem('PUBLIC KEY', await crypto.subtle.exportKey('spki', keys.publicKey)),
  };
}

/** Whether a certificate is still good for at least `marginDays` and names all these hosts. */
export function isUsable(certificatePem: string, hosts: readonly string[], marginDays: number, now: Instant): boolean {
  const certificate = new X509Certificate(certificatePem);
  if (Date.parse(certificate.validTo) < now + marginDays * DAY_MS) return false;
  return hosts.every((host) =>
    isIP(host) === 0 ? certificate.checkHost(host) !== undefined : certificate.checkIP(host) !== undefined,
  );
}

export async function privateKeyPem(key: webcrypto.CryptoKey): Promise<string> {
  return pem('PRIVATE KEY', await crypto.subtle.exportKey('pkcs8', key));
}
