// The engine's side of the pod network: one bridge with the node's pod CIDR, whose addresses the engine gives out. What the
// host needs beyond it (forwarding, masquerade, Services) is not the kubelet's business.
import type Docker from 'dockerode';
import { messageWithCauses } from '../../../logging/logger.ts';
import { RuntimeError } from '../runtime.ts';
import { engineCall, engineCallAccepting, httpStatusOf, runtimeErrorOf } from './engine-errors.ts';
import { identityOf, OWNER } from './labels.ts';
import { uplinkMtu } from './uplink-mtu.ts';

export interface PodNetworkOptions {
  readonly name: string;
  /** The bridge device's name on the host. */
  readonly bridge: string;
  /** Undefined: there is no network before `use` names one. */
  readonly subnet: string | undefined;
}

export class PodNetwork {
  readonly name: string;
  readonly #docker: Docker;
  readonly #bridge: string;
  /** Containers of other nodes on the same engine stay as they are. */
  readonly #owner: string;
  #subnet: string | undefined;
  #isMade = false;

  constructor(docker: Docker, { name, bridge, subnet }: PodNetworkOptions, owner: string) {
    this.#docker = docker;
    this.name = name;
    this.#bridge = bridge;
    this.#subnet = subnet;
    this.#owner = owner;
  }

  /** From now on pods get addresses of this range. */
  use(subnet: string): void {
    if (this.#subnet !== subnet) this.#isMade = false;
    this.#subnet = subnet;
  }

  /** Somebody may have pruned it: the next `fault` looks again. */
  mayBeGone(): void {
    this.#isMade = false;
  }

  /** Makes the network when it is not there; says why that cannot be. Throws RuntimeError when the engine does not answer. */
  async fault(): Promise<string | undefined> {
    if (this.#isMade) return undefined;
    const subnet = this.#subnet;
    if (subnet === undefined) return 'the node has no pod CIDR yet';
    try {
      await this.#ensure(subnet);
    } catch (error) {
      if (error instanceof RuntimeError && error.kind === 'unreachable') throw error;
      return messageWithCauses(error);
    }
    this.#isMade = subnet === this.#subnet;
    return undefined;
  }

  async #ensure(subnet: string): Promise<void> {
    const found = await this.#found();
    if (found?.subnet === subnet) return;
    if (found !== undefined) await this.#replace(found.id);
    const mtu = await uplinkMtu();
    try {
      await this.#docker.createNetwork({
        Name: this.name,
        CheckDuplicate: true,
        Driver: 'bridge',
        IPAM: { Driver: 'default', Config: [{ Subnet: subnet }] },
        Options: {
          'com.docker.network.bridge.name': this.#bridge,
          'com.docker.network.bridge.enable_ip_masquerade': 'false',
          ...(mtu !== undefined && { 'com.docker.network.driver.mtu': String(mtu) }),
          ...(await unprotected(this.#docker)),
        },
        Labels: { 'io.typekube.network': this.name },
      });
    } catch (cause) {
      if (httpStatusOf(cause) !== 409) throw runtimeErrorOf(`create the network ${this.name}`, cause);
    }
  }

  async #found(): Promise<{ id: string; subnet: string } | undefined> {
    const filters = { name: [this.name] };
    const networks = await engineCall('list networks', () => this.#docker.listNetworks({ filters }));
    const same = networks.find((network) => network.Name === this.name); // the filter matches parts of names too
    return same === undefined ? undefined : { id: same.Id, subnet: same.IPAM?.Config?.[0]?.Subnet ?? '' };
  }

  /**
   * Takes away a network of another range, with the sandboxes on it: their addresses are another node's by now, and no route
   * leads here. Their pods start over on the new one. Fails while others use it.
   */
  async #replace(id: string): Promise<void> {
    const containers = await engineCall('list containers', () =>
      this.#docker.listContainers({ all: true, filters: { label: [`${OWNER}=${this.#owner}`], network: [id] } }),
    );
    const sandboxes = containers.filter(({ Labels: labels }) => identityOf(labels)?.type === 'podsandbox');
    for (const { Id: sandbox } of sandboxes) {
      await engineCallAccepting([404, 409], 'remove sandbox', () =>
        this.#docker.getContainer(sandbox).remove({ force: true, v: true }),
      );
    }
    await engineCallAccepting([404], 'remove the network', () => this.#docker.getNetwork(id).remove());
  }
}

/** Since release 28 the engine drops what comes from other hosts for addresses of its bridges, unless told not to. */
const PROTECTING_RELEASE = 28;

async function unprotected(docker: Docker): Promise<Record<string, string>> {
  const { Version: version } = await engineCall('ask for the version', () => docker.version());
  if (Number.parseInt(version, 10) < PROTECTING_RELEASE) return {};
  return { 'com.docker.network.bridge.gateway_mode_ipv4': 'nat-unprotected' };
}
