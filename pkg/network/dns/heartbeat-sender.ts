// Sends the heartbeats (../heartbeat.ts) of a server from the very socket on which it answers: while they come, it does.
import type { Socket } from 'node:dgram';
import type { Clock } from '../../clock/clock.ts';
import { BEAT_MS } from '../heartbeat.ts';

export interface HeartbeatOptions {
  /** The Service's address and port. */
  readonly to: string;
  readonly port: number;
  /** Asked before each beat: whether clients may come. */
  alive(): boolean;
}

/** Until it is disposed, which must be before the socket is closed. */
export function sendHeartbeats(socket: Socket, options: HeartbeatOptions, clock: Clock): Disposable {
  let next: Disposable;
  const beat = () => {
    // The rule that takes note of a beat drops it, which the kernel tells the sender as a failure.
    if (options.alive()) socket.send('', options.port, options.to, () => undefined);
    next = clock.schedule(BEAT_MS, beat);
  };
  beat();
  return { [Symbol.dispose]: () => next[Symbol.dispose]() };
}
