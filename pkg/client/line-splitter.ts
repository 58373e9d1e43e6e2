// Cuts a stream of bytes into lines, as a watch sends its events. Holds at most one unfinished line, of limited length,
// and copies bytes only when a line spans chunks.

/** Far above the largest object an API server accepts (3 MiB). */
export const LONGEST_LINE_BYTES = 32 * 1024 * 1024;

const NEWLINE = 0x0a;

export class LineTooLongError extends Error {
  override readonly name = 'LineTooLongError';
}

export class LineSplitter {
  #parts: Buffer[] = [];
  #held = 0;
  readonly #limit: number;

  constructor(limit: number = LONGEST_LINE_BYTES) {
    this.#limit = limit;
  }

  /** The lines that this chunk completes, without their newline; empty lines are left out. */
  push(chunk: Uint8Array): string[] {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const lines: string[] = [];
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
      const line = this.#finish(bytes.subarray(start, end));
      if (line !== '') lines.push(line);
      start = end + 1;
    }
    if (start < bytes.length) this.#hold(bytes.subarray(start));
    return lines;
  }

  /** The line that the end of the stream completes; '' when there is none. */
  end(): string {
    return this.#finish(Buffer.alloc(0));
  }

  #hold(part: Buffer): void {
    this.#held += part.length;
    if (this.#held > this.#limit) throw new LineTooLongError(`a line is longer than ${this.#limit} bytes`);
    this.#parts.push(part);
  }

  #finish(last: Buffer): string {
    if (this.#parts.length === 0) return last.toString('utf8');
    this.#hold(last);
    const line = Buffer.concat(this.#parts, this.#held).toString('utf8');
    this.#parts = [];
    this.#held = 0;
    return line;
  }
}
