// The administrator's credentials of a cluster, and which names its API server's certificate must carry.
import { join } from 'node:path';
import { httpsTransport } from '../client/https-transport.ts';
import type { Transport } from '../client/transport.ts';
import type { Clock, Instant } from '../clock/clock.ts';
import { ensureAuthority, ensureCertificate } from '../pki/certificate-files.ts';
import type { ClusterRecord } from './cluster-record.ts';
import type { AdminAccess } from './kubeconfig-entry.ts';

export const CLUSTER_DOMAIN = 'cluster.local';

export function pkiDirectory(clusterDirectory: string): string {
  return join(clusterDirectory, 'pki');
}

export function adminAccess(directory: string, record: ClusterRecord, now: Instant): Promise<AdminAccess> {
  return adminAccessOf(directory, `https://127.0.0.1:${record.apiPort}`, now);
}

/** To the cluster whose authority lies in `directory`, at `server`. */
export async function adminAccessOf(directory: string, server: string, now: Instant): Promise<AdminAccess> {
  const pki = pkiDirectory(directory);
  const authority = await ensureAuthority(pki, now);
  const admin = await ensureCertificate(
    pki,
    'admin',
    authority,
    { commonName: 'kubernetes-admin', organizations: ['system:masters'], usages: ['client'] },
    now,
  );
  return {
    server,
    authority: authority.certificate,
    certificate: admin.certificate,
    key: admin.key,
  };
}

/** Whoever made it closes it. */
export function adminTransport({ server, authority, certificate, key }: AdminAccess, clock: Clock): Transport {
  return httpsTransport({ server, ca: authority, cert: certificate, key, userAgent: 'tkctl', clock });
}

/** Every name and address that clients inside and outside the cluster may use for the API server. */
export function apiServerHosts(record: ClusterRecord): string[] {
  return [
    'localhost',
    'kubernetes',
    'kubernetes.default',
    'kubernetes.default.svc',
    'kubernetes.default.svc.cluster.local',
    record.nodeName,
    '127.0.0.1',
    record.nodeIp,
    firstAddress(record.serviceCidr),
  ];
}

/** The first usable address of a network: the kubernetes Service has it, and on a pod network the bridge. */
export function firstAddress(cidr: string): string {
  const [address = ''] = cidr.split('/');
  const parts = address.split('.').map(Number);
  return [...parts.slice(0, 3), (parts[3] ?? 0) + 1].join('.');
}
