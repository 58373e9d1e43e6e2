// The cache on its own: order, history and its limits, watchers that are too slow. The store is the embedded one.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { KubeObject } from '../../api/schema/resource-type.ts';
import { realClock } from '../../clock/clock.ts';
import { silentLogger } from '../../logging/logger.ts';
import { openEmbeddedStore } from '../../storage/embedded/embedded-store.ts';
import type { Store } from '../../storage/store.ts';
import { CachedObject, encodeStored } from './cached-object.ts';
import { ResourceCache } from './resource-cache.ts';
import { WatchCache } from './watch-cache.ts';
import { Watcher, WATCHER_BUFFER } from './watcher.ts';

const PREFIX = '/registry/core/configmaps/';
let directory: string;
let store: Store;
let cache: WatchCache;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'typekube-cache-'));
  store = await openEmbeddedStore({ directory, clock: realClock });
  cache = await WatchCache.open({ store, clock: realClock, log: silentLogger, sharedStore: false });
});

afterEach(async () => {
  await cache.close();
  await store.close();
  rmSync(directory, { recursive: true, force: true });
});

function object(name: string, labels: Record<string, string> = {}): KubeObject {
  return {
    kind: 'ConfigMap',
    apiVersion: 'v1',
    metadata: { name, namespace: 'a', uid: name, creationTimestamp: '', resourceVersion: '', labels },
  };
}

async function write(name: string): Promise<number> {
  const value = object(name);
  const stored = encodeStored(value);
  const key = `${PREFIX}a/${name}`;
  const pending = cache.expect(key, stored, value);
  const swap = await store.create(key, stored);
  if (!swap.ok) throw new Error('lost a race with nobody');
  cache.settle(pending, swap.revision);
  return swap.revision;
}

test('a read that begins after a write was acknowledged sees it', async () => {
  for (let i = 0; i < 50; i++) {
    const revision = await write(`c${i}`);
    await cache.current();
    const found = cache.resource(PREFIX).get('a', `c${i}`);
    expect(found?.revision).toBe(revision);
    expect(found?.value.metadata.resourceVersion).toBe(String(revision));
  }
});

test('what a write had at hand is not parsed again', async () => {
  const value = object('mine');
  const stored = encodeStored(value);
  const key = `${PREFIX}a/mine`;
  const pending = cache.expect(key, stored, value);
  const swap = await store.create(key, stored);
  cache.settle(pending, swap.ok ? swap.revision : undefined);
  await cache.current();
  expect(cache.resource(PREFIX).get('a', 'mine')?.value).toBe(value);
});

test('a revision that is yet to come is waited for in vain', async () => {
  await expect(cache.waitFor(1_000_000)).rejects.toMatchObject({
    status: { code: 504, details: { retryAfterSeconds: 1, causes: [{ reason: 'ResourceVersionTooLarge' }] } },
  });
});

test('a new cache on the same store has everything, and no history from before', async () => {
  await write('a');
  const revision = await write('b');
  const other = await WatchCache.open({ store, clock: realClock, log: silentLogger, sharedStore: false });
  const names = other
    .resource(PREFIX)
    .list('a')
    .map(({ value }) => value.metadata.name);
  expect(names).toEqual(['a', 'b']);
  expect(other.resource(PREFIX).since(revision - 1)).toBeUndefined();
  expect(other.resource(PREFIX).since(revision)).toEqual([]);
  await other.close();
});

test('bytes are the stored ones with the revision spliced in, and parse to the value', () => {
  const value = { ...object('x'), data: { metadata: '"metadata":{' } };
  const made = CachedObject.fromStored('k', 42, encodeStored(value));
  expect(JSON.parse(made.bytes.toString())).toEqual({
    ...value,
    metadata: { ...value.metadata, resourceVersion: '42' },
  });
  const item = Buffer.alloc(made.itemLength);
  made.copyItem(item, 0);
  expect(JSON.parse(`{${item.toString()}`)).not.toHaveProperty('kind');
});

const apply = (resource: ResourceCache, revision: number, labels?: Record<string, string>) =>
  resource.apply({
    key: `${PREFIX}a/x`,
    revision,
    current:
      labels === undefined
        ? undefined
        : CachedObject.fromStored(`${PREFIX}a/x`, revision, encodeStored(object('x', labels))),
    at: 0,
  });

test('a selection is told of what enters and leaves it, at the revision at which it did', async () => {
  const resource = new ResourceCache(PREFIX, 0);
  const watcher = new Watcher({
    namespace: 'a',
    after: 0,
    selects: ({ value }) => value.metadata.labels?.['on'] !== undefined,
  });
  resource.attach(watcher);
  apply(resource, 1, {});
  apply(resource, 2, { on: '1' });
  apply(resource, 3, { on: '2' });
  apply(resource, 4, {});
  apply(resource, 5);
  const told = (await watcher.next()).map((signal) =>
    signal.kind === 'view' ? `${signal.view.type}@${signal.view.object.value.metadata.resourceVersion}` : 'bookmark',
  );
  expect(told).toEqual(['ADDED@2', 'MODIFIED@3', 'DELETED@4']);
});

test('a watcher that does not read is ended instead of being waited for', async () => {
  const resource = new ResourceCache(PREFIX, 0);
  const watcher = new Watcher({ namespace: undefined, after: 0, selects: () => true });
  resource.attach(watcher);
  for (let revision = 1; revision <= WATCHER_BUFFER + 2; revision++) apply(resource, revision, {});
  expect(watcher.ended).toBe(true);
  expect((await watcher.next()).length).toBe(WATCHER_BUFFER);
});

test('history is bounded, and what it lost is refused rather than skipped', () => {
  const resource = new ResourceCache(PREFIX, 0);
  for (let revision = 1; revision <= 40_000; revision++) apply(resource, revision, {});
  expect(resource.since(1)).toBeUndefined();
  const { oldest } = resource;
  expect(oldest).toBeGreaterThan(20_000);
  expect(resource.since(oldest)?.[0]?.revision).toBe(oldest + 1);
});

test('namespaces and names are listed in the order of their keys', () => {
  const resource = new ResourceCache(PREFIX, 0);
  for (const key of ['a/b', 'a-b/a', 'a/a', 'b/z'])
    resource.load(CachedObject.fromStored(PREFIX + key, 1, encodeStored(object(key))));
  const keys = (after?: string) => resource.list(undefined, after).map(({ key }) => key.slice(PREFIX.length));
  expect(keys()).toEqual(['a-b/a', 'a/a', 'a/b', 'b/z']);
  expect(keys(`${PREFIX}a/a`)).toEqual(['a/b', 'b/z']);
  expect(keys(`${PREFIX}a/aa`)).toEqual(['a/b', 'b/z']);
});
