// Frames of HTTP/2 (RFC 9113, section 4): put together for sending, taken apart as they arrive.

export const FRAME = {
  data: 0,
  headers: 1,
  resetStream: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export const FLAG = { endStream: 1, ack: 1, endHeaders: 4, padded: 8, priority: 32 } as const;

export const SETTING = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
} as const;

export const ERROR_CODE = {
  none: 0,
  protocol: 1,
  flowControl: 3,
  refusedStream: 7,
  cancel: 8,
  enhanceYourCalm: 11,
} as const;

export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');
export const HEADER_LENGTH = 9;
/** Of what peers may send, unless they are told otherwise. */
export const DEFAULT_FRAME_SIZE = 16_384;
export const DEFAULT_WINDOW = 65_535;
export const LARGEST_WINDOW = 2 ** 31 - 1;

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

/** The peer does not speak HTTP/2 as it should. */
export class Http2Fault extends Error {
  override readonly name = 'Http2Fault';
}

/** Writes a frame's header into `into` at `at`. */
export function putHeader(
  into: Buffer,
  at: number,
  { length, type, flags, stream }: { length: number; type: number; flags: number; stream: number },
): void {
  into.writeUIntBE(length, at, 3);
  into[at + 3] = type;
  into[at + 4] = flags;
  into.writeUInt32BE(stream, at + 5);
}

export function frame(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER_LENGTH + payload.length);
  putHeader(bytes, 0, { length: payload.length, type, flags, stream });
  bytes.set(payload, HEADER_LENGTH);
  return bytes;
}

export function settingsFrame(settings: readonly (readonly [id: number, value: number])[]): Buffer {
  const payload = Buffer.alloc(settings.length * 6);
  for (const [index, [id, value]] of settings.entries()) {
    payload.writeUInt16BE(id, index * 6);
    payload.writeUInt32BE(value, index * 6 + 2);
  }
  return frame(FRAME.settings, 0, 0, payload);
}

/** Frames whose payload is one number: window updates and resets. */
export function numberFrame(type: number, stream: number, value: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(value);
  return frame(type, 0, stream, payload);
}

/** The pairs of a SETTINGS frame. */
export function* settingsOf({ payload }: Frame): Generator<readonly [id: number, value: number]> {
  if (payload.length % 6 !== 0) throw new Http2Fault('a SETTINGS frame has a wrong length');
  for (let at = 0; at < payload.length; at += 6) yield [payload.readUInt16BE(at), payload.readUInt32BE(at + 2)];
}

/** The number at `at` of a payload, without its reserved highest bit. */
export function numberAt({ payload }: Frame, at: number): number {
  if (payload.length < at + 4) throw new Http2Fault('a frame is too short');
  return payload.readUInt32BE(at) % 2 ** 31;
}

/** The payload without padding and, of HEADERS, without the priority. */
export function content({ type, flags, payload }: Frame): Buffer {
  let start = 0;
  let end = payload.length;
  if ((flags & FLAG.padded) !== 0) {
    end -= payload[0] ?? 0;
    start = 1;
  }
  if (type === FRAME.headers && (flags & FLAG.priority) !== 0) start += 5;
  if (start > end) throw new Http2Fault('a frame is nothing but padding');
  return start === 0 && end === payload.length ? payload : payload.subarray(start, end);
}

/** Cuts what arrives into frames. Payloads are parts of what was given, not copies. */
export class FrameReader {
  #rest: Buffer | undefined;

  /** Calls `each` for every frame that is whole by now; throws Http2Fault for frames that are larger than allowed. */
  push(chunk: Buffer, each: (frame: Frame) => void): void {
    const bytes = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#rest = undefined;
    let at = 0;
    while (bytes.length - at >= HEADER_LENGTH) {
      const length = bytes.readUIntBE(at, 3);
      if (length > DEFAULT_FRAME_SIZE) throw new Http2Fault(`a frame of ${length} bytes is larger than allowed`);
      const end = at + HEADER_LENGTH + length;
      if (end > bytes.length) break;
      const type = bytes.readUInt8(at + 3);
      const flags = bytes.readUInt8(at + 4);
      const stream = bytes.readUInt32BE(at + 5) % 2 ** 31;
      const payload = bytes.subarray(at + HEADER_LENGTH, end);
      at = end;
      each({ type, flags, stream, payload });
    }
    if (at < bytes.length) this.#rest = bytes.subarray(at);
  }
}
