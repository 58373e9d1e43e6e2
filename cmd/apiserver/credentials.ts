// The keys and certificates an API server runs with: those that the flags name, and the rest made once and kept.
import { readFile, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import type { ServiceAccountKeys } from '../../pkg/apiserver/authn/service-account-tokens.ts';
import type { KubeletConnections } from '../../pkg/apiserver/registry/subresources/kubelet-connections.ts';
import { firstAddress } from '../../pkg/cluster/access.ts';
import { primaryAddress } from '../../pkg/cluster/host-addresses.ts';
import { ensureAuthority, ensureCertificate, ensureTokenSigningKey } from '../../pkg/pki/certificate-files.ts';
import type { KeyPair } from '../../pkg/pki/certificates.ts';
import { UsageError } from '../program.ts';
import type { ApiServerFlags } from './flags.ts';

export interface Credentials {
  readonly serving: { readonly cert: string; readonly key: string };
  readonly clientAuthority: string | undefined;
  readonly tokens: ServiceAccountKeys;
  readonly kubelets: KubeletConnections;
}

export async function credentialsOf(flags: ApiServerFlags, advertised: string, now: number): Promise<Credentials> {
  const directory = flags.certDir ?? join(dirname(flags.dataDir), 'pki');
  const own = flags.tlsCertFile === undefined ? await ensureAuthority(directory, now) : undefined;
  const [serving, clientAuthority, tokens, kubelets] = await Promise.all([
    servingCertificate(flags, directory, own, advertised, now),
    flags.clientCaFile === undefined ? own?.certificate : read(flags.clientCaFile, '--client-ca-file'),
    tokenKeys(flags, directory),
    kubeletCredentials(flags),
  ]);
  if (own !== undefined) await writeAdminKubeconfig(flags, directory, own, now);
  return { serving, clientAuthority, tokens, kubelets };
}

async function servingCertificate(
  flags: ApiServerFlags,
  directory: string,
  authority: KeyPair | undefined,
  advertised: string,
  now: number,
): Promise<{ cert: string; key: string }> {
  if (authority === undefined) {
    const [cert, key] = await Promise.all([
      read(flags.tlsCertFile ?? '', '--tls-cert-file'),
      read(flags.tlsKeyFile ?? '', '--tls-private-key-file'),
    ]);
    return { cert, key };
  }
  const names = [
    'localhost',
    'kubernetes',
    'kubernetes.default',
    'kubernetes.default.svc',
    'kubernetes.default.svc.cluster.local',
  ];
  const hosts = [...new Set([...names, hostname(), '127.0.0.1', advertised, firstAddress(flags.serviceCidr)])];
  const request = { commonName: 'kube-apiserver', hosts, usages: ['server'] } as const;
  const pair = await ensureCertificate(directory, 'apiserver', authority, request, now);
  return { cert: pair.certificate, key: pair.key };
}

/** Whoever makes its own certificates also needs a way in: `admin.conf` beside them. */
async function writeAdminKubeconfig(
  flags: ApiServerFlags,
  directory: string,
  authority: KeyPair,
  now: number,
): Promise<void> {
  const request = { commonName: 'kubernetes-admin', organizations: ['system:masters'], usages: ['client'] } as const;
  const admin = await ensureCertificate(directory, 'admin', authority, request, now);
  const base64 = (pem: string) => Buffer.from(pem).toString('base64');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'typekube',
        cluster: {
          server: `https://127.0.0.1:${flags.securePort}`,
          'certificate-authority-data': base64(authority.certificate),
        },
      },
    ],
    users: [
      {
        name: 'kubernetes-admin',
        user: { 'client-certificate-data': base64(admin.certificate), 'client-key-data': base64(admin.key) },
      },
    ],
    contexts: [{ name: 'typekube', context: { cluster: 'typekube', user: 'kubernetes-admin' } }],
    'current-context': 'typekube',
  };
  await writeFile(join(directory, 'admin.conf'), `${JSON.stringify(config, undefined, 2)}\n`, { mode: 0o600 });
}

async function tokenKeys(flags: ApiServerFlags, directory: string): Promise<ServiceAccountKeys> {
  const { tokenIssuers: issuers, tokenAudiences: audiences } = flags;
  if (flags.tokenSigningKeyFile === undefined) {
    const made = await ensureTokenSigningKey(directory);
    const verificationKeys = [made.publicKey, ...(await readAll(flags.tokenKeyFiles))];
    return { issuers, audiences, signingKey: made.privateKey, verificationKeys };
  }
  const signingKey = await read(flags.tokenSigningKeyFile, '--service-account-signing-key-file');
  const verificationKeys = flags.tokenKeyFiles.length === 0 ? [signingKey] : await readAll(flags.tokenKeyFiles);
  return { issuers, audiences, signingKey, verificationKeys };
}

function readAll(files: readonly string[]): Promise<string[]> {
  return Promise.all(files.map((file) => read(file, '--service-account-key-file')));
}

async function kubeletCredentials(flags: ApiServerFlags): Promise<KubeletConnections> {
  const { kubeletCertificate, kubeletKey, kubeletAuthority } = flags;
  return {
    ...(kubeletCertificate !== undefined && {
      certificate: await read(kubeletCertificate, '--kubelet-client-certificate'),
    }),
    ...(kubeletKey !== undefined && { key: await read(kubeletKey, '--kubelet-client-key') }),
    ...(kubeletAuthority !== undefined && {
      authority: await read(kubeletAuthority, '--kubelet-certificate-authority'),
    }),
  };
}

export async function read(path: string, flag: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(`cannot read the file of ${flag}: ${why}`, { cause });
  }
}

/** Nobody else reaches a server under it, so no endpoint is kept with it. */
export const LOOPBACK = '127.0.0.1';

/** The machine's own address that pods can reach. */
export function outwardAddress(): string {
  return primaryAddress() ?? LOOPBACK;
}
