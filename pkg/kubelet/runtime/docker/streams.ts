// The engine's framing of output without a terminal: 8 bytes (stream, 0, 0, 0, length) before each piece.
import { RuntimeError, type LogChunk } from '../runtime.ts';

const HEADER_BYTES = 8;

/** Splits framed bytes into pieces as they come; a frame cut over several reads is handed on piece by piece. */
export async function* unframe(source: AsyncIterable<Buffer>): AsyncGenerator<LogChunk> {
  let header = Buffer.alloc(0);
  let stream: LogChunk['stream'] = 'stdout';
  let remaining = 0;
  for await (const read of source) {
    let bytes = read;
    while (bytes.length > 0) {
      if (remaining > 0) {
        const piece = bytes.subarray(0, remaining);
        yield { stream, data: piece };
        remaining -= piece.length;
        bytes = bytes.subarray(piece.length);
        continue;
      }
      const missing = HEADER_BYTES - header.length;
      header = Buffer.concat([header, bytes.subarray(0, missing)]);
      bytes = bytes.subarray(missing);
      if (header.length < HEADER_BYTES) break;
      const kind = header[0];
      if (kind !== 1 && kind !== 2 && kind !== 0)
        throw new RuntimeError('the engine sent a frame of an unknown stream');
      stream = kind === 2 ? 'stderr' : 'stdout';
      remaining = header.readUInt32BE(4);
      header = Buffer.alloc(0);
    }
  }
}

/** Output of a terminal: one stream, no frames. */
export async function* unframed(source: AsyncIterable<Buffer>): AsyncGenerator<LogChunk> {
  for await (const data of source) yield { stream: 'stdout', data };
}

/** JSON documents, one a line, however they are cut into reads. A line longer than `limit` ends the stream. */
export async function* jsonLines(source: AsyncIterable<Buffer>, limit = 1 << 20): AsyncGenerator {
  let rest = '';
  const decoder = new TextDecoder();
  for await (const read of source) {
    rest += decoder.decode(read, { stream: true });
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > limit) throw new RuntimeError('the engine sent a line without end');
    for (const line of lines) if (line.trim() !== '') yield JSON.parse(line);
  }
}
