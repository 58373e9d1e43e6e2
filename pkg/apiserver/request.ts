// What the API server's core takes and gives. http/ translates HTTP into this, direct-transport.ts translates calls of
// the same process; everything after that (authorization, admission, registry) is one path.

export interface UserInfo {
  readonly name: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

export const ANONYMOUS: UserInfo = { name: 'system:anonymous', groups: ['system:unauthenticated'] };

export type RequestBody =
  | { readonly form: 'bytes'; readonly bytes: Uint8Array; readonly contentType: string }
  /** From a caller in this process: already parsed, must not be changed. */
  | { readonly form: 'value'; readonly value: unknown; readonly contentType: string };

export interface ApiRequest {
  readonly method: string;
  /** Without the query, percent-decoded per segment by the router. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly user: UserInfo;
  readonly body: RequestBody | undefined;
  /** Aborted when the caller has gone. */
  readonly signal: AbortSignal;
}

/** One encoded body, made at most once: `bytes` encodes on first use, `value` is what callers in this process read. */
export interface Encoded {
  readonly value: unknown;
  readonly bytes: Uint8Array;
  /** The same bytes for those who can send them piece by piece; undefined where they are not that many. */
  readonly long?: LongBody | undefined;
}

export interface LongBody {
  readonly length: number;
  /** A piece is good until the next one is asked for. */
  pieces(): Iterable<Uint8Array>;
}

/** Where the length of what is sent is to be counted. */
export interface SizeCounter {
  observe(bytes: number): void;
}

export type ApiResponse =
  | {
      readonly form: 'object';
      readonly status: number;
      readonly body: Encoded;
      readonly contentType: string;
      readonly warnings: readonly string[];
      /** Further headers, such as an ETag. */
      readonly headers?: Readonly<Record<string, string>>;
      readonly sizes?: SizeCounter;
    }
  /** Frames are batches: every frame of one batch is written together. */
  | {
      readonly form: 'watch';
      readonly contentType: string;
      readonly warnings?: readonly string[];
      readonly events: AsyncIterable<readonly Encoded[]>;
      /** Of every frame. */
      readonly sizes?: SizeCounter;
    }
  | {
      readonly form: 'stream';
      readonly status: number;
      readonly contentType: string;
      /** Further headers, as a server behind this one sent them. */
      readonly headers?: Readonly<Record<string, string | readonly string[]>>;
      readonly chunks: AsyncIterable<Uint8Array>;
    };
