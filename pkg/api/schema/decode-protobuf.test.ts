import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isApiError } from '../meta/status.ts';
import { decodeProtobuf } from './decode-protobuf.ts';
import { protobufParts } from './decode-protobuf-parts.ts';
import { schemaOf } from './object-schema.ts';
import { ProtobufFault } from './protobuf-reader.ts';

const MAGIC = Buffer.from('k8s\0');

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  return Buffer.from([...bytes, Number(rest)]);
}

const number = (field: number, value: number): Buffer => Buffer.concat([varint(field * 8), varint(value)]);
const bytes = (field: number, ...content: (Buffer | string)[]): Buffer => {
  const inner = Buffer.concat(content.map((part) => Buffer.from(part)));
  return Buffer.concat([varint(field * 8 + 2), varint(inner.length), inner]);
};
const envelope = (apiVersion: string, kind: string, ...message: Buffer[]): Buffer =>
  Buffer.concat([MAGIC, bytes(1, bytes(1, apiVersion), bytes(2, kind)), bytes(2, ...message), bytes(3), bytes(4)]);

function decode(type: string, kind: string, ...message: Buffer[]): unknown {
  const options = {
    schema: schemaOf(type),
    groupVersionKind: { group: '', version: 'v1', kind },
    fieldValidation: 'Strict',
  } as const;
  return decodeProtobuf(envelope('v1', kind, ...message), options).object;
}

const pod = (...spec: Buffer[]): unknown =>
  Reflect.get(Object(decode('core.v1.Pod', 'Pod', bytes(2, ...spec))), 'spec');

describe('a message becomes what JSON would have been', () => {
  test('texts, maps, times and numbers', () => {
    const metadata = bytes(
      1,
      bytes(1, 'a'),
      number(7, 3),
      bytes(8, number(1, 1577836800)),
      bytes(11, bytes(1, 'k'), bytes(2, 'v')),
      bytes(14, 'x/f'),
    );
    expect(
      decode('core.v1.ConfigMap', 'ConfigMap', metadata, number(4, 1), bytes(2, bytes(1, 'd'), bytes(2, '1'))),
    ).toEqual({
      kind: 'ConfigMap',
      apiVersion: 'v1',
      metadata: {
        name: 'a',
        generation: 3,
        creationTimestamp: '2020-01-01T00:00:00Z',
        labels: { k: 'v' },
        finalizers: ['x/f'],
      },
      immutable: true,
      data: { d: '1' },
    });
  });

  test('bytes are base64', () => {
    expect(
      decode('core.v1.Secret', 'Secret', bytes(2, bytes(1, 'k'), bytes(2, Buffer.from([1, 2, 255])))),
    ).toMatchObject({ data: { k: 'AQL/' } });
  });

  test('messages that JSON shows in place: a volume and its source, a key selector and its reference', () => {
    expect(pod(bytes(1, bytes(1, 'v'), bytes(2, bytes(2))))).toEqual({
      volumes: [{ name: 'v', emptyDir: {} }],
      containers: undefined,
    });
    const env = bytes(7, bytes(1, 'E'), bytes(3, bytes(4, bytes(1, bytes(1, 's')), bytes(2, 'k'))));
    expect(pod(bytes(2, bytes(1, 'c'), env))).toMatchObject({
      containers: [{ name: 'c', env: [{ name: 'E', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }] }],
    });
  });

  test('quantities, numbers or texts, negative numbers', () => {
    const resources = bytes(8, bytes(1, bytes(1, 'memory'), bytes(2, bytes(1, '2048Mi'))));
    const probe = (type: number, port: Buffer): Buffer =>
      bytes(10, bytes(1, bytes(2, bytes(2, number(1, type), port))));
    expect(pod(bytes(2, bytes(1, 'c'), resources, probe(0, number(2, 80))), number(25, -5))).toMatchObject({
      priority: -5,
      containers: [{ resources: { limits: { memory: '2Gi' } }, livenessProbe: { httpGet: { port: 80 } } }],
    });
    expect(pod(bytes(2, probe(1, bytes(3, 'web'))))).toMatchObject({
      containers: [{ livenessProbe: { httpGet: { port: 'web' } } }],
    });
  });

  test('a time that is not set is no field, and unknown numbers are passed over', () => {
    expect(decode('core.v1.ConfigMap', 'ConfigMap', bytes(1, bytes(8), bytes(99, 'x'), number(98, 1)))).toEqual({
      kind: 'ConfigMap',
      apiVersion: 'v1',
      metadata: {},
    });
  });

  test('fieldsV1 is JSON inside', () => {
    const entry = bytes(17, bytes(1, 'm'), bytes(6, 'FieldsV1'), bytes(7, bytes(1, '{"f:data":{}}')));
    expect(decode('core.v1.ConfigMap', 'ConfigMap', bytes(1, entry))).toMatchObject({
      metadata: { managedFields: [{ manager: 'm', fieldsType: 'FieldsV1', fieldsV1: { 'f:data': {} } }] },
    });
  });
});

describe('what cannot be read is refused with 400', () => {
  const options = {
    schema: schemaOf('core.v1.Pod'),
    groupVersionKind: { group: '', version: 'v1', kind: 'Pod' },
    fieldValidation: 'Strict',
  } as const;

  test.each([
    { what: 'no envelope', body: Buffer.from('{}'), want: 'does not appear to be a protobuf message' },
    { what: 'half of a message', body: Buffer.concat([MAGIC, Buffer.from([0x12, 0x50, 1])]), want: 'unexpected EOF' },
    { what: 'another kind', body: envelope('v1', 'Secret'), want: 'Secret in version "v1" cannot be handled as a Pod' },
  ])('$what', ({ body, want }) => {
    try {
      decodeProtobuf(body, options);
      expect.unreachable();
    } catch (error) {
      expect(isApiError(error, 'BadRequest') && error.message).toContain(want);
    }
  });

  test('whatever the bytes, the answer is an object or a fault', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (noise) => {
        try {
          decodeProtobuf(envelope('v1', 'Pod', Buffer.from(noise)), options);
        } catch (error) {
          expect(isApiError(error, 'BadRequest')).toBe(true);
        }
      }),
    );
  });
});

test('integers are read as they were written, in as many bytes as it takes', () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), fc.integer({ min: 1, max: 1000 }), (value, field) => {
      const [part] = protobufParts(number(field, value));
      expect([part?.number, part?.integer()]).toEqual([field, value]);
    }),
  );
  expect(() => [...protobufParts(Buffer.alloc(12, 0xff))]).toThrow(ProtobufFault);
});
