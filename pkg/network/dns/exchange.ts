// One question to one server: over UDP from a port of its own (so that answers cannot be forged by guessing), over TCP when
// the answer did not fit. Every socket is closed before this returns.
import { createSocket } from 'node:dgram';
import { connect, isIPv6 } from 'node:net';
import type { Clock } from '../../clock/clock.ts';
import { answers, parseRaw } from './raw-message.ts';
import type { Upstream } from './resolv-conf.ts';

export interface ExchangeContext {
  readonly clock: Clock;
  readonly timeoutMs: number;
}

/** Undefined: no answer in time, or none that is one. */
export type Exchange = (
  query: Buffer,
  upstream: Upstream,
  context: ExchangeContext,
  signal: AbortSignal,
) => Promise<Buffer | undefined>;

export const exchange: Exchange = async (query, upstream, context, signal) => {
  const answer = await overUdp(query, upstream, context, signal);
  if (answer === undefined || parseRaw(answer)?.truncated !== true) return answer;
  // The cut answer is still better than none.
  return (await overTcp(query, upstream, context, signal)) ?? answer;
};

function overUdp(
  query: Buffer,
  { address, port }: Upstream,
  { clock, timeoutMs }: ExchangeContext,
  signal: AbortSignal,
): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket(isIPv6(address.split('%')[0] ?? '') ? 'udp6' : 'udp4');
    const done = (answer: Buffer | undefined) => {
      timer[Symbol.dispose]();
      signal.removeEventListener('abort', give);
      socket.removeAllListeners();
      socket.on('error', () => undefined);
      socket.close();
      resolve(answer);
    };
    const give = () => done(undefined);
    const timer = clock.schedule(timeoutMs, give);
    signal.addEventListener('abort', give, { once: true });
    socket.on('error', give);
    socket.on('message', (message) => {
      if (answers(message, query)) done(message);
    });
    socket.connect(port, address, () => socket.send(query));
  });
}

function overTcp(
  query: Buffer,
  { address, port }: Upstream,
  { clock, timeoutMs }: ExchangeContext,
  signal: AbortSignal,
): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    const done = (answer: Buffer | undefined) => {
      timer[Symbol.dispose]();
      signal.removeEventListener('abort', give);
      socket.destroy();
      resolve(answer);
    };
    const give = () => done(undefined);
    const timer = clock.schedule(timeoutMs, give);
    signal.addEventListener('abort', give, { once: true });
    socket.on('error', give);
    socket.on('close', give);
    let received = Buffer.alloc(0);
    socket.on('data', (data: Buffer) => {
      received = Buffer.concat([received, data]);
      if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return;
      const message = received.subarray(2, 2 + received.readUInt16BE(0));
      done(answers(message, query) ? message : undefined);
    });
    const length = Buffer.alloc(2);
    length.writeUInt16BE(query.length);
    socket.write(Buffer.concat([length, query]));
  });
}
