// Certificate requests (PKCS #10): made by who wants a certificate, read by who approves it, signed by who holds the authority's
// key. The private key never leaves the machine that asks.
import { X509Certificate as NodeCertificate, createHash, type webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import type { Instant } from '../clock/clock.ts';
import { privateKeyPem, type KeyPair } from './certificates.ts';
import { ALGORITHM, loadX509, pem, serialNumber } from './x509.ts';

export interface RequestedSubject {
  readonly commonName: string;
  /** Kubernetes reads these as the user's groups. */
  readonly organizations: readonly string[];
  /** Host names and IP addresses. */
  readonly hosts?: readonly string[];
}

/** What a request asks for, as its bytes say. */
export interface ReadRequest {
  readonly commonName: string;
  readonly organizations: readonly string[];
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
  readonly emailAddresses: readonly string[];
  readonly uris: readonly string[];
}

/** The same, with everything that its subject says. */
export interface RequestedNames extends ReadRequest {
  /** Values of a part of the subject, by its short name (`OU`) or object identifier. */
  subject(field: string): readonly string[];
}

/** The request or a certificate is not what it should be; the message says why. */
export class CertificateRequestError extends Error {
  override readonly name = 'CertificateRequestError';
}

/** A new key and the request for a certificate of it, both PEM. */
export async function createRequest(subject: RequestedSubject): Promise<{ key: string; request: string }> {
  const x509 = await loadX509();
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const hosts = (subject.hosts ?? []).map((host) => ({
    type: isIP(host) === 0 ? ('dns' as const) : ('ip' as const),
    value: host,
  }));
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: [...subject.organizations.map((organization) => ({ O: [organization] })), { CN: [subject.commonName] }],
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: hosts.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(hosts)],
  });
  return { key: await privateKeyPem(keys.privateKey), request: pem('CERTIFICATE REQUEST', request.rawData) };
}

/** Throws CertificateRequestError for what is no request. Does not check the signature; signing does. */
export async function readRequest(requestPem: string): Promise<ReadRequest> {
  const { request, x509 } = await parse(requestPem);
  const names =
    request.extensions.find((one) => one instanceof x509.SubjectAlternativeNameExtension)?.names.items ?? [];
  const of = (type: string) => names.filter((name) => name.type === type).map(({ value }) => value);
  return {
    commonName: request.subjectName.getField('CN').at(-1) ?? '',
    organizations: request.subjectName.getField('O'),
    dnsNames: of('dns'),
    ipAddresses: of('ip'),
    emailAddresses: of('email'),
    uris: of('url'),
  };
}

/** As `readRequest`, for showing a request to people. */
export async function readRequestedNames(requestPem: string): Promise<RequestedNames> {
  const { request } = await parse(requestPem);
  return { ...(await readRequest(requestPem)), subject: (field) => request.subjectName.getField(field) };
}

export interface Signing {
  readonly notBefore: Instant;
  readonly notAfter: Instant;
  /** Names of the certificates API: `digital signature`, `client auth`, ... */
  readonly usages: readonly string[];
}

/** The certificate (PEM) for a request: its key, subject and names, with these usages and no other extension of its. */
export async function signRequest(authority: KeyPair, requestPem: string, signing: Signing): Promise<string> {
  const { request, x509 } = await parse(requestPem);
  if (!(await request.verify()))
    throw new CertificateRequestError('the certificate request is not signed by its own key');
  const issuer = new x509.X509Certificate(authority.certificate);
  const raw = x509.PemConverter.decodeFirst(authority.key);
  const signingKey = await crypto.subtle.importKey('pkcs8', raw, importParameters(issuer), false, ['sign']);
  const names = request.extensions.find((one) => one instanceof x509.SubjectAlternativeNameExtension);
  const { keyUsage, extended } = usagesOf(signing.usages);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: request.subjectName,
    issuer: issuer.subjectName,
    notBefore: new Date(signing.notBefore),
    // No certificate outlives the one that signed it.
    notAfter: new Date(Math.min(signing.notAfter, issuer.notAfter.getTime())),
    signingAlgorithm: importParameters(issuer),
    publicKey: request.publicKey,
    signingKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      ...(keyUsage === 0 ? [] : [new x509.KeyUsagesExtension(keyUsage, true)]),
      ...(extended.length === 0 ? [] : [new x509.ExtendedKeyUsageExtension(extended)]),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
      ...(names === undefined ? [] : [names]),
    ],
  });
  return certificate.toString('pem').trimEnd() + '\n';
}

