// Keeps forwarded packets of pods accepted in iptables' filter table, beside the rules of a container engine or firewall
// that drop what they do not know. Touches nothing but its own chain and the jumps to it. A machine without iptables has
// nobody who drops, and needs nothing.
import type { RunHostCommand } from '../host-command.ts';
import { FORWARD_CHAIN, forwardChainText, JUMPING_CHAINS } from './host-rules.ts';

export type Forwarding = { readonly ok: true } | { readonly ok: false; readonly message: string };

/** Safe to repeat; an engine that was restarted may have rebuilt its chains. */
export async function ensureForwarding(bridge: string, run: RunHostCommand, signal: AbortSignal): Promise<Forwarding> {
  const listed = await run(['iptables', '-w', '-S', FORWARD_CHAIN], {}, signal);
  if (listed.outcome === 'missing') return { ok: true };
  if (listed.outcome === 'failed' || !acceptsBothWays(listed.output, bridge)) {
    const filled = await run(['iptables-restore', '-w', '--noflush'], { input: forwardChainText(bridge) }, signal);
    if (filled.outcome === 'failed') return { ok: false, message: filled.message };
  }
  for (const chain of JUMPING_CHAINS) {
    const rules = await run(['iptables', '-w', '-S', chain], {}, signal);
    if (rules.outcome !== 'done') continue; // no engine here that has this chain
    // It must be the first: an engine that starts later puts its own rules before it.
    const first = rules.output.split('\n').find((line) => line.startsWith('-A '));
    if (first === jump(chain)) continue;
    if (rules.output.includes(jump(chain))) await run(['iptables', '-w', '-D', chain, '-j', FORWARD_CHAIN], {}, signal);
    const added = await run(['iptables', '-w', '-I', chain, '1', '-j', FORWARD_CHAIN], {}, signal);
    if (added.outcome === 'failed') return { ok: false, message: added.message };
  }
  return { ok: true };
}

export async function removeForwarding(run: RunHostCommand): Promise<void> {
  if ((await run(['iptables', '-w', '-S', FORWARD_CHAIN])).outcome !== 'done') return;
  for (const chain of JUMPING_CHAINS) await run(['iptables', '-w', '-D', chain, '-j', FORWARD_CHAIN]);
  await run(['iptables', '-w', '-F', FORWARD_CHAIN]);
  await run(['iptables', '-w', '-X', FORWARD_CHAIN]);
}

function acceptsBothWays(rules: string, bridge: string): boolean {
  return ['-i', '-o'].every((way) => rules.includes(`-A ${FORWARD_CHAIN} ${way} ${bridge} -j ACCEPT`));
}

function jump(chain: string): string {
  return `-A ${chain} -j ${FORWARD_CHAIN}`;
}
