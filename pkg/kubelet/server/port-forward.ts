// Port-forward over WebSocket channels: for each port asked for two channels, data and errors, each begun with the port number
// in two bytes, little endian (k8s.io/kubelet/pkg/cri/streaming/portforward).
import type { Duplex } from 'node:stream';
import { messageWithCauses } from '../../logging/logger.ts';
import { HttpError } from './http-error.ts';
import type { StreamRequest } from './streaming.ts';
import { acceptWebSocket } from './websocket-streams.ts';

const HIGH_WATER_BYTES = 1 << 20;
const MOST_PORTS = 64;
/** v5.channel.k8s.io: the client has said all on the channel that the next byte names. */
const CLOSE = 255;

export async function forwardOverWebSocket(
  call: StreamRequest,
  dial: (port: number) => Promise<Duplex>,
): Promise<void> {
  if ((call.request.headers.upgrade ?? '').toLowerCase() !== 'websocket') {
    throw new HttpError(400, 'unable to upgrade: only WebSocket is supported');
  }
  const ports = portsOf(call.query);
  const webSocket = await acceptWebSocket(call.request, call.socket, call.head);
  const send = (channel: number, data: Uint8Array) => {
    if (webSocket.readyState === webSocket.OPEN) webSocket.send(Buffer.concat([Buffer.of(channel), data]));
  };
  const connections = new Map<number, Duplex>();
  const opening = new Map<number, Promise<Duplex | undefined>>();
  const open = async (index: number, port: number): Promise<Duplex | undefined> => {
    try {
      const connection = await dial(port);
      connections.set(index, connection);
      connection.on('data', (data: Buffer) => {
        send(index * 2, data);
        if (webSocket.bufferedAmount > HIGH_WATER_BYTES) {
          connection.pause();
          webSocket.send(Buffer.of(index * 2), () => connection.resume());
        }
      });
      connection.once('error', (error) => send(index * 2 + 1, Buffer.from(messageWithCauses(error))));
      connection.once('end', () => connection.end()); // the server has said all: nothing more will be answered
      connection.once('close', () => webSocket.close(1000));
      return connection;
    } catch (error) {
      const message = `error forwarding port ${port} to pod: ${messageWithCauses(error)}`;
      send(index * 2 + 1, Buffer.from(message));
      return undefined;
    }
  };
  for (const [index, port] of ports.entries()) {
    const number = Buffer.alloc(2);
    number.writeUInt16LE(port);
    send(index * 2, number);
    send(index * 2 + 1, number);
  }
  // At once: in many protocols the server speaks first.
  for (const [index, port] of ports.entries()) opening.set(index, open(index, port));
  webSocket.on('message', (message: Buffer) => {
    const channel = message[0] ?? 0;
    if (channel === CLOSE) {
      void opening.get(Math.floor((message[1] ?? 0) / 2))?.then((connection) => connection?.end());
      return;
    }
    const index = Math.floor(channel / 2);
    const connected = opening.get(index);
    if (channel % 2 !== 0 || connected === undefined) return;
    const data = message.subarray(1);
    webSocket.pause();
    void connected.then((connection) => {
      if (connection === undefined || !connection.writable) return webSocket.resume();
      connection.write(data, () => webSocket.resume());
    });
  });
  webSocket.on('error', () => webSocket.terminate());
  await new Promise<void>((resolve) => {
    webSocket.once('close', () => resolve());
  });
  for (const connection of connections.values()) connection.destroy();
}

function portsOf(query: URLSearchParams): number[] {
  // The kubelet's own name, and the API's.
  const ports = [...query.getAll('port'), ...query.getAll('ports')].flatMap((value) => value.split(','));
  if (ports.length === 0) throw new HttpError(400, 'query parameter "port" is required');
  if (ports.length > MOST_PORTS) throw new HttpError(400, 'too many ports');
  return ports.map((text) => {
    const port = Number(text);
    if (!Number.isInteger(port) || port < 1 || port > 65535) throw new HttpError(400, `invalid port: ${text}`);
    return port;
  });
}
