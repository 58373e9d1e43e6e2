// Node ports on 127.0.0.1: the kernel must be told to lead packets from there to pods (route_localnet), and told that nobody
// but the host itself may send there (hook-chains.ts, loopback-guard). The guard's presence is also the memory of who opened
// it: only what the proxy opened is closed again.
import type { RunHostCommand } from '../host-command.ts';
import type { Sysctls } from '../sysctl.ts';
import { chainExists } from './nftables.ts';

const ROUTE_LOCALNET = 'net/ipv4/conf/all/route_localnet';
export const GUARD_CHAIN = 'loopback-guard';

export interface LoopbackAccess {
  readonly works: boolean;
  /** Opened by this proxy (or by its run before), so it also guards and closes it. */
  readonly ours: boolean;
}

export interface LoopbackPlace {
  /** nft's family and table of the Service rules. */
  readonly family: string;
  readonly table: string;
  readonly run: RunHostCommand;
  readonly sysctls: Sysctls;
}

export async function openLoopback(place: LoopbackPlace, signal: AbortSignal): Promise<LoopbackAccess> {
  const before = await place.sysctls.read(ROUTE_LOCALNET);
  const guarded = await isGuarded(place, signal);
  const works = await place.sysctls.set(ROUTE_LOCALNET, '1');
  return { works, ours: works && (guarded || before === '0') };
}

export async function isGuarded({ family, table, run }: LoopbackPlace, signal?: AbortSignal): Promise<boolean> {
  return await chainExists({ family, table, chain: GUARD_CHAIN }, run, signal);
}

export async function closeLoopback({ sysctls }: LoopbackPlace): Promise<void> {
  await sysctls.set(ROUTE_LOCALNET, '0');
}
