// The VXLAN device that carries pods' packets to nodes behind a router. Every node has an address in it that nobody else
// can have (the one of its pods' network) and a hardware address made from the node's own, so that nodes need to tell each
// other nothing but what their Node objects say, and nothing is ever asked by broadcast. The device is there only while some
// node is behind a router.
import { ipv4Number } from '../../api/meta/ipv4.ts';
import type { RunHostCommand } from '../host-command.ts';
import { field, listField, listOf, objectOf, textField } from '../json-fields.ts';
import type { HostLinks } from './host-links.ts';
import { tunnelAddress, type Peer } from './peers.ts';

/** Ours among the networks on that port. */
const VXLAN_ID = '29771';
/** Linux' own, so that the tunnels of others on this machine share the socket. */
const VXLAN_PORT = '8472';
/** Outer Ethernet, IP, UDP and VXLAN headers. */
const OVERHEAD = 50;
const LEAST_MTU = 1280;
const DEVICE_NAME_LIMIT = 15;

export interface Tunnel {
  readonly device: string;
  /** This node's address among nodes, and its own in the tunnel. */
  readonly local: string;
  readonly address: string;
  readonly mtu: number;
  readonly peers: readonly Peer[];
}

export function tunnelDevice(bridge: string): string {
  return `${bridge.slice(0, DEVICE_NAME_LIMIT - 3)}-vx`;
}

/** Undefined when this node's own place in it is not known yet. */
export function tunnelFor(
  device: string,
  own: { readonly address: string | undefined; readonly podCidr: string | undefined },
  peers: readonly Peer[],
  links: HostLinks,
): Tunnel | undefined {
  const below = links.addresses.find(({ address }) => address === own.address);
  if (own.address === undefined || own.podCidr === undefined || below === undefined) return undefined;
  const mtu = Math.max(LEAST_MTU, below.mtu - OVERHEAD);
  return { device, local: own.address, address: tunnelAddress({ podCidr: own.podCidr }), mtu, peers };
}

/** Locally administered, and a node's own as its IPv4 address is. */
export function hardwareAddress(address: string): string {
  const number = ipv4Number(address) ?? 0;
  const octets = [24, 16, 8, 0].map((shift) => ((number >>> shift) & 255).toString(16).padStart(2, '0'));
  return ['0a', '54', ...octets].join(':');
}

/** Makes device and neighbours as they should be. Answers with what could not be done. */
export async function ensureTunnel(
  tunnel: Tunnel,
  run: RunHostCommand,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { device } = tunnel;
  if (!(await isAsWanted(tunnel, run, signal))) {
    await run(['ip', 'link', 'del', 'dev', device], {}, signal);
    const made = await run(['ip', '-batch', '-'], { input: deviceCommands(tunnel) }, signal);
    if (made.outcome === 'failed') return made.message;
  }
  const [neighbours, forwarding] = await Promise.all([
    run(['ip', '-4', '-j', 'neigh', 'show', 'dev', device], {}, signal),
    run(['bridge', '-j', 'fdb', 'show', 'dev', device], {}, signal),
  ]);
  const have = {
    neighbours: neighbours.outcome === 'done' ? listOf(objectOf(neighbours.output)) : [],
    forwarding: forwarding.outcome === 'done' ? listOf(objectOf(forwarding.output)) : [],
  };
  for (const [program, commands] of Object.entries(peerCommands(tunnel, have))) {
    if (commands.length === 0) continue;
    const name = program === 'bridge' ? 'bridge' : 'ip';
    const done = await run([name, '-force', '-batch', '-'], { input: `${commands.join('\n')}\n` }, signal);
    if (done.outcome === 'failed') return done.message;
  }
  return undefined;
}

/** Routes through it go with it. */
export async function removeTunnel(device: string, run: RunHostCommand, signal?: AbortSignal): Promise<void> {
  await run(['ip', 'link', 'del', 'dev', device], {}, signal);
}

export interface PeerState {
  /** What `ip -j neigh show` and `bridge -j fdb show` list for the device. */
  readonly neighbours: readonly unknown[];
  readonly forwarding: readonly unknown[];
}

/** What to tell ip(8) and bridge(8) so that each peer, and nobody else, is reached. Pure. */
export function peerCommands(
  { device, peers }: Tunnel,
  { neighbours, forwarding }: PeerState,
): { ip: string[]; bridge: string[] } {
  const wantedNeighbours = new Map(peers.map((peer) => [tunnelAddress(peer), hardwareAddress(peer.address)]));
  const wantedForwarding = new Map(peers.map(({ address }) => [hardwareAddress(address), address]));
  const haveNeighbours = pairs(neighbours, 'dst', 'lladdr');
  const haveForwarding = pairs(forwarding, 'mac', 'dst');
  return {
    ip: [
      ...missing(haveNeighbours, wantedNeighbours).map(([address]) => `neigh del ${address} dev ${device}`),
      ...missing(wantedNeighbours, haveNeighbours).map(
        ([address, hardware]) => `neigh replace ${address} lladdr ${hardware} dev ${device} nud permanent`,
      ),
    ],
    bridge: [
      ...missing(haveForwarding, wantedForwarding).map(
        ([hardware, node]) => `fdb del ${hardware} dev ${device} dst ${node} self`,
      ),
      ...missing(wantedForwarding, haveForwarding).map(
        ([hardware, node]) => `fdb replace ${hardware} dev ${device} dst ${node} self permanent`,
      ),
    ],
  };
}

function deviceCommands({ device, local, address, mtu }: Tunnel): string {
  const options = `id ${VXLAN_ID} dstport ${VXLAN_PORT} local ${local} nolearning`;
  return [
    `link add ${device} address ${hardwareAddress(local)} mtu ${mtu} type vxlan ${options}`,
    `link set ${device} addrgenmode none`,
    `addr add ${address}/32 dev ${device}`,
    `link set ${device} up`,
    '',
  ].join('\n');
}

async function isAsWanted(tunnel: Tunnel, run: RunHostCommand, signal: AbortSignal): Promise<boolean> {
  const answer = await run(['ip', '-4', '-j', '-d', 'addr', 'show', 'dev', tunnel.device], {}, signal);
  if (answer.outcome !== 'done') return false;
  return listOf(objectOf(answer.output)).some((device) => {
    const data = field(field(device, 'linkinfo'), 'info_data');
    return (
      field(device, 'mtu') === tunnel.mtu &&
      textField(device, 'address') === hardwareAddress(tunnel.local) &&
      field(data, 'id') === Number(VXLAN_ID) &&
      textField(data, 'local') === tunnel.local &&
      listField(device, 'flags').includes('UP') &&
      listField(device, 'addr_info').some((one) => textField(one, 'local') === tunnel.address)
    );
  });
}

function pairs(listed: readonly unknown[], key: string, value: string): Map<string, string> {
  return new Map(
    listed.flatMap((row) => {
      const [left, right] = [textField(row, key), textField(row, value)];
      return left === undefined || right === undefined ? [] : [[left, right] as const];
    }),
  );
}

/** What `here` has and `there` lacks, or has otherwise. */
function missing(here: ReadonlyMap<string, string>, there: ReadonlyMap<string, string>): [string, string][] {
  return [...here].filter(([key, value]) => there.get(key) !== value);
}
