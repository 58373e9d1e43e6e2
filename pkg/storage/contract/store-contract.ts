// What every store must do. Run by each backend's own test file against the real thing; `open` gives a store on fresh data,
// and opening again with the same place sees what was there.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CompactedError, FutureRevisionError, type Change, type Revision, type Store } from '../store.ts';

export interface StoreUnderTest {
  open(): Promise<Store>;
  /** Ends the store as kill -9 would, as far as one process can, and opens it again. */
  reopen(store: Store): Promise<Store>;
}

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (value: Uint8Array | undefined) => (value === undefined ? undefined : new TextDecoder().decode(value));

export function describeStore(name: string, subject: StoreUnderTest): void {
  describe(`${name} store`, () => {
    let store: Store;
    const never = new AbortController().signal;

    beforeEach(async () => {
      store = await subject.open();
    });
    afterEach(() => store.close());

    test('tells how much it takes on disk', async () => {
      await store.create('/registry/big', new Uint8Array(300_000).fill(65));
      // Files grow when they are next written to, which may be after the acknowledgement.
      await expect.poll(() => store.size(), { timeout: 5000 }).toBeGreaterThan(300_000);
    });

    async function put(key: string, value: string): Promise<Revision> {
      const current = await store.get(key);
      const swap =
        current === undefined
          ? await store.create(key, bytes(value))
          : await store.compareAndSwap(key, current.revision, bytes(value));
      if (!swap.ok) throw new Error(`lost an uncontended race on ${key}`);
      return swap.revision;
    }

    async function remove(key: string): Promise<Revision> {
      const current = await store.get(key);
      const swap = await store.delete(key, current?.revision ?? 0);
      if (!swap.ok) throw new Error(`${key} was not there`);
      return swap.revision;
    }

    /** Reads a watch until `count` changes have come. */
    async function changes(from: Revision, count: number, prefix = '/registry/'): Promise<Change[]> {
      const stop = new AbortController();
      const seen: Change[] = [];
      for await (const batch of store.watch(prefix, from, stop.signal)) {
        seen.push(...batch.changes);
        if (seen.length >= count) break;
      }
      stop.abort();
      return seen;
    }

    const show = (change: Change) =>
      `${change.key} ${text(change.previous?.value) ?? '-'} -> ${text(change.value) ?? '-'}`;

    test('gives back what was created, at the revision of its creation', async () => {
      const swap = await store.create('/registry/a', bytes('1'));
      const entry = await store.get('/registry/a');
      expect(text(entry?.value)).toBe('1');
      expect(swap).toEqual({ ok: true, revision: entry?.revision });
    });

    test('knows nothing of a key that was never written', async () => {
      expect(await store.get('/registry/none')).toBeUndefined();
    });

    test('creates a key only once and answers with what is there', async () => {
      const revision = await put('/registry/a', '1');
      const swap = await store.create('/registry/a', bytes('2'));
      expect(swap).toMatchObject({ ok: false, current: { revision } });
      expect(text((await store.get('/registry/a'))?.value)).toBe('1');
    });

    test('swaps only from the expected revision', async () => {
      const first = await put('/registry/a', '1');
      const second = await put('/registry/a', '2');
      expect(second).toBeGreaterThan(first);
      const stale = await store.compareAndSwap('/registry/a', first, bytes('3'));
      expect(stale).toMatchObject({ ok: false, current: { revision: second } });
      expect(await store.compareAndSwap('/registry/b', 7, bytes('3'))).toEqual({ ok: false, current: undefined });
    });

    test('deletes only at the expected revision, and the key can be created again', async () => {
      const first = await put('/registry/a', '1');
      const second = await put('/registry/a', '2');
      expect(await store.delete('/registry/a', first)).toMatchObject({ ok: false, current: { revision: second } });
      const gone = await remove('/registry/a');
      expect(gone).toBeGreaterThan(second);
      expect(await store.get('/registry/a')).toBeUndefined();
      expect(await store.delete('/registry/a', second)).toEqual({ ok: false, current: undefined });
      expect((await store.create('/registry/a', bytes('3'))).ok).toBe(true);
    });

    test('lets exactly one of many concurrent swaps win', async () => {
      const revision = await put('/registry/a', '0');
      const swaps = await Promise.all(
        Array.from({ length: 20 }, (_, n) => store.compareAndSwap('/registry/a', revision, bytes(`${n + 1}`))),
      );
      expect(swaps.filter((swap) => swap.ok)).toHaveLength(1);
      const current = await store.get('/registry/a');
      for (const swap of swaps) if (!swap.ok) expect(swap.current?.revision).toBe(current?.revision);
    });

    test('lets exactly one of many concurrent creations win', async () => {
      const swaps = await Promise.all(Array.from({ length: 20 }, (_, n) => store.create('/registry/a', bytes(`${n}`))));
      expect(swaps.filter((swap) => swap.ok)).toHaveLength(1);
    });

    test('counts every acknowledged write under concurrency', async () => {
      const increments = Array.from({ length: 30 }, async () => {
        for (;;) {
          const current = await store.get('/registry/counter');
          const next = bytes(String(Number(text(current?.value) ?? '0') + 1));
          const swap =
            current === undefined
              ? await store.create('/registry/counter', next)
              : await store.compareAndSwap('/registry/counter', current.revision, next);
          if (swap.ok) return;
        }
      });
      await Promise.all(increments);
      expect(text((await store.get('/registry/counter'))?.value)).toBe('30');
    });

    test('lists a prefix in order of keys and nothing beside it', async () => {
      for (const key of ['/registry/p/b', '/registry/p/a', '/registry/p0', '/registry/p/a-1', '/registry/o']) {
        await put(key, key);
      }
      const page = await store.list('/registry/p/');
      expect(page.entries.map((entry) => entry.key)).toEqual(['/registry/p/a', '/registry/p/a-1', '/registry/p/b']);
      expect(page.remaining).toBe(0);
      expect(page.revision).toBeGreaterThanOrEqual(page.entries[2]?.revision ?? 0);
    });

    test('pages through a list at one revision, whatever is written meanwhile', async () => {
      for (const n of [1, 2, 3, 4, 5]) await put(`/registry/p/${n}`, 'old');
      const first = await store.list('/registry/p/', { limit: 2 });
      expect(first).toMatchObject({ remaining: 3, entries: [{ key: '/registry/p/1' }, { key: '/registry/p/2' }] });
      await put('/registry/p/3', 'new');
      await remove('/registry/p/4');
      await put('/registry/p/6', 'new');
      const second = await store.list('/registry/p/', { limit: 2, after: '/registry/p/2', revision: first.revision });
      expect(second.entries.map((entry) => `${entry.key} ${text(entry.value)}`)).toEqual([
        '/registry/p/3 old',
        '/registry/p/4 old',
      ]);
      expect(second).toMatchObject({ remaining: 1, revision: first.revision });
      const now = await store.list('/registry/p/');
      expect(now.entries.map((entry) => entry.key.at(-1))).toEqual(['1', '2', '3', '5', '6']);
    });

    test('watches every change in order, with what was there before', async () => {
      const from = await store.revision();
      await put('/registry/a', '1');
      await put('/registry/b', '1');
      await put('/registry/a', '2');
      await remove('/registry/a');
      await put('/registry/a', '3');
      await put('/other', 'x');
      const seen = await changes(from, 5);
      expect(seen.map(show)).toEqual([
        '/registry/a - -> 1',
        '/registry/b - -> 1',
        '/registry/a 1 -> 2',
        '/registry/a 2 -> -',
        '/registry/a - -> 3',
      ]);
      const revisions = seen.map((change) => change.revision);
      expect(revisions).toEqual(revisions.toSorted((a, b) => a - b));
      expect(new Set(revisions).size).toBe(5);
    });

    test('a watch goes on from history to what happens next without gap or repetition', async () => {
      const from = await put('/registry/0', '0');
      const writer = (async () => {
        for (let n = 1; n <= 200; n++) await put(`/registry/${n % 7}`, `${n}`);
      })();
      const seen = await changes(from, 200);
      await writer;
      expect(seen.map((change) => text(change.value))).toEqual(Array.from({ length: 200 }, (_, n) => `${n + 1}`));
    });

    test('a watch from the middle of history starts right behind it', async () => {
      await put('/registry/a', '1');
      const middle = await put('/registry/a', '2');
      await put('/registry/a', '3');
      expect((await changes(middle, 1)).map(show)).toEqual(['/registry/a 2 -> 3']);
    });

    test('a watch ends when its signal is aborted', async () => {
      const stop = new AbortController();
      let batches = 0;
      for await (const batch of store.watch('/registry/', await store.revision(), stop.signal)) {
        batches += batch.changes.length;
        stop.abort();
      }
      expect(batches).toBe(0);
    });

    test('forgets history before a compaction and keeps what is current', async () => {
      const first = await put('/registry/a', '1');
      await put('/registry/b', '1');
      await put('/registry/a', '2');
      await remove('/registry/b');
      const compacted = await put('/registry/c', '1');
      await put('/registry/c', '2');
      await store.compact(compacted);
      await expect(store.list('/registry/', { revision: first })).rejects.toBeInstanceOf(CompactedError);
      await expect(changes(first, 1)).rejects.toBeInstanceOf(CompactedError);
      const now = await store.list('/registry/');
      expect(now.entries.map((entry) => `${entry.key} ${text(entry.value)}`)).toEqual([
        '/registry/a 2',
        '/registry/c 2',
      ]);
      const then = await store.list('/registry/', { revision: compacted });
      expect(then.entries.map((entry) => `${entry.key} ${text(entry.value)}`)).toEqual([
        '/registry/a 2',
        '/registry/c 1',
      ]);
      expect((await changes(compacted, 1)).map(show)).toEqual(['/registry/c 1 -> 2']);
      await store.compact(first);
    });

    test('refuses a revision that is yet to come', async () => {
      const now = await put('/registry/a', '1');
      await expect(store.list('/registry/', { revision: now + 1000 })).rejects.toBeInstanceOf(FutureRevisionError);
      await expect(store.compact(now + 1000)).rejects.toBeInstanceOf(FutureRevisionError);
    });

    test('a key with a lifetime vanishes as a deletion that watchers see', async () => {
      const from = await store.revision();
      const swap = await store.create('/registry/short', bytes('1'), { ttlSeconds: 1 });
      expect(swap.ok).toBe(true);
      expect((await changes(from, 2)).map(show)).toEqual(['/registry/short - -> 1', '/registry/short 1 -> -']);
      expect(await store.get('/registry/short')).toBeUndefined();
    });

    test('a write without a lifetime lifts the one before', async () => {
      const from = await store.revision();
      await store.create('/registry/kept', bytes('1'), { ttlSeconds: 1 });
      await store.create('/registry/witness', bytes('1'), { ttlSeconds: 1 });
      await put('/registry/kept', '2');
      await changes(from, 4);
      expect(text((await store.get('/registry/kept'))?.value)).toBe('2');
    });

    test('keeps everything acknowledged, its revisions and its history over a restart', async () => {
      const from = await store.revision();
      const last = (await Promise.all(Array.from({ length: 50 }, (_, n) => put(`/registry/r/${n}`, `${n}`)))).reduce(
        (a, b) => Math.max(a, b),
      );
      await remove('/registry/r/7');
      store = await subject.reopen(store);
      expect((await store.list('/registry/r/')).entries).toHaveLength(49);
      expect(await store.revision()).toBeGreaterThan(last);
      expect(await changes(from, 51)).toHaveLength(51);
      expect(await put('/registry/r/7', 'again')).toBeGreaterThan(last);
    });

    test('a value of a megabyte and empty values survive', async () => {
      const large = 'x'.repeat(1_000_000);
      await put('/registry/large', large);
      await put('/registry/empty', '');
      expect(text((await store.get('/registry/large'))?.value)).toBe(large);
      expect((await store.get('/registry/empty'))?.value).toHaveLength(0);
    });

    test('a closed store refuses to answer', async () => {
      const other = await subject.reopen(store);
      await other.close();
      await expect(other.get('/registry/a', never)).rejects.toThrow();
      store = await subject.open();
    });
  });
}
