import { describe, expect, test } from 'vitest';
import { CidrError, CidrSet } from './cidr-set.ts';

describe('a range of addresses', () => {
  test('is given out block by block, until there is none', () => {
    const set = new CidrSet('10.244.0.0/22', 24);
    expect([set.take(), set.take(), set.take(), set.take(), set.take()]).toEqual([
      '10.244.0.0/24',
      '10.244.1.0/24',
      '10.244.2.0/24',
      '10.244.3.0/24',
      undefined,
    ]);
  });
  test('lets a block that was given back rest as long as others are free', () => {
    const set = new CidrSet('10.244.0.0/22', 24);
    const first = set.take() ?? '';
    set.release(first);
    expect([set.take(), set.take(), set.take(), set.take()]).toEqual([
      '10.244.1.0/24',
      '10.244.2.0/24',
      '10.244.3.0/24',
      '10.244.0.0/24',
    ]);
  });
  test.each([
    { name: 'a block', taken: ['10.244.0.0/24'], want: '10.244.1.0/24' },
    { name: 'a part of a block', taken: ['10.244.0.128/25'], want: '10.244.1.0/24' },
    { name: 'several blocks at once', taken: ['10.244.0.0/23'], want: '10.244.2.0/24' },
    { name: 'a range around all of it', taken: ['10.0.0.0/8'], want: undefined },
    { name: 'a range elsewhere', taken: ['10.96.0.0/16'], want: '10.244.0.0/24' },
  ])('keeps clear of $name that is taken', ({ taken, want }) => {
    const set = new CidrSet('10.244.0.0/22', 24);
    for (const cidr of taken) set.occupy(cidr);
    expect(set.take()).toBe(want);
  });
  test('frees what two had taken only when both have gone', () => {
    const set = new CidrSet('10.244.0.0/24', 24);
    set.occupy('10.244.0.0/24');
    set.occupy('10.244.0.0/24');
    set.release('10.244.0.0/24');
    expect(set.take()).toBeUndefined();
    set.release('10.244.0.0/24');
    expect(set.take()).toBe('10.244.0.0/24');
  });
  test('counts addresses beyond 2^31', () => {
    expect(new CidrSet('192.168.0.0/16', 30).take()).toBe('192.168.0.0/30');
  });
});

test.each([
  ['10.244.0.0/24', 16],
  ['10.0.0.0/8', 28],
  ['10.244.0.0/16', 31],
])('%s cannot be divided into blocks of mask size %i', (range, mask) => {
  expect(() => new CidrSet(range, mask)).toThrow(CidrError);
});

test.each(['', '10.244.0.0', '10.244.0.256/24', '10.244.0.0/33', 'fd00::/64', 'a.b.c.d/8'])(
  '%j is no range',
  (text) => {
    expect(() => new CidrSet(text, 24)).toThrow(CidrError);
  },
);
