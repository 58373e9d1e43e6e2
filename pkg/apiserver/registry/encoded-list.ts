// A list as it goes out: the items' bytes are those of the cache, copied once into one buffer. Callers in this process get
// the shared values instead and nothing is encoded.
import type { Encoded } from '../request.ts';
import type { CachedObject } from '../watchcache/cached-object.ts';

export interface ListMetadata {
  readonly resourceVersion: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
}

const FIRST = Buffer.from('{');
const NEXT = Buffer.from(',{');
const END = Buffer.from(']}\n');

export class EncodedList implements Encoded {
  readonly #head: { kind: string; apiVersion: string; metadata: ListMetadata };
  readonly #items: readonly CachedObject[];
  #bytes: Buffer | undefined;

  constructor(head: { kind: string; apiVersion: string; metadata: ListMetadata }, items: readonly CachedObject[]) {
    this.#head = head;
    this.#items = items;
  }

  get value(): unknown {
    return { ...this.#head, items: this.#items.map(({ value }) => value) };
  }

  get bytes(): Buffer {
    this.#bytes ??= this.#encode();
    return this.#bytes;
  }

  #encode(): Buffer {
    const pieces: Uint8Array[] = [Buffer.from(`${JSON.stringify(this.#head).slice(0, -1)},"items":[`)];
    let separator = FIRST;
    for (const item of this.#items) {
      pieces.push(separator, item.itemBytes);
      separator = NEXT;
    }
    pieces.push(END);
    return Buffer.concat(pieces);
  }
}
