// Whether this node alone has lost the API server: it hears nothing of it while those who would take over its addresses do. Then it
// must not answer for them any more, since the others are about to be told that it is gone. When they hear nothing either, nobody
// is told anything, and everything stays as it is. Promises: known within STEPS_DOWN_WITHIN_MS of the last word.
import { isApiError } from '../../api/meta/status.ts';
import type { Clock } from '../../clock/clock.ts';
import { deadlineOf } from '../../clock/deadline.ts';
import { askNodeByHttp, type ApiContact, type AskNode } from './api-contact.ts';

const ASK_MS = 2_000;
/** One question may be lost, and a busy machine be slow. */
const SILENT_MS = 6_000;
/** A successor waits this long before it believes that a node which is there, but lost to the API server, has given up its own. */
export const STEPS_DOWN_WITHIN_MS = 15_000;

export interface Wanted {
  /** Whether this node has, or may take over, addresses. */
  readonly concerned: boolean;
  /** Addresses of the nodes that would take over this one's. */
  readonly successors: readonly string[];
}

export interface IsolationOptions {
  readonly contact: ApiContact;
  /** Asks the API server anything. */
  readonly askApi: (signal: AbortSignal) => Promise<unknown>;
  readonly askNode?: AskNode;
  readonly clock: Clock;
  /** After the verdict changed. */
  readonly changed: () => void;
}

export class Isolation {
  readonly #options: IsolationOptions;
  #wanted: Wanted = { concerned: false, successors: [] };
  #wake = Promise.withResolvers<void>();
  #isolated = false;

  constructor(options: IsolationOptions) {
    this.#options = options;
  }

  get isolated(): boolean {
    return this.#isolated;
  }

  watch(wanted: Wanted): void {
    this.#wanted = wanted;
    if (wanted.concerned) this.#wake.resolve();
  }

  /** Asks while this node is concerned, until `signal`. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, changed } = this.#options;
    const stop = () => this.#wake.resolve();
    signal.addEventListener('abort', stop, { once: true });
    while (!signal.aborted) {
      if (!this.#wanted.concerned && !this.#isolated) {
        this.#wake = Promise.withResolvers();
        await this.#wake.promise;
        continue;
      }
      const isolated = await this.#look(signal);
      if (signal.aborted) break;
      if (isolated !== this.#isolated) {
        this.#isolated = isolated;
        changed();
      }
      await clock.sleep(ASK_MS, signal).catch(() => undefined);
    }
    signal.removeEventListener('abort', stop);
  }

  async #look(signal: AbortSignal): Promise<boolean> {
    const { contact, askApi, askNode = askNodeByHttp, clock } = this.#options;
    using late = deadlineOf(clock, ASK_MS);
    try {
      await askApi(AbortSignal.any([signal, late.signal]));
      contact.heard();
    } catch (error) {
      // A refusal is an answer.
      if (isApiError(error) && !late.signal.aborted) contact.heard();
    }
    if (contact.silentMs < SILENT_MS) return false;
    // Only the API server can say that it is over.
    if (this.#isolated) return true;
    const others = await Promise.all(this.#wanted.successors.map((address) => askNode(address, signal)));
    return others.some((silentMs) => silentMs !== undefined && silentMs < SILENT_MS);
  }
}
