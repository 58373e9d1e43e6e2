// Keeps two API servers of one store from giving out the same address. A claim is a key that only one of them can create;
// it is held until the Service itself is in the store, where every consistent read sees it. A server that dies leaves its
// claims to their time to live.
import type { Store } from '../../storage/store.ts';

const PREFIX = '/registry/typekube/claims/';
const TTL_SECONDS = 60;
const NOTHING = new Uint8Array();

export class AllocationClaims {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** False: somebody else holds it. */
  async take(item: string): Promise<boolean> {
    const swap = await this.#store.create(keyOf(item), NOTHING, { ttlSeconds: TTL_SECONDS });
    return swap.ok;
  }

  async release(item: string): Promise<void> {
    const held = await this.#store.get(keyOf(item));
    if (held !== undefined) await this.#store.delete(held.key, held.revision);
  }
}

function keyOf(item: string): string {
  return PREFIX + item.replaceAll('/', '-');
}
