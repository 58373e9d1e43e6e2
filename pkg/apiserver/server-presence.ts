// Which API servers of a shared store are alive: each keeps a key that vanishes when it stops renewing it. What is in the
// endpoints of the `kubernetes` Service follows from these keys.
import type { Store } from '../storage/store.ts';

const PREFIX = '/registry/typekube/apiservers/';
/** Three times the interval at which it is renewed. */
const TTL_SECONDS = 30;

export class ServerPresence {
  readonly #store: Store;
  readonly #key: string;
  readonly #port: number;

  constructor(store: Store, { address, port }: { address: string; port: number }) {
    this.#store = store;
    this.#port = port;
    this.#key = `${PREFIX}${port}/${address}`;
  }

  /** Renews this server's key. Answers with the addresses, in order, of all servers on the same port. */
  async announce(): Promise<readonly string[]> {
    const value = Buffer.from(this.#key);
    const made = await this.#store.create(this.#key, value, { ttlSeconds: TTL_SECONDS });
    if (!made.ok && made.current !== undefined) {
      await this.#store.compareAndSwap(this.#key, made.current.revision, value, { ttlSeconds: TTL_SECONDS });
    }
    const prefix = `${PREFIX}${this.#port}/`;
    const { entries } = await this.#store.list(prefix);
    return entries.map(({ key }) => key.slice(prefix.length));
  }

  /** So that clients are not sent here any more. */
  async withdraw(): Promise<void> {
    const held = await this.#store.get(this.#key);
    if (held !== undefined) await this.#store.delete(held.key, held.revision);
  }
}
