// Keeps forwarded packets of pods accepted in iptables' filter table, beside the rules of a container engine or firewall
// that drop what they do not know. Touches nothing but its own chain and the jumps to it. A machine without iptables has
// nobody who drops, and needs nothing.
import type { RunHostCommand } from '../host-command.ts';
import { forwardChain, forwardChainText, JUMPING_CHAINS, jumpRule, jumpsFirst } from './host-rules.ts';

export type Forwarding = { readonly ok: true } | { readonly ok: false; readonly message: string };

/** Safe to repeat; an engine that was restarted may have rebuilt its chains. */
export async function ensureForwarding(bridge: string, run: RunHostCommand, signal: AbortSignal): Promise<Forwarding> {
  const own = forwardChain(bridge);
  const listed = await run(['iptables', '-w', '-S', own], {}, signal);
  if (listed.outcome === 'missing') return { ok: true };
  if (listed.outcome === 'failed' || !acceptsBothWays(listed.output, bridge)) {
    const filled = await run(['iptables-restore', '-w', '--noflush'], { input: forwardChainText(bridge) }, signal);
    if (filled.outcome === 'failed') return { ok: false, message: filled.message };
  }
  for (const chain of JUMPING_CHAINS) {
    const rules = await run(['iptables', '-w', '-S', chain], {}, signal);
    if (rules.outcome !== 'done') continue; // no engine here that has this chain
    if (jumpsFirst(chain, bridge, rules.output)) continue;
    if (rules.output.split('\n').includes(jumpRule(chain, bridge)))
      await run(['iptables', '-w', '-D', chain, '-j', own], {}, signal);
    const added = await run(['iptables', '-w', '-I', chain, '1', '-j', own], {}, signal);
    if (added.outcome === 'failed') return { ok: false, message: added.message };
  }
  return { ok: true };
}

export async function removeForwarding(bridge: string, run: RunHostCommand): Promise<void> {
  const own = forwardChain(bridge);
  if ((await run(['iptables', '-w', '-S', own])).outcome !== 'done') return;
  for (const chain of JUMPING_CHAINS) await run(['iptables', '-w', '-D', chain, '-j', own]);
  await run(['iptables', '-w', '-F', own]);
  await run(['iptables', '-w', '-X', own]);
}

function acceptsBothWays(rules: string, bridge: string): boolean {
  return ['-i', '-o'].every((way) => rules.includes(`-A ${forwardChain(bridge)} ${way} ${bridge} -j ACCEPT`));
}
