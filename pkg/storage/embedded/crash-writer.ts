// Part of crash.test.ts, run as a process that is killed: counts up several keys at a time in the store of a directory, and prints
// key and number of each write once it is acknowledged. Takes the directory and where to begin: numbers of later rounds go on.
import { writeSync } from 'node:fs';
import { realClock } from '../../clock/clock.ts';
import { openEmbeddedStore } from './embedded-store.ts';

const [directory = '', round = '0'] = process.argv.slice(2);
const store = await openEmbeddedStore({ directory, clock: realClock });

async function countUp(key: string): Promise<void> {
  for (;;) {
    const current = await store.get(key);
    const next = current === undefined ? 1 : Number(Buffer.from(current.value).toString()) + 1;
    const value = Buffer.from(String(next));
    const swap =
      current === undefined ? await store.create(key, value) : await store.compareAndSwap(key, current.revision, value);
    if (!swap.ok) throw new Error(`${key} has another writer`);
    writeSync(1, `${key} ${next}\n`);
  }
}

await Promise.all(Array.from({ length: 8 + Number(round) * 10 }, (_, index) => countUp(`/count/${index}`)));
