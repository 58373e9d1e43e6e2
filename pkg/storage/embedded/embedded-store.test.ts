import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { realClock } from '../../clock/clock.ts';
import { describeStore } from '../contract/store-contract.ts';
import { DirectoryInUseError } from './directory-lock.ts';
import { openEmbeddedStore } from './embedded-store.ts';

const root = mkdtempSync(join(tmpdir(), 'typekube-embedded-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let count = 0;
const nextDirectory = () => join(root, String(count++));
let latest = '';

describeStore('embedded', {
  open: () => openEmbeddedStore({ directory: (latest = nextDirectory()), clock: realClock }),
  reopen: async (store) => {
    await store.close();
    return openEmbeddedStore({ directory: latest, clock: realClock });
  },
});

test('a data directory serves one process at a time', async () => {
  const directory = nextDirectory();
  await using opened = new AsyncDisposableStack();
  const store = await openEmbeddedStore({ directory, clock: realClock });
  opened.defer(() => store.close());
  await expect(openEmbeddedStore({ directory, clock: realClock })).rejects.toBeInstanceOf(DirectoryInUseError);
});
