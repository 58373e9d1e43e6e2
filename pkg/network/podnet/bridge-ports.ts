// A pod that reaches itself through its Service needs its packet sent back out of the bridge port it came in by, which a
// bridge does not do by default. This watches the bridge and switches every port of it to hairpin mode within some
// milliseconds of its appearance; /sys may be read-only, so it goes through ip(8).
import type { Clock } from '../../clock/clock.ts';
import type { Logger } from '../../logging/logger.ts';
import type { RunHostCommand } from '../host-command.ts';
import { watchHost } from '../host-watch.ts';

/** Events of one container's start come in a burst. */
const GATHER_MS = 20;
/** The watch is a quick way; this is the sure one. */
const RECHECK_MS = 30_000;

interface Options {
  readonly bridge: string;
  readonly run: RunHostCommand;
  readonly watch?: typeof watchHost;
  readonly clock: Clock;
  readonly log: Logger;
}

export async function keepHairpin(options: Options, signal: AbortSignal): Promise<void> {
  const { bridge, run, clock, log, watch = watchHost } = options;
  let wake = Promise.withResolvers<void>();
  const watching = watch(['ip', '-o', 'monitor', 'link'], {
    line: (text) => {
      if (text.includes(`master ${bridge} `)) wake.resolve();
    },
    clock,
    signal,
  });
  while (!signal.aborted) {
    const ports = portsWithoutHairpin(await list(bridge, run, signal));
    for (const port of ports) {
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
  await watching;
}

async function list(bridge: string, run: RunHostCommand, signal: AbortSignal): Promise<unknown> {
  const answer = await run(['ip', '-j', '-d', 'link', 'show', 'master', bridge], {}, signal);
  // There is no bridge until the kubelet has made it.
  if (answer.outcome !== 'done' || answer.output.trim() === '') return [];
  return JSON.parse(answer.output) as unknown;
}

/** Reads `ip -j -d link show master BRIDGE`. */
export function portsWithoutHairpin(links: unknown): string[] {
  if (!Array.isArray(links)) return [];
  return links.flatMap((link: unknown) => {
    const name = field(link, 'ifname');
    const hairpin = field(field(field(link, 'linkinfo'), 'info_slave_data'), 'hairpin');
    return typeof name === 'string' && hairpin === false ? [name] : [];
  });
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && name in value ? Reflect.get(value, name) : undefined;
}
