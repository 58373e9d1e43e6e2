// Turns an upgrade request into a SPDY connection: raw (`Upgrade: SPDY/3.1`, kubectl up to 1.30), or inside the messages of a
// WebSocket (`SPDY/3.1+portforward.k8s.io`, kubectl's port-forward since 1.31).
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { createWebSocketStream, WebSocketServer } from 'ws';
import { HttpError } from '../http-error.ts';
import { SpdyConnection } from './connection.ts';

const TUNNEL_PREFIX = 'SPDY/3.1+';
const MOST_MESSAGE_BYTES = 1 << 22;

export function asksForSpdy(request: IncomingMessage): boolean {
  return (request.headers.upgrade ?? '').toLowerCase() === 'spdy/3.1';
}

/** `supported` in the order of preference of the server; the first that the client names counts. */
export function acceptSpdy(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  supported: readonly string[],
): { connection: SpdyConnection; protocol: string } {
  const offered = [request.headers['x-stream-protocol-version'] ?? []]
    .flat()
    .flatMap((value) => value.split(','))
    .map((value) => value.trim());
  const protocol = offered.find((name) => supported.includes(name));
  if (protocol === undefined) {
    throw new HttpError(
      403,
      `unable to upgrade: unable to negotiate protocol: client supports [${offered.join(' ')}], server accepts [${supported.join(' ')}]`,
    );
  }
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: ${protocol}\r\n\r\n`,
  );
  if (head.length > 0) socket.unshift(head);
  return { connection: new SpdyConnection(socket), protocol };
}

const tunnels = new WebSocketServer({ noServer: true, maxPayload: MOST_MESSAGE_BYTES });
tunnels.on('headers', (headers, request) => {
  const protocol = chosen.get(request);
  if (protocol !== undefined) headers.push(`Sec-WebSocket-Protocol: ${protocol}`);
});
const chosen = new WeakMap<IncomingMessage, string>();

/** The tunnelled protocol that a WebSocket request offers: `portforward.k8s.io`. Undefined: none. */
export function tunnelledProtocol(request: IncomingMessage): string | undefined {
  const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
  return offered.find((name) => name.startsWith(TUNNEL_PREFIX))?.slice(TUNNEL_PREFIX.length);
}

export function acceptTunnel(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  protocol: string,
): Promise<SpdyConnection> {
  // ws takes no name with a slash in it: the choice is made here and put into the answer by hand.
  delete request.headers['sec-websocket-protocol'];
  chosen.set(request, `${TUNNEL_PREFIX}${protocol}`);
  return new Promise((resolve) => {
    tunnels.handleUpgrade(request, socket, head, (webSocket) => {
      const stream = createWebSocketStream(webSocket);
      stream.on('error', () => stream.destroy());
      resolve(new SpdyConnection(stream));
    });
  });
}
