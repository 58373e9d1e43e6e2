// What the kubelet takes from the machine where no flag says otherwise.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { primaryAddress } from '../../pkg/cluster/host-addresses.ts';
import { ensureAuthority, ensureCertificate } from '../../pkg/pki/certificate-files.ts';
import type { Settings } from './settings.ts';

/** The address that others reach this machine by; loopback when there is none. */
export function mainAddress(): string {
  return primaryAddress((device) => /^(docker|br-|veth|tk\d|cni|flannel)/.test(device)) ?? '127.0.0.1';
}

const CAP_SYS_RESOURCE = 24n;
/** Kubernetes' pause containers. */
const LOWEST_SCORE = -998;

/**
 * The lowest oom score that containers can be given. The engine runs on this machine, so what this process may not do (an outer
 * container without CAP_SYS_RESOURCE) it may not either.
 */
export async function lowestOomScore(): Promise<number> {
  const status = await readFile('/proc/self/status', 'utf8');
  const bounding = BigInt(`0x${/^CapBnd:\s+([0-9a-f]+)/m.exec(status)?.[1] ?? '0'}`);
  return ((bounding >> CAP_SYS_RESOURCE) & 1n) === 1n ? LOWEST_SCORE : 0;
}

/** The serving certificate given by flags, else one made for this node and kept in its directory. */
export async function certificateOf(
  settings: Settings,
  nodeIps: readonly string[],
): Promise<{ cert: string; key: string }> {
  if (settings.tlsCertFile !== undefined && settings.tlsKeyFile !== undefined) {
    const [cert, key] = await Promise.all([
      readFile(settings.tlsCertFile, 'utf8'),
      readFile(settings.tlsKeyFile, 'utf8'),
    ]);
    return { cert, key };
  }
  const directory = join(settings.rootDir, 'pki');
  const authority = await ensureAuthority(directory, Date.now());
  const request = {
    commonName: `system:node:${settings.nodeName}`,
    organizations: ['system:nodes'],
    hosts: [settings.nodeName, 'localhost', '127.0.0.1', ...nodeIps],
    usages: ['server' as const],
  };
  const { certificate, key } = await ensureCertificate(directory, 'kubelet', authority, request, Date.now());
  return { cert: certificate, key };
}
