// A pod that reaches itself through its Service needs its packet sent back out of the bridge port it came in by, which a
// bridge does not do by default. This watches the bridge and switches every port of it to hairpin mode within some
// milliseconds of its appearance; /sys may be read-only, so it goes through ip(8). A bridge that is deleted below pods is made again.
import type { Clock } from '../../clock/clock.ts';
import type { Logger } from '../../logging/logger.ts';
import type { RunHostCommand } from '../host-command.ts';
import type { HostMonitor } from '../host-monitor.ts';
import { field, listOf, objectOf, textField } from '../json-fields.ts';
import { LostBridge } from './lost-bridge.ts';

/** Events of one container's start come in a burst. */
const GATHER_MS = 20;
/** The watch is a quick way; this is the sure one. */
const RECHECK_MS = 30_000;

interface Options {
  readonly bridge: string;
  readonly run: RunHostCommand;
  readonly monitor: Pick<HostMonitor, 'on'>;
  readonly clock: Clock;
  readonly log: Logger;
}

export async function keepBridgePorts(options: Options, signal: AbortSignal): Promise<void> {
  const { bridge, run, clock, log, monitor } = options;
  const lost = new LostBridge(bridge, run);
  let wake = Promise.withResolvers<void>();
  using _lines = monitor.on((text) => {
    if (text.includes(`master ${bridge} `) || /^Deleted \d+: ([^\s:@]+)/.exec(text)?.[1] === bridge) wake.resolve();
  });
  while (!signal.aborted) {
    const links = await list(bridge, run, signal);
    if (links !== undefined) await lost.remember(namesOf(links), signal);
    else {
      const ports = await lost.restore(signal);
      if (ports > 0) {
        log.warn('somebody deleted the bridge of the pods; made it again', { bridge, ports });
        continue;
      }
    }
    for (const port of portsWithoutHairpin(links ?? [])) {
      const set = await run(['ip', 'link', 'set', 'dev', port, 'type', 'bridge_slave', 'hairpin', 'on'], {}, signal);
      if (set.outcome === 'failed' && !signal.aborted)
        log.debug('could not set hairpin mode', { port, error: set.message });
    }
    using recheck = clock.schedule(RECHECK_MS, () => wake.resolve());
    const stop = () => wake.resolve();
    signal.addEventListener('abort', stop, { once: true });
    if (!signal.aborted) await wake.promise;
    signal.removeEventListener('abort', stop);
    wake = Promise.withResolvers();
    recheck[Symbol.dispose]();
    await clock.sleep(GATHER_MS, signal).catch(() => undefined);
  }
}

/** Undefined: there is no such bridge; until the kubelet has made it, for example. */
async function list(bridge: string, run: RunHostCommand, signal: AbortSignal): Promise<readonly unknown[] | undefined> {
  const answer = await run(['ip', '-j', '-d', 'link', 'show', 'master', bridge], {}, signal);
  return answer.outcome === 'done' ? listOf(objectOf(answer.output)) : undefined;
}

function namesOf(links: readonly unknown[]): string[] {
  return links.flatMap((link) => textField(link, 'ifname') ?? []);
}

/** Reads `ip -j -d link show master BRIDGE`. */
export function portsWithoutHairpin(links: readonly unknown[]): string[] {
  return links.flatMap((link) => {
    const name = textField(link, 'ifname');
    const hairpin = field(field(field(link, 'linkinfo'), 'info_slave_data'), 'hairpin');
    return name !== undefined && hairpin === false ? [name] : [];
  });
}
