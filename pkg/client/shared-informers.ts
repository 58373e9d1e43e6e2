// One informer per resource and process, shared by everything in it. Informers start when the set runs, or at once when
// they are asked for later; all end with the signal given to `run`.
import type { KubeObject, ResourceType } from '../api/schema/resource-type.ts';
import type { Clock, Random } from '../clock/clock.ts';
import type { Logger } from '../logging/logger.ts';
import type { Client } from './client.ts';
import { createInformer, type Informer } from './informer.ts';
import type { Indexer } from './object-store.ts';

/** What the set does with an informer of any kind. */
type Runnable = Pick<Informer<KubeObject>, 'run' | 'synced'>;

export interface SharedContext {
  readonly clock: Clock;
  readonly random?: Random;
  readonly log: Logger;
  /** Keeps less of every object than the server sends. */
  readonly transform?: <T extends KubeObject>(object: T) => T;
}

export class SharedInformers {
  readonly #client: Client;
  readonly #context: SharedContext;
  readonly #informers = new Map<string, Runnable>();
  readonly #running = new Set<Promise<void>>();
  #signal: AbortSignal | undefined;

  constructor(client: Client, context: SharedContext) {
    this.#client = client;
    this.#context = context;
  }

  /** Indexers of the same name must mean the same: the first one given is kept. */
  of<T extends KubeObject>(type: ResourceType<T>, indexers: Readonly<Record<string, Indexer<T>>> = {}): Informer<T> {
    const known = this.known(type);
    if (known !== undefined) {
      known.addIndexers(indexers);
      return known;
    }
    const informer = createInformer<T>(this.#client.resource(type), { ...this.#context, indexers });
    this.#informers.set(idOf(type), informer);
    if (this.#signal !== undefined) this.#start(informer, this.#signal);
    return informer;
  }

  /** The informer of this resource, if anybody has asked for it. */
  known<T extends KubeObject>(type: ResourceType<T>): Informer<T> | undefined {
    // Stored under the name of its type and nowhere else, so what is found there is of that type.
    return this.#informers.get(idOf(type)) as Informer<T> | undefined;
  }

  /** Runs all informers until `signal`. */
  async run(signal: AbortSignal): Promise<void> {
    this.#signal = signal;
    for (const informer of this.#informers.values()) this.#start(informer, signal);
    if (!signal.aborted) {
      await new Promise<void>((resolve) => {
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    }
    await Promise.all(this.#running);
  }

  /** Resolves when every informer asked for so far has its first list. */
  async synced(signal?: AbortSignal): Promise<void> {
    await Promise.all([...this.#informers.values()].map((informer) => informer.synced(signal)));
  }

  #start(informer: Runnable, signal: AbortSignal): void {
    const running = informer.run(signal);
    this.#running.add(running);
    void running.finally(() => this.#running.delete(running));
  }
}

function idOf(type: ResourceType<unknown>): string {
  return `${type.group}/${type.version}/${type.resource}`;
}
