// What only one process at a time may have on this machine. A claim is an abstract socket (unix(7)): it goes with its process, also on
// kill -9, so nothing stale can remain, and it counts for the network namespace, whose bridges and rules are what clusters would share.
import { createHash } from 'node:crypto';
import { createServer, connect } from 'node:net';
import type { Clock } from '../clock/clock.ts';

export type Claim = { readonly held: AsyncDisposable } | { readonly by: string };

const ANSWER_WITHIN_MS = 2_000;
const POLL_MS = 200;

/** `holder`: what others are told who want the same. */
export function claim(what: string, holder: string): Promise<Claim> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined); // whoever asked has gone
      socket.end(holder);
    });
    server.once('error', (cause) => {
      if ('code' in cause && cause.code === 'EADDRINUSE') {
        holderOf(what).then((by) => resolve({ by: by ?? 'a process that has just ended' }), reject);
      } else reject(new Error(`cannot claim ${what}`, { cause }));
    });
    server.listen(socketOf(what), () => {
      server.unref();
      resolve({ held: { [Symbol.asyncDispose]: () => new Promise((closed) => void server.close(() => closed())) } });
    });
  });
}

/** As `claim`, after whoever has it; `waiting` is told once who that is. */
export async function turn(
  what: string,
  {
    holder,
    clock,
    waiting,
  }: { readonly holder: string; readonly clock: Clock; readonly waiting: (by: string) => void },
  signal: AbortSignal,
): Promise<AsyncDisposable> {
  for (let told = false; ; told = true) {
    const mine = await claim(what, holder);
    if ('held' in mine) return mine.held;
    if (!told) waiting(mine.by);
    await clock.sleep(POLL_MS, signal);
  }
}

/** Undefined: nobody has it. */
export function holderOf(what: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(socketOf(what));
    socket.setTimeout(ANSWER_WITHIN_MS, () => socket.destroy());
    socket.setEncoding('utf8').on('data', (part: string) => (text += part));
    socket.once('error', () => undefined); // `close` follows
    let connected = false;
    socket.once('connect', () => (connected = true));
    socket.once('close', () => resolve(connected ? text || 'a process that does not answer' : undefined));
  });
}

function socketOf(what: string): string {
  return `\0typekube-claim-${createHash('sha256').update(what).digest('hex').slice(0, 32)}`;
}
