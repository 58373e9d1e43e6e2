// The client's one seam: how a request reaches an API server. https-transport.ts goes over the network;
// pkg/apiserver/direct-transport.ts calls the API server of the same process. Both give the same results and errors.

export interface TransportRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path with query, percent-encoded. */
  readonly path: string;
  /** A JSON value; the transport encodes it (or hands it over as it is). The receiver never changes it. */
  readonly body?: unknown;
  /** Default application/json. */
  readonly contentType?: string;
  readonly accept?: string;
}

export interface TransportResponse {
  readonly status: number;
  /** Texts of the Warning headers. */
  readonly warnings: readonly string[];
  /** Parsed JSON; a string for other content types. Shared and immutable: clone before changing it. */
  readonly body: unknown;
}

export interface RawWatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: unknown;
}

/** One message of an exec, attach or port-forward connection: Kubernetes' channel protocol (v5.channel.k8s.io). */
export interface ChannelMessage {
  readonly channel: number;
  readonly data: Uint8Array;
}

export interface ChannelConnection {
  /** Ends when the other side closes. */
  readonly messages: AsyncIterable<ChannelMessage>;
  send(message: ChannelMessage): void;
  /** Resolves once little of what was sent still waits here: whoever sends much waits for it between messages. */
  drained(): Promise<void>;
  /** v5: tells the other side that no more data comes on this channel (stdin at its end). */
  closeChannel(channel: number): void;
  close(): void;
}

export interface Transport {
  /** `address:port` of the API server; undefined: it is in this process. */
  readonly host?: string;
  /** Rejects with ApiError for an answer of 400 or more, with UnreachableError when no answer was had. */
  request(request: TransportRequest, signal?: AbortSignal): Promise<TransportResponse>;
  /** Opens a watch; rejects like `request`. The iteration ends when the server ends it, throws UnreachableError when it broke. */
  watch(path: string, signal: AbortSignal): Promise<AsyncIterable<RawWatchEvent>>;
  /** The body as it arrives (logs). */
  stream(request: TransportRequest, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  /** exec, attach, port-forward. */
  connect(path: string, signal: AbortSignal): Promise<ChannelConnection>;
  close(): Promise<void>;
}

/** Over connections that may be dead without anybody having said so: after a cut in the network. */
export interface NetworkTransport extends Transport {
  /** Ends all connections, what waits on them fails with UnreachableError; what comes next opens new ones. */
  dropConnections(): void;
}

/** No answer: connection refused, reset, timed out. The request may or may not have been carried out. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError';
}
