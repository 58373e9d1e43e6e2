import fc from 'fast-check';
import { expect, test } from 'vitest';
import { protobufParts } from '../../api/schema/decode-protobuf-parts.ts';
import { ProtobufWriter } from './protobuf-writer.ts';

const body = (writer: ProtobufWriter) => {
  const message = writer.finish();
  expect(message.readUInt8(0)).toBe(0);
  expect(message.readUInt32BE(1)).toBe(message.length - 5);
  return message.subarray(5);
};

test('numbers and bytes are read back, however little room there was at first', () => {
  fc.assert(
    fc.property(
      fc.maxSafeNat(),
      fc.uint8Array({ maxLength: 300 }),
      fc.nat({ max: 64 }),
      fc.integer({ min: 1, max: 2000 }),
      (number, bytes, capacity, field) => {
        const writer = new ProtobufWriter(capacity);
        writer.bytes(field + 1, bytes);
        writer.number(field, number);
        const [first, second] = protobufParts(body(writer));
        expect([first?.number, first?.integer()]).toEqual([field, number]);
        expect([second?.number, Buffer.from(second?.bytes ?? [])]).toEqual([field + 1, Buffer.from(bytes)]);
      },
    ),
  );
});

test('a message in a message has its own length', () => {
  const writer = new ProtobufWriter(0);
  writer.message(2, () => {
    writer.number(2, 7);
    writer.message(1, () => writer.bytes(3, Buffer.alloc(200, 1)));
  });
  writer.number(1, 1);
  const [one, two, ...more] = protobufParts(body(writer));
  expect([one?.integer(), two?.number, more]).toEqual([1, 2, []]);
  const [inner, seven] = protobufParts(two?.bytes ?? new Uint8Array());
  expect(seven?.integer()).toBe(7);
  expect([...protobufParts(inner?.bytes ?? new Uint8Array())].map(({ bytes }) => bytes.length)).toEqual([200]);
});

test.each([0n, 1n, 2n ** 53n + 1n, 2n ** 63n - 1n, -1n])('%s keeps all of its 64 bits', (value) => {
  const writer = new ProtobufWriter(0);
  writer.wide(1, value);
  const bytes = body(writer).subarray(1);
  let read = 0n;
  for (const byte of bytes.toReversed()) read = (read << 7n) | BigInt(byte & 0x7f);
  expect(BigInt.asIntN(64, read)).toBe(value);
});
