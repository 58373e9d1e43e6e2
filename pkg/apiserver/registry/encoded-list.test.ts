import { describe, expect, test } from 'vitest';
import { CachedObject } from '../watchcache/cached-object.ts';
import { EncodedList } from './encoded-list.ts';

const META = { uid: 'u', creationTimestamp: '2026-01-01T00:00:00Z' };
const object = (name: string, text: string) => {
  const value = {
    kind: 'ConfigMap',
    apiVersion: 'v1',
    metadata: { ...META, name, resourceVersion: '7' },
    data: { text },
  };
  return CachedObject.unstored(value, 7);
};
const list = (...texts: string[]) =>
  new EncodedList(
    { kind: 'ConfigMapList', apiVersion: 'v1', metadata: { resourceVersion: '7' } },
    texts.map((text, i) => object(`m${i}`, text)),
  );
const wanted = (...texts: string[]) => ({
  kind: 'ConfigMapList',
  apiVersion: 'v1',
  metadata: { resourceVersion: '7' },
  items: texts.map((text, i) => ({ metadata: { ...META, resourceVersion: '7', name: `m${i}` }, data: { text } })),
});

describe('in pieces and at once a list is the same', () => {
  test.each([
    { name: 'of nothing', texts: [], pieces: 1 },
    { name: 'of one', texts: ['a'], pieces: 1 },
    { name: 'of several', texts: ['a', '\u00fc', 'c'], pieces: 1 },
    { name: 'of many', texts: Array.from({ length: 300 }, (_, i) => 'x'.repeat(i * 9)), pieces: 4 },
    { name: 'of some that are larger than a piece', texts: ['x'.repeat(200_000), 'y', 'z'.repeat(300_000)], pieces: 5 },
  ])('$name', ({ texts, pieces }) => {
    const encoded = list(...texts);
    const sent = [...encoded.pieces()].length;
    let text = '';
    for (const piece of encoded.pieces()) text += Buffer.from(piece).toString('latin1');
    const whole = encoded.bytes;
    expect(text === whole.toString('latin1')).toBe(true);
    expect([encoded.length, sent]).toEqual([whole.length, pieces]);
    expect(JSON.parse(whole.toString())).toEqual(wanted(...texts));
    expect(encoded.long === undefined).toBe(whole.length <= 128 * 1024);
  });
});
