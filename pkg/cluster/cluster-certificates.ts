// Every certificate and key that the programs of a cluster use, in the cluster's directory: made or renewed at each start.
import { join } from 'node:path';
import type { Instant } from '../clock/clock.ts';
import { ensureAuthority, ensureCertificate, ensureTokenSigningKey } from '../pki/certificate-files.ts';
import type { KeyPair } from '../pki/certificates.ts';
import { apiServerHosts, pkiDirectory } from './access.ts';
import type { ClusterRecord } from './cluster-record.ts';

/** The users that components act as; the names and groups are those of a kubeadm cluster. */
export const COMPONENT_USERS = {
  scheduler: { name: 'system:kube-scheduler', groups: [] },
  'controller-manager': { name: 'system:kube-controller-manager', groups: [] },
  proxy: { name: 'system:kube-proxy', groups: ['system:node-proxier'] },
  dns: { name: 'system:typekube-dns', groups: [] },
} as const;
export type Component = keyof typeof COMPONENT_USERS;

export function nodeUser(nodeName: string): { name: string; groups: readonly string[] } {
  return { name: `system:node:${nodeName}`, groups: ['system:nodes'] };
}

export interface ClusterCertificates {
  /** PEM. */
  readonly authority: KeyPair;
  readonly apiServer: KeyPair;
  readonly kubeletServing: KeyPair;
  /** With which the API server calls kubelets. */
  readonly kubeletClient: KeyPair;
  readonly tokenKey: { readonly privateKey: string; readonly publicKey: string };
  /** Where `<name>.crt` and `<name>.key` of each lie: ca, apiserver, kubelet, apiserver-kubelet-client; sa.key, sa.pub. */
  readonly directory: string;
}

export async function ensureClusterCertificates(
  clusterDirectory: string,
  record: ClusterRecord,
  now: Instant,
): Promise<ClusterCertificates> {
  const directory = pkiDirectory(clusterDirectory);
  const authority = await ensureAuthority(directory, now);
  const [apiServer, kubeletServing, kubeletClient, tokenKey] = await Promise.all([
    ensureCertificate(
      directory,
      'apiserver',
      authority,
      { commonName: 'kube-apiserver', hosts: apiServerHosts(record), usages: ['server'] },
      now,
    ),
    ensureCertificate(
      directory,
      'kubelet',
      authority,
      {
        commonName: nodeUser(record.nodeName).name,
        organizations: nodeUser(record.nodeName).groups,
        hosts: [record.nodeName, record.nodeIp, '127.0.0.1', 'localhost'],
        usages: ['server', 'client'],
      },
      now,
    ),
    ensureCertificate(
      directory,
      'apiserver-kubelet-client',
      authority,
      { commonName: 'kube-apiserver-kubelet-client', organizations: ['system:masters'], usages: ['client'] },
      now,
    ),
    ensureTokenSigningKey(directory),
  ]);
  return { authority, apiServer, kubeletServing, kubeletClient, tokenKey, directory };
}

/** `<directory>/<component>.crt` and `.key` for a component that runs as a process of its own. */
export async function ensureComponentCertificate(
  directory: string,
  authority: KeyPair,
  component: Component,
  now: Instant,
): Promise<{ certFile: string; keyFile: string }> {
  const user = COMPONENT_USERS[component];
  await ensureCertificate(
    directory,
    component,
    authority,
    { commonName: user.name, organizations: user.groups, usages: ['client'] },
    now,
  );
  return { certFile: join(directory, `${component}.crt`), keyFile: join(directory, `${component}.key`) };
}
