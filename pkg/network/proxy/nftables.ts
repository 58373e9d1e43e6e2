// Hands the kernel whole transactions of nft commands: all of one text takes effect at once, or nothing does.
import type { RunHostCommand } from '../host-command.ts';

export type Applied = { readonly ok: true } | { readonly ok: false; readonly message: string };

const NO_NFT = 'nft is not on this machine: install the package "nftables"';

/** Without nft there are no Services: throws one sentence saying so. */
export async function requireNft(run: RunHostCommand, signal: AbortSignal): Promise<void> {
  const answer = await run(['nft', '--version'], {}, signal);
  if (answer.outcome === 'missing') throw new Error(NO_NFT);
}

export async function applyRules(text: string, run: RunHostCommand, signal?: AbortSignal): Promise<Applied> {
  if (text === '') return { ok: true };
  const answer = await run(['nft', '-f', '-'], { input: text }, signal);
  switch (answer.outcome) {
    case 'done':
      return { ok: true };
    case 'missing':
      return { ok: false, message: NO_NFT };
    case 'failed':
      return { ok: false, message: answer.message };
  }
}

/** Whether a chain is in the kernel. */
export async function chainExists(
  { family, table, chain }: { family: string; table: string; chain: string },
  run: RunHostCommand,
  signal?: AbortSignal,
): Promise<boolean> {
  return (await run(['nft', 'list', 'chain', family, table, chain], {}, signal)).outcome === 'done';
}
