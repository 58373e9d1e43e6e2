// The device that holds the load balancer addresses of this node. It is a bridge without ports: the kernel answers for an
// address on whatever link it is asked, so the address need not be on the link itself, where others keep what is theirs; and
// taking the device away takes all addresses with it. Each address ends by itself when nobody holds it anew: a machine whose program
// is gone must not answer beside the one that was told to take over.
import type { RunHostCommand } from '../host-command.ts';
import { parseAddresses } from '../podnet/host-links.ts';

const DEVICE_NAME_LIMIT = 15;

/** Long enough for a program that starts again, shorter than it takes to give up a node. */
const LIFETIME_SECONDS = 20;
export const HOLD_AGAIN_MS = 5_000;

const LIFETIME = `valid_lft ${LIFETIME_SECONDS} preferred_lft ${LIFETIME_SECONDS}`;

export function addressDevice(bridge: string): string {
  return `${bridge.slice(0, DEVICE_NAME_LIMIT - 3)}-lb`;
}

export type Held =
  | { readonly ok: true; /** Those that were not there before. */ readonly added: readonly string[] }
  | { readonly ok: false; readonly message: string };

/** Makes the device hold these addresses, for LIFETIME_SECONDS from now, and no others; without addresses there is no device. */
export async function holdAddresses(
  device: string,
  wanted: readonly string[],
  run: RunHostCommand,
  signal?: AbortSignal,
): Promise<Held> {
  const shown = await run(['ip', '-4', '-j', 'addr', 'show', 'dev', device], {}, signal);
  const there = shown.outcome === 'done';
  if (wanted.length === 0) {
    if (there) await run(['ip', 'link', 'del', 'dev', device], {}, signal);
    return { ok: true, added: [] };
  }
  const have = there ? parseAddresses(shown.output).map(({ address }) => address) : [];
  const added = wanted.filter((address) => !have.includes(address));
  const removed = have.filter((address) => !wanted.includes(address));
  const commands = [
    ...(there
      ? []
      : [`link add ${device} type bridge`, `link set ${device} addrgenmode none`, `link set ${device} up`]),
    ...removed.map((address) => `addr del ${address}/32 dev ${device}`),
    ...wanted.map((address) => `addr replace ${address}/32 dev ${device} ${LIFETIME}`),
  ];
  const done = await run(['ip', '-force', '-batch', '-'], { input: `${commands.join('\n')}\n` }, signal);
  if (done.outcome === 'done') return { ok: true, added };
  return { ok: false, message: done.outcome === 'failed' ? done.message : 'ip(8) is not on this machine' };
}
