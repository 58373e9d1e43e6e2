// SPDY/3.1 frames, as far as Kubernetes' clients send them, cut out of and put into bytes. Pure.

export type Frame =
  | { readonly type: 'data'; readonly stream: number; readonly last: boolean; readonly data: Buffer }
  | { readonly type: 'syn-stream'; readonly stream: number; readonly last: boolean; readonly block: Buffer }
  | { readonly type: 'rst-stream'; readonly stream: number }
  | { readonly type: 'ping'; readonly id: number }
  | { readonly type: 'goaway' }
  /** Settings, windows and what else needs no answer. */
  | { readonly type: 'other' };

const VERSION = 3;
const CONTROL = 0x8000;
const HEADER_BYTES = 8;
const FIN = 1;
const MOST_FRAME_BYTES = 1 << 22;

const SYN_STREAM = 1;
const SYN_REPLY = 2;
const RST_STREAM = 3;
const PING = 6;
const GOAWAY = 7;

/** The frames in `bytes`, and what is left of a frame that has not come whole. Throws for what cannot be SPDY/3.1. */
export function cutFrames(bytes: Buffer): { frames: Frame[]; rest: Buffer } {
  const frames: Frame[] = [];
  let at = 0;
  while (bytes.length - at >= HEADER_BYTES) {
    const word = bytes.readUInt32BE(at + 4);
    const flags = word >>> 24;
    const length = word & 0xffffff;
    if (length > MOST_FRAME_BYTES) throw new Error('SPDY: a frame is too long');
    if (bytes.length - at < HEADER_BYTES + length) break;
    const head = bytes.readUInt32BE(at);
    const body = bytes.subarray(at + HEADER_BYTES, at + HEADER_BYTES + length);
    frames.push(head >>> 31 === 1 ? controlFrame(head, flags, body) : dataFrame(head, flags, body));
    at += HEADER_BYTES + length;
  }
  return { frames, rest: bytes.subarray(at) };
}

function dataFrame(stream: number, flags: number, data: Buffer): Frame {
  return { type: 'data', stream, last: (flags & FIN) !== 0, data };
}

function controlFrame(head: number, flags: number, body: Buffer): Frame {
  if (((head >>> 16) & 0x7fff) !== VERSION) throw new Error('SPDY: a frame of another version');
  switch (head & 0xffff) {
    case SYN_STREAM:
      if (body.length < 10) throw new Error('SPDY: a stream begins with too little');
      return {
        type: 'syn-stream',
        stream: body.readUInt32BE(0) & 0x7fffffff,
        last: (flags & FIN) !== 0,
        block: body.subarray(10),
      };
    case RST_STREAM:
      return { type: 'rst-stream', stream: body.readUInt32BE(0) & 0x7fffffff };
    case PING:
      return { type: 'ping', id: body.readUInt32BE(0) };
    case GOAWAY:
      return { type: 'goaway' };
    default:
      return { type: 'other' };
  }
}

export function dataBytes(stream: number, data: Uint8Array, last: boolean): Buffer {
  const head = Buffer.alloc(HEADER_BYTES);
  head.writeUInt32BE(stream, 0);
  head.writeUInt32BE((((last ? FIN : 0) << 24) | data.length) >>> 0, 4);
  return Buffer.concat([head, data]);
}

export function replyBytes(stream: number, block: Uint8Array): Buffer {
  return control(SYN_REPLY, Buffer.concat([number(stream), block]));
}

export function pingBytes(id: number): Buffer {
  return control(PING, number(id));
}

/** 5: CANCEL. */
export function resetBytes(stream: number): Buffer {
  return control(RST_STREAM, Buffer.concat([number(stream), number(5)]));
}

function control(type: number, body: Buffer): Buffer {
  const head = Buffer.alloc(HEADER_BYTES);
  head.writeUInt16BE(CONTROL | VERSION, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt32BE(body.length, 4);
  return Buffer.concat([head, body]);
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
