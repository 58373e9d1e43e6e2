// The protobuf wire format, read: a message is a row of numbered parts. What a part means is up to the message's type.
import { illegalWireType, ProtobufFault, ProtobufReader } from './protobuf-reader.ts';

export interface ProtobufPart {
  readonly number: number;
  /** Of strings, bytes and messages; empty for numbers. */
  readonly bytes: Uint8Array;
  /** Of integers and booleans; throws ProtobufFault for other parts and beyond 2^53. */
  integer(): number;
  double(): number;
}

const NO_BYTES = new Uint8Array();

/** The parts in their order; throws ProtobufFault where the bytes end too early. */
export function* protobufParts(bytes: Uint8Array): Generator<ProtobufPart> {
  const reader = new ProtobufReader(bytes);
  while (!reader.done()) {
    const tag = reader.length();
    const number = Math.floor(tag / 8);
    switch (tag % 8) {
      case 0: {
        const value = reader.integer();
        yield { number, bytes: NO_BYTES, integer: () => safe(value), double: () => value };
        break;
      }
      case 1: {
        const eight = reader.take(8);
        const view = new DataView(eight.buffer, eight.byteOffset, 8);
        yield {
          number,
          bytes: NO_BYTES,
          integer: () => safe(Number(view.getBigInt64(0, true))),
          double: () => view.getFloat64(0, true),
        };
        break;
      }
      case 2: {
        const value = reader.take(reader.length());
        yield { number, bytes: value, integer: notANumber, double: notANumber };
        break;
      }
      case 5: {
        const four = reader.take(4);
        const view = new DataView(four.buffer, four.byteOffset, 4);
        yield {
          number,
          bytes: NO_BYTES,
          integer: () => view.getInt32(0, true),
          double: () => view.getFloat32(0, true),
        };
        break;
      }
      default:
        throw illegalWireType(tag);
    }
  }
}

function safe(value: number): number {
  if (!Number.isSafeInteger(value)) throw new ProtobufFault('integer out of range');
  return value;
}

function notANumber(): never {
  throw new ProtobufFault('proto: wrong wireType for a number');
}
