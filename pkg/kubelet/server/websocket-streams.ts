// exec and attach over a WebSocket: one byte of channel number, then data (v4 and v5 of channel.k8s.io). Channels: 0 stdin,
// 1 stdout, 2 stderr, 3 the Status at the end, 4 sizes of the terminal; in v5 255 closes the channel that the next byte names.
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { AsyncQueue } from './async-queue.ts';
import { parseSize, type RemoteStreams, type TerminalSize } from './remote-streams.ts';

const STDIN = 0;
const CHANNELS = { stdout: 1, stderr: 2 } as const;
const ERROR = 3;
const RESIZE = 4;
const CLOSE = 255;

const PROTOCOLS = [
  'v5.channel.k8s.io',
  'v4.channel.k8s.io',
  'v3.channel.k8s.io',
  'v2.channel.k8s.io',
  'channel.k8s.io',
];

const MOST_WAITING = 64;
const MOST_MESSAGE_BYTES = 1 << 20;
/** Beyond this much unsent the sender waits. */
const HIGH_WATER_BYTES = 1 << 20;

const sockets = new WebSocketServer({
  noServer: true,
  maxPayload: MOST_MESSAGE_BYTES,
  handleProtocols: (offered) => PROTOCOLS.find((protocol) => offered.has(protocol)) ?? false,
});

export function offeredProtocols(request: IncomingMessage): string[] {
  return (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
}

export function acceptWebSocket(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<WebSocket> {
  return new Promise((resolve) => {
    sockets.handleUpgrade(request, socket, head, (accepted) => resolve(accepted));
  });
}

export function webSocketStreams(webSocket: WebSocket, options: { readsStdin: boolean }): RemoteStreams {
  const stdin = new AsyncQueue<Uint8Array>(MOST_WAITING, () => webSocket.resume());
  const sizes = new AsyncQueue<TerminalSize>(MOST_WAITING);
  webSocket.on('message', (message: Buffer | ArrayBuffer | Buffer[]) => {
    const bytes = Array.isArray(message) ? Buffer.concat(message) : Buffer.from(message as Buffer); // ArrayBuffer alike
    const data = bytes.subarray(1);
    const channel = bytes[0] ?? ERROR;
    if (channel === STDIN) {
      if (options.readsStdin && data.length > 0 && !stdin.put(data)) webSocket.pause();
    } else if (channel === RESIZE) {
      const size = parseSize(data.toString());
      if (size !== undefined && sizes.hasRoom) sizes.put(size); // without a terminal nobody takes them
    } else if (channel === CLOSE && data[0] === STDIN) stdin.end();
  });
  webSocket.on('error', () => webSocket.terminate());
  webSocket.once('close', () => {
    stdin.end();
    sizes.end();
  });
  const send = (channel: number, data: Uint8Array): Promise<void> =>
    new Promise((resolve) => {
      if (webSocket.readyState !== webSocket.OPEN) return resolve();
      const message = Buffer.concat([Buffer.of(channel), data]);
      const waits = webSocket.bufferedAmount > HIGH_WATER_BYTES;
      webSocket.send(message, { binary: true }, () => waits && resolve());
      if (!waits) resolve();
    });
  return {
    stdin,
    sizes,
    write: (stream, data) => send(CHANNELS[stream], data),
    async finish(status) {
      // v1 to v3 have no structured end, only text; a success is told by nothing.
      const structured = webSocket.protocol === PROTOCOLS[0] || webSocket.protocol === PROTOCOLS[1];
      if (structured) await send(ERROR, Buffer.from(JSON.stringify(status)));
      else if (status.status === 'Failure') await send(ERROR, Buffer.from(status.message ?? ''));
      webSocket.close(1000);
    },
    close: () => webSocket.terminate(),
  };
}
