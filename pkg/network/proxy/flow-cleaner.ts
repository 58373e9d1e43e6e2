// Removes stale UDP flows from the kernel's connection table with conntrack(8). Where that program is missing, flows end
// by their own timeout (30 seconds after the last packet); that is said once.
import type { Logger } from '../../logging/logger.ts';
import type { RunHostCommand } from '../host-command.ts';
import { parseFlows, staleFlows, type Flow, type UdpPort } from './udp-flows.ts';

/** Removed at a time; the rest waits for the next change or times out. */
const REMOVALS_LIMIT = 1_000;

export class FlowCleaner {
  readonly #run: RunHostCommand;
  readonly #log: Logger;
  #missing = false;

  constructor(run: RunHostCommand, log: Logger) {
    this.#run = run;
    this.#log = log;
  }

  /** Answers with how many flows were removed. */
  async clean(ports: Iterable<UdpPort>, localAddresses: ReadonlySet<string>, signal: AbortSignal): Promise<number> {
    if (this.#missing) return 0;
    const listing = await this.#run(['conntrack', '-L', '-p', 'udp'], {}, signal);
    switch (listing.outcome) {
      case 'missing':
        this.#missing = true;
        this.#log.warn(
          'conntrack is not on this machine: UDP clients of a removed endpoint wait for its flow to time out',
        );
        return 0;
      case 'failed':
        if (!signal.aborted) this.#log.warn('could not list UDP flows', { error: listing.message });
        return 0;
      case 'done': {
        const stale = staleFlows(parseFlows(listing.output), ports, localAddresses).slice(0, REMOVALS_LIMIT);
        for (const flow of stale) await this.#remove(flow, signal);
        if (stale.length > 0) this.#log.debug('removed stale UDP flows', { count: stale.length });
        return stale.length;
      }
    }
  }

  /** A flow that has just ended by itself makes conntrack fail: just as well. */
  async #remove(flow: Flow, signal: AbortSignal): Promise<void> {
    const original = ['-s', flow.source, '-d', flow.destination];
    const ports = ['--sport', String(flow.sourcePort), '--dport', String(flow.destinationPort)];
    await this.#run(['conntrack', '-D', '-p', 'udp', ...original, ...ports], {}, signal);
  }
}
