// The parts that several controllers share.
import { describe, expect, test } from 'vitest';
import { configMaps } from '../api/resources.ts';
import { selectorFromObject } from '../api/meta/label-selector.ts';
import type { ConfigMap, Pod } from '../api/schema/generated/core.v1.gen.ts';
import { IndexedStore, keyOf } from '../client/object-store.ts';
import { VirtualClock } from '../clock/virtual-clock.ts';
import { claim } from './owners.ts';
import { OwnWrites } from './own-writes.ts';
import { PodLedger } from './pod-ledger.ts';
import { parseSelection } from './selection.ts';
import { canonicalText, semanticallyEqual } from './semantic-equality.ts';
import { slowStart } from './slow-start.ts';
import { ago, meta, pod, replicaSet } from './testing/objects.ts';

describe('claims', () => {
  const owner = replicaSet('rs');
  const labelled = (name: string, labels: Record<string, string>, more: object = {}) =>
    pod(name, { meta: { labels }, ...more });
  const mine = { app: 'web' };
  const pods = [
    { ...labelled('kept', mine, { owner }), metadata: { ...pod('kept', { owner }).metadata, labels: mine } },
    pod('let-go', { owner }),
    labelled('orphan', mine),
    labelled('dying-orphan', mine, { terminating: true }),
    labelled('foreign', { app: 'other' }),
    { ...pod('of-other', { owner: replicaSet('other') }) },
  ];
  const names = (list: readonly Pod[]) => list.map(({ metadata }) => metadata.name);
  const show = (by: typeof owner) => {
    const { owned, adopt, release } = claim(by, selectorFromObject(by.spec.selector), pods);
    return { owned: names(owned), adopt: names(adopt), release: names(release) };
  };
  test('keep what is owned and matches, adopt orphans that match, let go what matches no longer', () => {
    expect(show(owner)).toEqual({ owned: ['kept'], adopt: ['orphan'], release: ['let-go'] });
  });
  test('of an owner that is being deleted change nothing', () => {
    const dying = replicaSet('rs');
    dying.metadata.deletionTimestamp = ago(0);
    expect(show(dying)).toEqual({ owned: ['kept'], adopt: [], release: [] });
  });
});

describe('the ledger of pods', () => {
  const owner = replicaSet('rs');
  const uid = owner.metadata.uid;
  function setup() {
    const clock = new VirtualClock();
    const shown = new Map<string, Pod>();
    const ledger = new PodLedger(clock, (key) => shown.get(key));
    const names = () =>
      ledger
        .view(uid, [...shown.values()])
        .map(({ metadata }) => `${metadata.name}${metadata.deletionTimestamp === undefined ? '' : ' going'}`);
    const show = (one: Pod) => {
      shown.set(keyOf(one), one);
      ledger.seen(uid, one);
    };
    return { clock, shown, ledger, names, show };
  }
  test('counts a pod that was made until the informer shows it, and once only', () => {
    const { ledger, names, show } = setup();
    ledger.made(uid, pod('a', { owner }));
    expect(names()).toEqual(['a']);
    show(pod('a', { owner }));
    expect(names()).toEqual(['a']);
  });
  test('counts a pod that was deleted as going until the informer shows that', () => {
    const { ledger, names, show, shown } = setup();
    show(pod('a', { owner }));
    ledger.deleted(pod('a', { owner }));
    expect(names()).toEqual(['a going']);
    shown.clear();
    ledger.gone(uid, pod('a', { owner }));
    expect(names()).toEqual([]);
  });
  test('forgets after five minutes what never showed', async () => {
    const { clock, ledger, names } = setup();
    ledger.made(uid, pod('a', { owner }));
    await clock.advance(300_001);
    expect(names()).toEqual([]);
  });
  test('forgets deletions of pods that never showed', async () => {
    const { clock, ledger } = setup();
    const made = pod('a', { owner });
    ledger.made(uid, made);
    ledger.deleted(made);
    expect(ledger.size).toBe(2);
    await clock.advance(300_001);
    ledger.view(uid, []);
    const other = pod('b', { owner });
    ledger.made(uid, other);
    ledger.deleted(other);
    expect(ledger.size).toBe(2);
  });
  test('does not remember what the informer showed before the answer came', () => {
    const { ledger, names, show, shown } = setup();
    show(pod('a', { owner }));
    ledger.made(uid, pod('a', { owner }));
    shown.clear();
    ledger.gone(uid, pod('a', { owner }));
    expect(names()).toEqual([]);
  });
});

