// One TCP connection of a port-forward: a WebSocket of its own to the pod's port. Channel 0 carries the data, channel 1 what
// went wrong; each begins with the port in two bytes (k8s.io/kubelet/pkg/cri/streaming/portforward).
import type { Socket } from 'node:net';
import type { Transport } from '../../client/transport.ts';
import { Failure } from '../cli/failure.ts';
import { pathOf, type Place } from './api.ts';

const DATA = 0;
const ERROR = 1;
const PORT_BYTES = 2;

/** Passes bytes until one side has ended; rejects with Failure when the port could not be reached. Always ends `socket`. */
export async function forwardConnection(
  socket: Socket,
  transport: Transport,
  target: { readonly pod: Place; readonly port: number },
  signal: AbortSignal,
): Promise<void> {
  const ended = new AbortController();
  socket.on('error', () => ended.abort());
  socket.once('close', () => ended.abort());
  try {
    const path = pathOf({ ...target.pod, subresource: 'portforward' }, { ports: target.port });
    const connection = await transport.connect(path, AbortSignal.any([signal, ended.signal]));
    socket.on('data', (data: Buffer) => connection.send({ channel: DATA, data }));
    socket.once('end', () => connection.closeChannel(DATA));
    const skipped = [PORT_BYTES, PORT_BYTES];
    let fault = '';
    for await (const { channel, data } of connection.messages) {
      const skip = Math.min(skipped[channel] ?? 0, data.length);
      skipped[channel] = (skipped[channel] ?? 0) - skip;
      const rest = data.subarray(skip);
      if (rest.length === 0) continue;
      if (channel === ERROR) {
        fault = new TextDecoder().decode(rest);
        break;
      }
      if (channel === DATA && !socket.write(rest)) await drained(socket);
    }
    if (fault !== '') throw new Failure(fault);
  } catch (error) {
    if (!ended.signal.aborted) throw error;
  } finally {
    socket.end();
    if (signal.aborted) socket.destroy();
  }
}

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.once('drain', resolve);
    socket.once('close', resolve);
  });
}
