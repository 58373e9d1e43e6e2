// What the container of the load balancer must find: its flags, and who signs for the API servers.
import type { Instant } from '../../clock/clock.ts';
import { ensureAuthority } from '../../pki/certificate-files.ts';
import { pkiDirectory } from '../access.ts';
import type { ContainerFile } from '../engine.ts';
import { API_PORT } from './nodes-plan.ts';
import { planOf, type NodesRecord } from './nodes-record.ts';

const DIRECTORY = '/var/lib/typekube/load-balancer';

export async function loadBalancerFiles(
  directory: string,
  record: NodesRecord,
  now: Instant,
): Promise<ContainerFile[]> {
  const authority = await ensureAuthority(pkiDirectory(directory), now);
  const backends = planOf(record, 'control-plane').map(({ address }) => `${address}:${API_PORT}`);
  const flags = [`--port=${API_PORT}`, `--backends=${backends.join(',')}`, `--ca-file=${DIRECTORY}/ca.crt`];
  return [
    { path: `${DIRECTORY}/ca.crt`, content: authority.certificate },
    { path: `${DIRECTORY}/flags`, content: `${flags.join('\n')}\n` },
  ];
}
