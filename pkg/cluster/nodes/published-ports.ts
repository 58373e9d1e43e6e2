// The ports of this machine by which containers of a cluster are reached: which they are, and whether another program has them.
import { isPortFree } from '../host-addresses.ts';
import type { PortMapping } from './cluster-config.ts';
import { API_PORT } from './nodes-plan.ts';
import type { ContainerPlan, NodesRecord } from './nodes-record.ts';

/** What this machine reaches of a container by ports of its own. */
export function publishedPorts(record: NodesRecord, plan: ContainerPlan): PortMapping[] {
  if (!isEntry(record, plan)) return [...plan.portMappings];
  const { apiServerAddress: listenAddress, apiServerPort: hostPort } = record;
  return [...plan.portMappings, { containerPort: API_PORT, hostPort, listenAddress, protocol: 'TCP' }];
}

/** The host reaches the API server at the container through which everybody does. */
export function isEntry(record: NodesRecord, plan: ContainerPlan): boolean {
  return record.endpoint === `${plan.address}:${API_PORT}`;
}

/** The first of them that another program has. */
export async function takenPort(published: readonly PortMapping[]): Promise<PortMapping | undefined> {
  for (const mapping of published) if (await isTaken(mapping)) return mapping;
  return undefined;
}

/** Of UDP ports it is not known. */
export async function isTaken({ hostPort, listenAddress, protocol }: PortMapping): Promise<boolean> {
  return protocol === 'TCP' && hostPort > 0 && !(await isPortFree(hostPort, listenAddress));
}

export function takenWords({ hostPort, listenAddress }: PortMapping): string {
  return `another program listens on port ${hostPort} of ${listenAddress}, which the cluster is to have; end it, or choose another port`;
}
