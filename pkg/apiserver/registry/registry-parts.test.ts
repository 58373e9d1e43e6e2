// The small pure parts of the registry: tokens of pages, copies, address ranges, names.
import { expect, test } from 'vitest';
import { ApiError } from '../../api/meta/status.ts';
import { AddressRange } from './address-range.ts';
import { decodeContinue, encodeContinue } from './continue-token.ts';
import { copyJson, sameJson } from './copy-json.ts';
import { generatedName, newUid } from './identity.ts';
import { dryRunFaults, managerOf, writeOptions } from './write-options.ts';

test('a continue token says again what was put into it', () => {
  const token = { revision: 17, after: 'ns/name' };
  expect(decodeContinue(encodeContinue(token))).toEqual(token);
});

const sealed = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

test.each([
  ['not base64', '!!!'],
  ['not JSON', 'aGVsbG8'],
  ['of another version', sealed({ v: 'x', rv: 5, start: 'a' })],
  ['without a revision', sealed({ v: 'meta.k8s.io/v1', rv: 0, start: 'a' })],
  ['without a start', sealed({ v: 'meta.k8s.io/v1', rv: 5, start: '' })],
  ['that leaves its prefix', sealed({ v: 'meta.k8s.io/v1', rv: 5, start: '../secrets/x' })],
])('a continue token %s is refused', (_, token) => {
  expect(() => decodeContinue(token)).toThrow(ApiError);
});

test('a copy is equal and shares nothing', () => {
  const value = { a: [{ b: 1 }], c: null, d: 'x' };
  const copy = copyJson(value);
  expect(copy).toEqual(value);
  expect(copy.a[0]).not.toBe(value.a[0]);
  const dangerous = JSON.parse('{"__proto__":{"polluted":true}}') as object;
  expect(Object.keys(copyJson(dangerous))).toEqual(['__proto__']);
  expect(Reflect.get({}, 'polluted')).toBeUndefined();
});

test.each([
  { a: { x: 1 }, b: { x: 1, y: undefined }, same: true },
  { a: { x: 1, y: 2 }, b: { y: 2, x: 1 }, same: true },
  { a: { x: 1 }, b: { x: 1, y: null }, same: false },
  { a: [1, 2], b: [2, 1], same: false },
  { a: [], b: {}, same: false },
  { a: { time: 1, x: { time: 2 } }, b: { time: 3, x: { time: 4 } }, same: true },
  { a: { time: 1, x: 1 }, b: { x: 2 }, same: false },
])('$a and $b are the same but for time: $same', ({ a, b, same }) => {
  expect(sameJson(a, b, new Set(['time']))).toBe(same);
});

test('an address range gives each address once until it is given back', () => {
  const range = new AddressRange('10.0.0.0/29');
  const any = () =>
    range.takeAny(
      () => 0.5,
      () => true,
    );
  const given = Array.from({ length: 6 }, any);
  expect(new Set(given).size).toBe(6);
  expect(given.every((address) => range.contains(address ?? ''))).toBe(true);
  expect(any()).toBeUndefined();
  range.release('10.0.0.3');
  expect(any()).toBe('10.0.0.3');
});

test.each([
  ['10.96.0.0', false],
  ['10.96.0.1', true],
  ['10.111.255.254', true],
  ['10.111.255.255', false],
  ['10.112.0.1', false],
  ['abc', false],
])('10.96.0.0/12 can give %s: %s', (address, want) => {
  expect(new AddressRange('10.96.0.0/12').contains(address)).toBe(want);
});

test.each(['10.0.0.0', '10.0.0.0/33', 'fd00::/108', '10.0.0.0/31', 'x/24'])('%s is no range for Services', (cidr) => {
  expect(() => new AddressRange(cidr)).toThrow(/no range for Services/);
});

test('generated names fit into a label, whatever their base', () => {
  expect(generatedName('a'.repeat(80), () => 0)).toBe(`${'a'.repeat(58)}bbbbb`);
  expect(newUid(() => 0.999_999_999)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test.each([
  { agent: 'kubectl/v1.35.0 (linux/amd64)', manager: 'kubectl' },
  { agent: 'curl', manager: 'curl' },
  { agent: undefined, manager: 'unknown' },
])('the manager of a request by $agent is $manager', ({ agent, manager }) => {
  expect(managerOf(writeOptions(new URLSearchParams(), 'CreateOptions'), agent)).toBe(manager);
});

test.each([
  ['an unknown dry run', 'dryRun=Foo', 'dryRun: Unsupported value: []string{"Foo"}: supported values: "All"'],
  [
    'an unknown field validation',
    'fieldValidation=Foo',
    'fieldValidation: Unsupported value: "Foo": supported values: "", "Ignore", "Strict", "Warn"',
  ],
  ['a long manager', `fieldManager=${'x'.repeat(129)}`, 'fieldManager: Too long: may not be more than 128 bytes'],
])('%s is refused', (_, query, why) => {
  expect(() => writeOptions(new URLSearchParams(query), 'CreateOptions')).toThrow(why);
});

test('an apply must name its manager', () => {
  expect(() => writeOptions(new URLSearchParams(), 'PatchOptions', true)).toThrow(
    'fieldManager: Required value: is required for apply patch',
  );
  expect(dryRunFaults(['All'])).toEqual([]);
});
