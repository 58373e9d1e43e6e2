// Brings one pod's status to the API server: the newest only, one request at a time, again until it is there. What the server
// has is learnt from its answers and from the informer, so that nothing is sent twice.
import { isApiError } from '../../api/meta/status.ts';
import type { Pod, PodStatus } from '../../api/schema/generated/core.v1.gen.ts';
import type { ResourceClient } from '../../client/client.ts';
import type { Clock } from '../../clock/clock.ts';
import type { Logger } from '../../logging/logger.ts';
import { statusPatch } from './status-patch.ts';

const RETRY_MS = 500;
const LONGEST_RETRY_MS = 10_000;

export class StatusWriter {
  readonly #client: ResourceClient<Pod>;
  readonly #clock: Clock;
  readonly #log: Logger;
  #known: Pod;
  #wanted: PodStatus | undefined;
  #writing: Promise<void> | undefined;
  /** Nothing is written again. */
  #gone = false;

  constructor(pod: Pod, parts: { client: ResourceClient<Pod>; clock: Clock; log: Logger }) {
    this.#known = pod;
    this.#client = parts.client;
    this.#clock = parts.clock;
    this.#log = parts.log;
  }

  /** A version of the object, from the informer. */
  learn(pod: Pod): void {
    if (isNewer(pod, this.#known)) this.#known = pod;
  }

  /** The newest version that is known, what others wrote into the status included. */
  get known(): Pod {
    return this.#known;
  }

  write(status: PodStatus, signal: AbortSignal): void {
    this.#wanted = status;
    this.#writing ??= this.#writeAll(signal).finally(() => {
      this.#writing = undefined;
      // What came while the last write was just ending found it still under way.
      if (this.#wanted !== undefined && !this.#gone && !signal.aborted) this.write(this.#wanted, signal);
    });
  }

  /** Resolves when the newest status is there, or can never be. */
  async flushed(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
  }

  /** The object is gone, or its status is of no interest any more. */
  abandon(): void {
    this.#gone = true;
  }

  async #writeAll(signal: AbortSignal): Promise<void> {
    let retry = RETRY_MS;
    while (this.#wanted !== undefined && !this.#gone && !signal.aborted) {
      const status = this.#wanted;
      const patch = statusPatch(this.#known, status);
      if (patch === undefined) {
        if (this.#wanted === status) this.#wanted = undefined;
        continue;
      }
      const { namespace = '', name } = this.#known.metadata;
      try {
        const answer = await this.#client.patch(
          { namespace, name },
          patch,
          'strategic',
          { subresource: 'status', fieldManager: 'kubelet' },
          signal,
        );
        this.learn(answer);
        if (this.#wanted === status) this.#wanted = undefined;
        retry = RETRY_MS;
      } catch (error) {
        if (signal.aborted) return;
        if (isApiError(error, 'NotFound')) {
          this.#gone = true;
          return;
        }
        this.#log.warn('status not written', { error, retryMs: retry });
        try {
          await this.#clock.sleep(retry, signal);
        } catch {
          return; // stopping
        }
        retry = Math.min(retry * 2, LONGEST_RETRY_MS);
      }
    }
  }
}

function isNewer(pod: Pod, than: Pod): boolean {
  const [a, b] = [pod.metadata.resourceVersion, than.metadata.resourceVersion];
  // Revisions are numbers in every Kubernetes store; anything else is taken as newer.
  if (!/^\d+$/.test(a) || !/^\d+$/.test(b)) return true;
  return BigInt(a) >= BigInt(b);
}
