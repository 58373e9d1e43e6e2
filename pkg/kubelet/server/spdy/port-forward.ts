// Port-forward over SPDY: for each connection the client opens a pair of streams, error and data, that carry the same request
// id and the port (k8s.io/kubelet/pkg/cri/streaming/portforward/httpstream.go).
import { pipeline } from 'node:stream/promises';
import type { Duplex } from 'node:stream';
import { messageWithCauses } from '../../../logging/logger.ts';
import type { SpdyConnection, SpdyStream } from './connection.ts';

export const FORWARD_PROTOCOL = 'portforward.k8s.io';

const MOST_WAITING = 64;

/** Resolves when the client has gone. */
export async function forwardOverSpdy(
  connection: SpdyConnection,
  dial: (port: number) => Promise<Duplex>,
): Promise<void> {
  const waiting = new Map<string, SpdyStream>();
  for await (const stream of connection.streams) {
    const id =
      stream.headers.get('requestid') ?? String(stream.id - (stream.headers.get('streamtype') === 'data' ? 2 : 0));
    const other = waiting.get(id);
    if (other === undefined) {
      if (waiting.size >= MOST_WAITING) stream.destroy();
      else waiting.set(id, stream);
      continue;
    }
    waiting.delete(id);
    const [data, error] = stream.headers.get('streamtype') === 'data' ? [stream, other] : [other, stream];
    void forward(data, error, dial);
  }
}

async function forward(data: SpdyStream, error: SpdyStream, dial: (port: number) => Promise<Duplex>): Promise<void> {
  const text = data.headers.get('port') ?? '';
  const port = Number(text);
  error.resume();
  try {
    if (!Number.isInteger(port) || port < 1 || port > 65535) throw new Error(`unable to parse "${text}" as a port`);
    const target = await dial(port);
    target.on('error', () => target.destroy());
    await Promise.all([
      pipeline(data, target, { end: true }).catch(() => undefined), // the client went first: nothing left to tell it
      copyOut(target, data),
    ]);
    target.destroy();
  } catch (cause) {
    error.write(`error forwarding port ${text} to pod: ${messageWithCauses(cause)}`);
  } finally {
    error.end();
    data.end();
  }
}

async function copyOut(target: Duplex, data: SpdyStream): Promise<void> {
  for await (const piece of target as AsyncIterable<Buffer>) {
    if (data.destroyed) break;
    await new Promise<void>((resolve) => {
      data.write(piece, () => resolve());
    });
  }
  data.end();
}
