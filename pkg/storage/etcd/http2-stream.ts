// One request on a connection and what is known of it there.
import type { Headers } from './hpack.ts';
import { DEFAULT_WINDOW } from './http2-frames.ts';
import type { RpcError } from './rpc-error.ts';

/** Who hears what the peer answers. Either `end` or `fail` is called, once, and nothing after it. */
export interface StreamReader {
  data(bytes: Buffer): void;
  /** The peer has said everything; its last headers. */
  end(headers: Headers): void;
  fail(error: RpcError): void;
}

export class Http2Stream {
  /** 0 until its headers are sent. */
  id = 0;
  /** Bytes that may be sent. */
  sendWindow = DEFAULT_WINDOW;
  /** Bytes that arrived and for which no new room has been given. */
  owed = 0;
  paused = false;
  headers: Headers | undefined;
  readonly reader: StreamReader;
  /** By the elapsed time of the clock; infinite for what has no end. */
  readonly deadline: number;

  constructor(reader: StreamReader, deadline: number) {
    this.reader = reader;
    this.deadline = deadline;
  }
}
