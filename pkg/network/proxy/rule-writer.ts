// Keeps the kernel's table as the RuleTable says. The first change after a pause is written at once; those that follow
// are gathered for some milliseconds and written together. A transaction that the kernel refuses, or a table that somebody
// else removed, is answered by writing everything anew. Promises: after the last change, what is written is what was told
// last; a failure is tried again with growing pauses until `signal`.
import { Backoff } from '../../client/backoff.ts';
import type { Clock, Random } from '../../clock/clock.ts';
import type { Logger } from '../../logging/logger.ts';
import type { RunHostCommand } from '../host-command.ts';
import type { AddressFamily } from './address-family.ts';
import { NO_MEMORY, readAffinity } from './affinity-memory.ts';
import type { HookOptions } from './hook-chains.ts';
import type { NftSession } from './nft-session.ts';
import { applyRules, chainExists, type Applied } from './nftables.ts';
import type { RuleTable } from './rule-table.ts';
import type { ServiceRules } from './service-rules.ts';

export interface RuleWriterOptions {
  readonly table: RuleTable;
  readonly tableName: string;
  readonly family: AddressFamily;
  readonly hooks: HookOptions;
  /** The contribution of one Service as of now; undefined: it is gone. */
  rulesOf(service: string): ServiceRules | undefined;
  /** After a write that worked. `services`: those whose change is in it; undefined: everything was written. */
  written(services: ReadonlySet<string> | undefined, startedAt: number): void;
  failed(): void;
  /** A quick way for small changes; without it every change starts nft. */
  readonly session?: Pick<NftSession, 'takes' | 'apply'>;
  readonly run: RunHostCommand;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** Between the end of one write and the start of the next: short beside a pod's readiness, long enough for a burst. */
const GATHER_MS = 10;

/** How often the table is looked for: `nft flush ruleset` by a firewall's start script removes it unasked. */
const CHECK_MS = 30_000;

export class RuleWriter {
  readonly #options: RuleWriterOptions;
  readonly #changed = new Set<string>();
  #everything = true;
  #wake = Promise.withResolvers<void>();

  constructor(options: RuleWriterOptions) {
    this.#options = options;
  }

  /** A Service, or one of its slices, changed. */
  touch(service: string): void {
    this.#changed.add(service);
    this.#wake.resolve();
  }

  /** Writes the whole table, then what is touched, until `signal`. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, random, log } = this.#options;
    const backoff = new Backoff({ initialMs: 50, maxMs: 10_000 }, clock, random);
    const checking = this.#check(signal);
    const aborted = () => this.#wake.resolve();
    signal.addEventListener('abort', aborted, { once: true });
    try {
      while (!signal.aborted) {
        if (!this.#everything && this.#changed.size === 0) await this.#wake.promise;
        this.#wake = Promise.withResolvers();
        if (signal.aborted) break;
        const problem = await this.#write(signal);
        if (problem === undefined) backoff.reset();
        else if (!signal.aborted) {
          this.#options.failed();
          log.error('the kernel refused the Service rules', { error: problem });
        }
        await clock.sleep(problem === undefined ? GATHER_MS : backoff.nextMs(), signal).catch(() => undefined);
      }
    } finally {
      signal.removeEventListener('abort', aborted);
      await checking;
    }
  }

  /** Answers with what went wrong, undefined when the kernel is up to date. */
  async #write(signal: AbortSignal): Promise<string | undefined> {
    const { table, tableName, family, hooks, run, clock, log } = this.#options;
    const startedAt = clock.now();
    const services = new Set(this.#changed);
    this.#changed.clear();
    const text = table.update(new Map([...services].map((service) => [service, this.#options.rulesOf(service)])));
    if (!this.#everything) {
      if (text === '') return undefined;
      const part = await this.#change(text, signal);
      if (part.ok) {
        this.#options.written(services, startedAt);
        return undefined;
      }
      // What we believed to be in the kernel was not there.
      if (!signal.aborted) log.warn('writing all Service rules anew', { error: part.message });
    }
    this.#everything = true;
    const memory = table.hasAffinity ? await readAffinity(tableName, family, run, signal) : NO_MEMORY;
    const whole = await applyRules(table.text(hooks, memory), run, signal);
    if (!whole.ok) return whole.message;
    this.#everything = false;
    this.#options.written(undefined, startedAt);
    return undefined;
  }

  async #change(text: string, signal: AbortSignal): Promise<Applied> {
    const { session, run } = this.#options;
    if (session?.takes(text) !== true) return await applyRules(text, run, signal);
    return (await session.apply(text)) ?? { ok: false, message: 'the nft process that takes changes is gone' };
  }

  async #check(signal: AbortSignal): Promise<void> {
    const { tableName, family, run, clock, log } = this.#options;
    while (!signal.aborted) {
      await clock.sleep(CHECK_MS, signal).catch(() => undefined);
      if (signal.aborted || this.#everything) continue;
      if (await chainExists({ family: family.nft, table: tableName, chain: 'nat-prerouting' }, run, signal)) continue;
      if (signal.aborted) continue;
      log.warn('somebody removed the Service rules; writing them again');
      this.#everything = true;
      this.#wake.resolve();
    }
  }
}
