// Certificates kept in a directory, laid out like kubeadm's /etc/kubernetes/pki: made when missing, renewed when they
// are about to expire or do not name a host that they must. The authority itself is never replaced.
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Instant } from '../clock/clock.ts';
import { messageWithCauses } from '../logging/logger.ts';
import {
  createAuthority,
  createTokenSigningKey,
  isUsable,
  issueCertificate,
  type CertificateRequest,
  type KeyPair,
} from './certificates.ts';

export const AUTHORITY_DAYS = 3650;
export const CERTIFICATE_DAYS = 365;
const RENEW_BEFORE_DAYS = 30;

/** `ca.crt` and `ca.key` of `directory`, made if they are not there. */
export async function ensureAuthority(directory: string, now: Instant): Promise<KeyPair> {
  return (
    (await readPair(directory, 'ca')) ??
    writePair(directory, 'ca', await createAuthority('typekube', AUTHORITY_DAYS, now))
  );
}

/** `<name>.crt` and `<name>.key` signed by the authority, made or renewed as needed. */
export async function ensureCertificate(
  directory: string,
  name: string,
  authority: KeyPair,
  request: Omit<CertificateRequest, 'days'>,
  now: Instant,
): Promise<KeyPair> {
  const existing = await readPair(directory, name);
  if (existing !== undefined && isUsable(existing.certificate, request.hosts ?? [], RENEW_BEFORE_DAYS, now))
    return existing;
  return writePair(directory, name, await issueCertificate(authority, { ...request, days: CERTIFICATE_DAYS }, now));
}

/** `sa.key` and `sa.pub`: what service-account tokens are signed and checked with. */
export async function ensureTokenSigningKey(directory: string): Promise<{ privateKey: string; publicKey: string }> {
  const [privateKey, publicKey] = await Promise.all([
    readIfPresent(join(directory, 'sa.key')),
    readIfPresent(join(directory, 'sa.pub')),
  ]);
  if (privateKey !== undefined && publicKey !== undefined) return { privateKey, publicKey };
  const made = await createTokenSigningKey();
  await writeWhole(join(directory, 'sa.key'), made.privateKey, 0o600);
  await writeWhole(join(directory, 'sa.pub'), made.publicKey, 0o644);
  return made;
}

async function readPair(directory: string, name: string): Promise<KeyPair | undefined> {
  const [certificate, key] = await Promise.all([
    readIfPresent(join(directory, `${name}.crt`)),
    readIfPresent(join(directory, `${name}.key`)),
  ]);
  return certificate !== undefined && key !== undefined ? { certificate, key } : undefined;
}

async function writePair(directory: string, name: string, pair: KeyPair): Promise<KeyPair> {
  await writeWhole(join(directory, `${name}.key`), pair.key, 0o600);
  await writeWhole(join(directory, `${name}.crt`), pair.certificate, 0o644);
  return pair;
}

async function readIfPresent(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw new Error(`cannot read ${path}`, { cause });
  }
}

/** A reader sees the old file or the new one, never half of it. */
async function writeWhole(path: string, content: string, mode: number): Promise<void> {
  const draft = `${path}.${process.pid}.new`;
  try {
    await mkdir(join(path, '..'), { recursive: true, mode: 0o755 });
    await writeFile(draft, content, { mode });
    await rename(draft, path);
  } catch (cause) {
    // A full disk does not say where it is full.
    throw new Error(`cannot write ${path}: ${messageWithCauses(cause)}`, { cause });
  }
}