/** kubeadm's pin of an authority: `sha256:` and the hash of its public key (SubjectPublicKeyInfo), in hex. */
export function publicKeyPin(certificatePem: string): string {
  const der = new NodeCertificate(certificatePem).publicKey.export({ type: 'spki', format: 'der' });
  return `sha256:${createHash('sha256').update(der).digest('hex')}`;
}

/** From when to when a certificate is good. */
export function validityOf(certificatePem: string): { readonly notBefore: Instant; readonly notAfter: Instant } {
  const certificate = new NodeCertificate(certificatePem);
  return { notBefore: Date.parse(certificate.validFrom), notAfter: Date.parse(certificate.validTo) };
}

async function parse(requestPem: string) {
  const x509 = await loadX509();
  if (!/-----BEGIN CERTIFICATE REQUEST-----/.test(requestPem)) {
    throw new CertificateRequestError('PEM block type must be CERTIFICATE REQUEST');
  }
  try {
    return { x509, request: new x509.Pkcs10CertificateRequest(requestPem) };
  } catch (cause) {
    throw new CertificateRequestError('the certificate request cannot be read', { cause });
  }
}

/** An authority may have any key: ours are ECDSA P-256, kubeadm's are RSA. */
function importParameters(issuer: { publicKey: { algorithm: webcrypto.Algorithm } }) {
  // WebCrypto reads the fields that belong to the algorithm's name and no others.
  return { namedCurve: 'P-256', ...issuer.publicKey.algorithm, hash: 'SHA-256' };
}

/** Bits of RFC 5280's KeyUsage. */
const KEY_USAGES: Readonly<Record<string, number>> = {
  signing: 1,
  'digital signature': 1,
  'content commitment': 2,
  'key encipherment': 4,
  'data encipherment': 8,
  'key agreement': 16,
  'cert sign': 32,
  'crl sign': 64,
  'encipher only': 128,
  'decipher only': 256,
};

const EXTENDED_USAGES: Readonly<Record<string, string>> = {
  any: '2.5.29.37.0',
  'server auth': '1.3.6.1.5.5.7.3.1',
  'client auth': '1.3.6.1.5.5.7.3.2',
  'code signing': '1.3.6.1.5.5.7.3.3',
  'email protection': '1.3.6.1.5.5.7.3.4',
  's/mime': '1.3.6.1.5.5.7.3.4',
  'ipsec end system': '1.3.6.1.5.5.7.3.5',
  'ipsec tunnel': '1.3.6.1.5.5.7.3.6',
  'ipsec user': '1.3.6.1.5.5.7.3.7',
  timestamping: '1.3.6.1.5.5.7.3.8',
  'ocsp signing': '1.3.6.1.5.5.7.3.9',
  'microsoft sgc': '1.3.6.1.4.1.311.10.3.3',
  'netscape sgc': '2.16.840.1.113730.4.1',
};

function usagesOf(usages: readonly string[]): { keyUsage: number; extended: string[] } {
  const unknown = usages.filter((usage) => KEY_USAGES[usage] === undefined && EXTENDED_USAGES[usage] === undefined);
  if (unknown.length > 0) {
    throw new CertificateRequestError(
      `unrecognized usage values: ${unknown.map((one) => JSON.stringify(one)).join(' ')}`,
    );
  }
  const extended = usages.flatMap((usage) => EXTENDED_USAGES[usage] ?? []);
  return {
    keyUsage: usages.reduce((bits, usage) => bits | (KEY_USAGES[usage] ?? 0), 0),
    extended: [...new Set(extended)].toSorted(),
  };
}
