// exec and attach over SPDY: the client opens a stream for each of error, stdin, stdout, stderr and resize, named in a header
// (k8s.io/kubelet/pkg/cri/streaming/remotecommand/httpstream.go).
import type { Clock } from '../../../clock/clock.ts';
import { HttpError } from '../http-error.ts';
import { parseSize, type RemoteStreams, type TerminalSize } from '../remote-streams.ts';
import type { SpdyConnection, SpdyStream } from './connection.ts';

export const COMMAND_PROTOCOLS = ['v4.channel.k8s.io', 'v3.channel.k8s.io', 'v2.channel.k8s.io', 'channel.k8s.io'];

const STREAMS_WITHIN_MS = 30_000;

export interface ExpectedStreams {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}

/** Resolves when the client has opened all streams that it asked for. */
export async function spdyCommandStreams(
  connection: SpdyConnection,
  protocol: string,
  expected: ExpectedStreams,
  clock: Clock,
): Promise<RemoteStreams> {
  const names = ['error'];
  for (const name of ['stdin', 'stdout', 'stderr'] as const) if (expected[name]) names.push(name);
  if (expected.tty && (protocol.startsWith('v4') || protocol.startsWith('v3'))) names.push('resize');
  const opened = new Map<string, SpdyStream>();
  {
    using _late = clock.schedule(STREAMS_WITHIN_MS, () => connection[Symbol.dispose]());
    for await (const stream of connection.streams) {
      opened.set(stream.headers.get('streamtype') ?? '', stream);
      if (names.every((name) => opened.has(name))) break;
    }
  }
  const missing = names.filter((name) => !opened.has(name));
  if (missing.length > 0) throw new HttpError(400, `streams were not opened: ${missing.join(', ')}`);
  return {
    stdin: opened.get('stdin') ?? nothing(),
    sizes: sizesOf(opened.get('resize')),
    async write(name, data) {
      const stream = opened.get(name);
      if (stream === undefined || stream.destroyed || stream.writableEnded) return;
      await new Promise<void>((resolve) => {
        stream.write(data, () => resolve());
      });
    },
    async finish(status) {
      for (const name of ['stdout', 'stderr']) await ended(opened.get(name));
      const error = opened.get('error');
      if (protocol.startsWith('v4')) error?.write(JSON.stringify(status));
      else if (status.status === 'Failure') error?.write(status.message ?? '');
      await ended(error);
      await ended(opened.get('resize'));
      connection[Symbol.dispose]();
    },
    close: () => connection[Symbol.dispose](),
  };
}

function ended(stream: SpdyStream | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (stream === undefined || stream.destroyed) return resolve();
    stream.once('close', () => resolve());
    stream.end(() => resolve());
  });
}

async function* nothing(): AsyncGenerator<Uint8Array, void, undefined> {}

/** Each size is one JSON object; several may come in one read. */
async function* sizesOf(stream: SpdyStream | undefined): AsyncGenerator<TerminalSize, void, undefined> {
  if (stream === undefined) return;
  let text = '';
  for await (const data of stream as AsyncIterable<Buffer>) {
    text = (text + data.toString()).slice(-1000);
    for (let end = text.indexOf('}'); end >= 0; end = text.indexOf('}')) {
      const size = parseSize(text.slice(0, end + 1).trim());
      text = text.slice(end + 1);
      if (size !== undefined) yield size;
    }
  }
}