describe('own writes', () => {
  const map = (name: string, revision: string): ConfigMap => ({
    apiVersion: 'v1',
    kind: configMaps.kind,
    metadata: meta(name, { resourceVersion: revision }),
  });
  const show = (list: readonly ConfigMap[]) =>
    list.map(({ metadata }) => `${metadata.name}@${metadata.resourceVersion}`);
  function setup(...stored: ConfigMap[]) {
    const store = new IndexedStore<ConfigMap>();
    for (const one of stored) store.put(keyOf(one), one);
    return { store, own: new OwnWrites(store) };
  }
  test('are newer than what the informer shows, until it catches up', () => {
    const { store, own } = setup(map('a', '9'));
    own.wrote(map('a', '10'));
    own.wrote(map('b', '11'));
    expect(show(own.merge(store.list(), () => true))).toEqual(['a@10', 'b@11']);
    expect(own.latest('ns/a')?.metadata.resourceVersion).toBe('10');
    store.put('ns/a', map('a', '12'));
    own.seen(map('a', '12'));
    expect(show(own.merge(store.list(), () => true))).toEqual(['a@12', 'b@11']);
  });
  test('of what the informer has seen come and go are forgotten, however late their answer is', () => {
    const { store, own } = setup();
    own.gone(map('a', '9'));
    own.wrote(map('a', '8'));
    expect(own.merge(store.list(), () => true)).toEqual([]);
    const another = { ...map('a', '10'), metadata: { ...map('a', '10').metadata, uid: 'another' } };
    own.wrote(another);
    expect(show(own.merge(store.list(), () => true))).toEqual(['a@10']);
  });
  test('that deleted something hide it', () => {
    const { store, own } = setup(map('a', '9'));
    own.deleted(map('a', '9'));
    expect(own.merge(store.list(), () => true)).toEqual([]);
  });
});

test.each([
  { text: '*', on: ['a', 'b'] },
  { text: '*,-a', on: ['b'] },
  { text: 'a', on: ['a'] },
  { text: 'short', on: ['b'] },
  { text: '-a, *', on: ['b'] },
  { text: '', on: [] },
  { text: 'x,-y', on: [], unknown: ['x', '-y'] },
])('the selection "$text"', ({ text, on, unknown = [] }) => {
  const known = [
    { name: 'a', aliases: [] },
    { name: 'b', aliases: ['short'] },
  ];
  const selection = parseSelection(text, known);
  expect([known.map(({ name }) => name).filter((name) => selection.isEnabled(name)), selection.unknown]).toEqual([
    on,
    unknown,
  ]);
});

test.each([
  { a: { x: undefined, y: [] }, b: {}, same: true },
  { a: { x: 1, y: 2 }, b: { y: 2, x: 1 }, same: true },
  { a: { x: null }, b: {}, same: true },
  { a: { x: {} }, b: {}, same: false },
  { a: { x: 0 }, b: {}, same: false },
  { a: [1, 2], b: [2, 1], same: false },
  { a: { x: [{ y: 1 }] }, b: { x: [{ y: 1, z: [] }] }, same: true },
])('$a and $b are semantically equal: $same', ({ a, b, same }) => {
  expect([semanticallyEqual(a, b), semanticallyEqual(b, a), canonicalText(a) === canonicalText(b)]).toEqual([
    same,
    same,
    same,
  ]);
});

test('slow start doubles its batches and stops at the first that fails', async () => {
  const batches: number[] = [];
  let running = 0;
  let calls = 0;
  const work = (failAt: number) => async () => {
    running++;
    const call = ++calls;
    await Promise.resolve();
    if (running > 0) batches.push(running);
    running = 0;
    if (call === failAt) throw new Error('quota');
  };
  expect(await slowStart(10, work(-1))).toEqual({ succeeded: 10, error: undefined });
  expect(batches).toEqual([1, 2, 4, 3]);
  calls = 0;
  const refused = await slowStart(1000, work(2));
  expect([refused.succeeded, calls, refused.error?.message]).toEqual([2, 3, 'quota']);
});
