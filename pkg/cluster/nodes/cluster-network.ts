// The engine's network that the containers of a cluster share, with addresses that stay theirs.
import { readFileSync } from 'node:fs';
import type Docker from 'dockerode';
import { cidrsOverlap, ipv4Range, ipv4Text } from '../../api/meta/ipv4.ts';
import { ClusterError } from '../cluster-record.ts';
import { httpStatusOf } from '../engine.ts';
import { networksOf, CLUSTER_LABEL } from './node-containers.ts';
import { candidateSubnets } from './nodes-plan.ts';

export interface NetworkPlan {
  /** Of the cluster. */
  readonly name: string;
  readonly network: string;
  readonly subnet: string;
}

/** Where nobody is: makes the network in the engine, which alone decides between clusters that are made at the same moment. */
export async function claimNetwork(
  engine: Docker,
  { name, network }: Omit<NetworkPlan, 'subnet'>,
  avoid: readonly string[],
): Promise<string> {
  const [left] = await networksOf(engine, name); // by a run that was interrupted
  const own = left?.IPAM?.Config?.[0]?.Subnet;
  const isOfUse = own !== undefined && candidateSubnets(name).includes(own);
  if (isOfUse && !avoid.some((other) => cidrsOverlap(own, other))) return own;
  const lost: string[] = [];
  for (;;) {
    const subnet = await freeSubnet(engine, name, [...avoid, ...lost]);
    if ((await ensureNetwork(engine, { name, network, subnet })) === 'there') return subnet;
    lost.push(subnet); // to another cluster, since we looked
  }
}

/** The first network of ours that neither the engine nor this machine uses. */
async function freeSubnet(engine: Docker, cluster: string, avoid: readonly string[]): Promise<string> {
  const networks = await engine.listNetworks();
  const taken = networks.flatMap(({ IPAM }) => IPAM?.Config ?? []).map(({ Subnet }) => Subnet ?? '');
  const all = [...taken, ...routedNetworks(), ...avoid];
  const free = candidateSubnets(cluster).find((subnet) => !all.some((other) => cidrsOverlap(subnet, other)));
  if (free === undefined)
    throw new ClusterError('no network of 10.89.100.0/24 to 10.89.199.0/24 is free on this machine');
  return free;
}

/** `taken`: another network has these addresses. */
export async function ensureNetwork(
  engine: Docker,
  { name, network, subnet }: NetworkPlan,
): Promise<'there' | 'taken'> {
  const [existing] = await networksOf(engine, name);
  if (has(existing, subnet)) return 'there';
  // Left by an interrupted delete: nothing is on it, or the engine refuses.
  if (existing !== undefined) await engine.getNetwork(existing.Id).remove();
  const range = ipv4Range(subnet);
  try {
    await engine.createNetwork({
      Name: network,
      Driver: 'bridge',
      CheckDuplicate: true,
      Labels: { [CLUSTER_LABEL]: name },
      IPAM: {
        Driver: 'default',
        // Containers that ask for no address of their own stay out of the upper half.
        Config: [{ Subnet: subnet, IPRange: `${ipv4Text((range?.first ?? 0) + 64)}/27` }],
      },
    });
    return 'there';
  } catch (cause) {
    if (httpStatusOf(cause) === 403) return 'taken';
    if (httpStatusOf(cause) !== 409) throw cause;
    const [made] = await networksOf(engine, name);
    if (has(made, subnet)) return 'there'; // by another process, meanwhile
    throw new ClusterError(`the engine has a network ${network} that is not of this cluster`, { cause });
  }
}

function has(network: Docker.NetworkInspectInfo | undefined, subnet: string): boolean {
  return network?.IPAM?.Config?.[0]?.Subnet === subnet;
}

/** proc_net(5): destination and mask are hexadecimal, the lowest byte first. The default route takes no network. */
function routedNetworks(): string[] {
  const bytesOf = (hex: string) => [6, 4, 2, 0].map((at) => parseInt(hex.slice(at, at + 2), 16));
  return readFileSync('/proc/net/route', 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t'))
    .filter((fields) => fields[1] !== '00000000')
    .map((fields) => {
      const mask = bytesOf(fields[7] ?? '').map((byte) => byte.toString(2).replaceAll('0', '').length);
      return `${bytesOf(fields[1] ?? '').join('.')}/${mask.reduce((sum, bits) => sum + bits, 0)}`;
    });
}
