// What is left after the process or the machine died: kill -9 in the middle of writes, and files as a power cut leaves them.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { realClock } from '../../clock/clock.ts';
import { VirtualClock } from '../../clock/virtual-clock.ts';
import { StoreUnavailableError, type Store } from '../store.ts';
import { openEmbeddedStore } from './embedded-store.ts';
import { decodeFrames } from './log-frames.ts';

const root = mkdtempSync(join(tmpdir(), 'typekube-crash-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let count = 0;
const nextDirectory = () => join(root, String(count++));
const bytes = (text: string) => Buffer.from(text);

async function contentsOf(directory: string): Promise<Record<string, string>> {
  const store = await openEmbeddedStore({ directory, clock: realClock });
  try {
    const { entries } = await store.list('/');
    return Object.fromEntries(entries.map(({ key, value }) => [key, Buffer.from(value).toString()]));
  } finally {
    await store.close();
  }
}

/** A clock that stands still: nothing goes into the tables by itself before 128 writes wait. */
async function withStore<T>(directory: string, work: (store: Store) => Promise<T>): Promise<T> {
  const store = await openEmbeddedStore({ directory, clock: new VirtualClock() });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

/** As a power cut would leave it: what is on disk at this moment. */
async function crashedAfter(writes: number): Promise<string> {
  const [directory, copy] = [nextDirectory(), nextDirectory()];
  await withStore(directory, async (store) => {
    for (let n = 0; n < writes; n++) await store.create(`/k/${String(n).padStart(3, '0')}`, bytes(`value ${n}`));
    cpSync(directory, copy, { recursive: true });
  });
  return copy;
}

test('writes that had not reached the tables are there after a crash', async () => {
  const contents = await contentsOf(await crashedAfter(20));
  expect(Object.keys(contents)).toHaveLength(20);
  expect(contents['/k/019']).toBe('value 19');
});

test('what was recovered once survives the next crash, and revisions go on', async () => {
  const directory = await crashedAfter(5);
  const copy = nextDirectory();
  const last = await withStore(directory, async (store) => {
    const revision = await store.revision();
    const swap = await store.create('/k/new', bytes('after'));
    expect(swap).toEqual({ ok: true, revision: revision + 1 });
    cpSync(directory, copy, { recursive: true });
    return revision + 1;
  });
  expect(Object.keys(await contentsOf(copy))).toHaveLength(6);
  await withStore(copy, async (store) => expect(await store.revision()).toBe(last));
});

test('a write that a crash cut off never was, the ones before it were', async () => {
  const directory = await crashedAfter(5);
  const log = join(directory, 'wal-0');
  const whole = readFileSync(log);
  const frames = decodeFrames(whole);
  const size = whole.length / frames.length;
  for (const end of [whole.length - 1, whole.length - size / 2, whole.length - size + 3]) {
    const copy = nextDirectory();
    cpSync(directory, copy, { recursive: true });
    truncateSync(join(copy, 'wal-0'), end);
    expect(Object.keys(await contentsOf(copy))).toEqual(['/k/000', '/k/001', '/k/002', '/k/003']);
  }
});

test('a log that lost what it had confirmed is not passed over in silence', async () => {
  const directory = await crashedAfter(5);
  const log = join(directory, 'wal-0');
  const whole = readFileSync(log);
  const size = whole.length / 5;
  // The third write is gone, the last two have found their way into the other file.
  writeFileSync(join(directory, 'wal-1'), whole.subarray(3 * size));
  truncateSync(log, 2 * size);
  await expect(openEmbeddedStore({ directory, clock: realClock })).rejects.toThrow('between revisions 3 and 4');
});

test('the log is used anew, again and again, and nothing is lost at any turn', async () => {
  const directory = nextDirectory();
  const value = (n: number) => String(n).repeat(1_000_000).slice(0, 1_000_000);
  const copies: { at: number; copy: string }[] = [];
  await withStore(directory, async (store) => {
    let revision = 0;
    for (let n = 0; n < 36; n++) {
      const swap =
        revision === 0
          ? await store.create('/big', bytes(value(n)))
          : await store.compareAndSwap('/big', revision, bytes(value(n)));
      if (!swap.ok) throw new Error('lost a race that nobody ran');
      ({ revision } = swap);
      if (n % 11 !== 10) continue;
      const copy = nextDirectory();
      cpSync(directory, copy, { recursive: true });
      copies.push({ at: n, copy });
    }
  });
  for (const name of ['wal-0', 'wal-1']) expect(readFileSync(join(directory, name)).length).toBeLessThan(10_000_000);
  for (const { at, copy } of copies) expect((await contentsOf(copy))['/big'] === value(at)).toBe(true);
});

/** What is written to this open file from now on is answered as on a full disk: its descriptor leads to /dev/full. */
function fillDisk(path: string): void {
  const descriptor = readdirSync('/proc/self/fd').find((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === path;
    } catch {
      return false; // that of the directory just read
    }
  });
  closeSync(Number(descriptor));
  // The lowest number that is free is given out next.
  if (openSync('/dev/full', 'r+') !== Number(descriptor)) throw new Error('another descriptor was given out');
}

test('a disk that takes nothing: writes fail, what was there stays, and nothing was half done', async () => {
  const directory = nextDirectory();
  await withStore(directory, async (store) => {
    await store.create('/a', bytes('1'));
    await store.create('/gone', bytes('1'));
    await store.delete('/gone', 3);
  });
  await withStore(directory, async (store) => {
    fillDisk(join(directory, 'wal-0'));
    const revision = await store.revision();
    const writes = [
      store.compareAndSwap('/a', 2, bytes('2')),
      store.create('/b', bytes('1')),
      store.create('/gone', bytes('2')),
    ];
    for (const write of writes) await expect(write).rejects.toBeInstanceOf(StoreUnavailableError);
    expect((await store.get('/a'))?.value.toString()).toBe('1');
    expect((await store.list('/')).entries.map(({ key }) => key)).toEqual(['/a']);
    expect(await store.revision()).toBe(revision);
    expect(await store.create('/a', bytes('x'))).toMatchObject({ ok: false, current: { revision: 2 } });
    await expect(store.delete('/a', 2)).rejects.toBeInstanceOf(StoreUnavailableError);
  });
  expect(await contentsOf(directory)).toEqual({ '/a': '1' });
});

test('kill -9 in the middle of writes loses none that was acknowledged', async () => {
  const directory = nextDirectory();
  mkdirSync(directory);
  const acknowledged = new Map<string, string>();
  const writer = fileURLToPath(new URL('crash-writer.ts', import.meta.url));
  for (let round = 0; round < 4; round++) {
    const child = spawn(process.execPath, [writer, directory, String(round)], { stdio: ['ignore', 'pipe', 'inherit'] });
    const gone = once(child, 'exit');
    let lines = 0;
    for await (const line of createInterface({ input: child.stdout })) {
      const [key = '', value = ''] = line.split(' ');
      acknowledged.set(key, value);
      if (++lines === 150 + round * 173) child.kill('SIGKILL');
    }
    await gone;
    expect(lines).toBeGreaterThanOrEqual(150);
    const contents = await contentsOf(directory);
    for (const [key, value] of acknowledged) {
      const newest = Number(contents[key]);
      // Acknowledged, or begun and on disk although nobody was told any more.
      expect(newest).toBeGreaterThanOrEqual(Number(value));
      expect(newest).toBeLessThanOrEqual(Number(value) + 1);
    }
  }
}, 60_000);
