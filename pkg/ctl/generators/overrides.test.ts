import { describe, expect, test } from 'vitest';
import { overriddenPod } from './overrides.ts';

const pod = { kind: 'Pod', spec: { containers: [{ name: 'a', image: 'x' }] } };

describe('overrides of a generated pod', () => {
  test.each([
    {
      type: 'merge',
      overrides: '{"spec":{"containers":[{"name":"a","tty":true}]}}',
      containers: [{ name: 'a', tty: true }],
    },
    {
      type: 'strategic',
      overrides: '{"spec":{"containers":[{"name":"a","tty":true}]}}',
      containers: [{ name: 'a', image: 'x', tty: true }],
    },
    {
      type: 'json',
      overrides: '[{"op":"add","path":"/spec/containers/0/tty","value":true}]',
      containers: [{ name: 'a', image: 'x', tty: true }],
    },
  ])('as a $type patch', ({ type, overrides, containers }) => {
    expect(overriddenPod(pod, overrides, type)).toEqual({ kind: 'Pod', spec: { containers } });
  });

  test.each([
    { type: 'other', overrides: '{}', fault: 'invalid override type: other' },
    { type: 'merge', overrides: '{', fault: 'Invalid JSON Patch' },
    { type: 'json', overrides: '{}', fault: 'json: cannot unmarshal object into Go value of type jsonpatch.Patch' },
    {
      type: 'json',
      overrides: '[{"op":"remove","path":"/nope"}]',
      fault: "error in remove for path: '/nope': Unable to remove nonexistent key: nope: missing value",
    },
  ])('are refused: $fault', ({ type, overrides, fault }) => {
    expect(() => overriddenPod(pod, overrides, type)).toThrow(fault);
  });
});
