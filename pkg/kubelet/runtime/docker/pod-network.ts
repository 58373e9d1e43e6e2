// The engine's side of the pod network: one bridge with the node's pod CIDR, whose addresses the engine gives out. What the
// host needs beyond it (forwarding, masquerade, Services) is not the kubelet's business.
import type Docker from 'dockerode';
import { RuntimeError } from '../runtime.ts';
import { engineCall, httpStatusOf, runtimeErrorOf } from './engine-errors.ts';

export interface PodNetwork {
  readonly name: string;
  /** The bridge device's name on the host. */
  readonly bridge: string;
  /** Undefined: the engine chooses. */
  readonly subnet: string | undefined;
}

/** Throws RuntimeError when a network of that name has another subnet: pods would get addresses of another node. */
export async function ensurePodNetwork(docker: Docker, network: PodNetwork): Promise<void> {
  const found = await subnetOf(docker, network.name);
  if (found === 'none') {
    try {
      await docker.createNetwork({
        Name: network.name,
        CheckDuplicate: true,
        Driver: 'bridge',
        ...(network.subnet !== undefined && { IPAM: { Driver: 'default', Config: [{ Subnet: network.subnet }] } }),
        Options: {
          'com.docker.network.bridge.name': network.bridge,
          'com.docker.network.bridge.enable_ip_masquerade': 'false',
          ...(await unprotected(docker)),
        },
        Labels: { 'io.typekube.network': network.name },
      });
    } catch (cause) {
      if (httpStatusOf(cause) !== 409) throw runtimeErrorOf(`create the network ${network.name}`, cause);
    }
    return;
  }
  if (network.subnet !== undefined && found.subnet !== network.subnet) {
    throw new RuntimeError(
      `the engine's network ${network.name} has the subnet ${found.subnet}, this node's pods need ${network.subnet}`,
    );
  }
}

/** Since release 28 the engine drops what comes from other hosts for addresses of its bridges, unless told not to. */
const PROTECTING_RELEASE = 28;

async function unprotected(docker: Docker): Promise<Record<string, string>> {
  const { Version: version } = await engineCall('ask for the version', () => docker.version());
  if (Number.parseInt(version, 10) < PROTECTING_RELEASE) return {};
  return { 'com.docker.network.bridge.gateway_mode_ipv4': 'nat-unprotected' };
}

async function subnetOf(docker: Docker, name: string): Promise<{ subnet: string } | 'none'> {
  const networks = await engineCall('list networks', () => docker.listNetworks({ filters: { name: [name] } }));
  const same = networks.find((network) => network.Name === name); // the filter matches parts of names too
  if (same === undefined) return 'none';
  return { subnet: same.IPAM?.Config?.[0]?.Subnet ?? '' };
}
