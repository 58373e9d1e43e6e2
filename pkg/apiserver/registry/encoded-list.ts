// A list as it goes out: the items' bytes are those of the cache. A long list is never held whole: it is put together in pieces
// that are sent one after another. Callers in this process get the shared values instead and nothing is encoded.
import type { Encoded, LongBody } from '../request.ts';
import type { CachedObject } from '../watchcache/cached-object.ts';

export interface ListMetadata {
  readonly resourceVersion: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
}

export interface ListHead {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: ListMetadata;
}

/** Shorter lists are sent at once. A larger item makes a larger piece. */
const PIECE = 128 * 1024;
const FIRST = '{';
const NEXT = ',{';
const END = ']}\n';

export class EncodedList implements Encoded, LongBody {
  readonly #head: ListHead;
  readonly #items: readonly CachedObject[];
  #start: Buffer | undefined;
  #length = -1;
  #bytes: Buffer | undefined;

  constructor(head: ListHead, items: readonly CachedObject[]) {
    this.#head = head;
    this.#items = items;
  }

  get value(): unknown {
    return { ...this.#head, items: this.#items.map(({ value }) => value) };
  }

  get bytes(): Buffer {
    if (this.#bytes === undefined) {
      const [whole = Buffer.alloc(0)] = this.#fill(this.length);
      this.#bytes = whole;
    }
    return this.#bytes;
  }

  get long(): LongBody | undefined {
    return this.length > PIECE ? this : undefined;
  }

  get length(): number {
    if (this.#length < 0) {
      let length = this.#prefix().length + END.length + Math.max(0, this.#items.length * NEXT.length - 1);
      for (const item of this.#items) length += item.itemLength;
      this.#length = length;
    }
    return this.#length;
  }

  /** All in the same buffer, again and again. */
  pieces(): Iterable<Uint8Array> {
    return this.#fill(PIECE);
  }

  *#fill(size: number): Generator<Buffer, void> {
    let buffer = Buffer.allocUnsafe(size);
    let at = this.#prefix().copy(buffer);
    let separator = FIRST;
    for (const item of this.#items) {
      const length = separator.length + item.itemLength;
      if (at + length > buffer.length) {
        yield buffer.subarray(0, at);
        if (length > buffer.length) buffer = Buffer.allocUnsafe(length);
        at = 0;
      }
      at += buffer.write(separator, at, 'latin1');
      item.copyItem(buffer, at);
      at += item.itemLength;
      separator = NEXT;
    }
    if (at + END.length > buffer.length) {
      yield buffer.subarray(0, at);
      at = 0;
    }
    at += buffer.write(END, at, 'latin1');
    yield buffer.subarray(0, at);
  }

  #prefix(): Buffer {
    this.#start ??= Buffer.from(`${JSON.stringify(this.#head).slice(0, -1)},"items":[`);
    return this.#start;
  }
}
