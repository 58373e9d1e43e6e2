// A running exec or attach: joins the caller's streams to the channels of the connection until the other side ends, and
// answers with the exit code. Channels and the closing status: Kubernetes' v5.channel.k8s.io.
import type { ChannelConnection } from '../../client/transport.ts';
import type { Context } from '../cli/command.ts';
import { Failure, PlainFailure } from '../cli/failure.ts';
import { at, isObject, objects, parseJson, text } from '../objects/access.ts';

const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;
const ERROR = 3;
const RESIZE = 4;

export interface RemoteStreams {
  readonly stdin: boolean;
  readonly tty: boolean;
}

/** Where the other side's streams begin and end here. */
export interface SessionEnds {
  /** Ends with `signal`; none: the other side gets no input. */
  readonly input?: (signal: AbortSignal) => AsyncIterable<Uint8Array>;
  out(data: Uint8Array): void | Promise<void>;
  err(data: Uint8Array): void;
}

/** With the caller's own streams and terminal. */
export async function joinStreams(
  connection: ChannelConnection,
  streams: RemoteStreams,
  context: Context,
): Promise<number> {
  using resources = new DisposableStack();
  if (streams.tty) {
    context.input.setRaw(true);
    resources.defer(() => context.input.setRaw(false));
    const { terminal } = context;
    if (terminal !== undefined) {
      const encoder = new TextEncoder();
      const sendSize = () => {
        const { columns, rows } = terminal.size();
        connection.send({ channel: RESIZE, data: encoder.encode(JSON.stringify({ Width: columns, Height: rows })) });
      };
      resources.use(terminal.onResize(sendSize));
      sendSize();
    }
  }
  const ends: SessionEnds = {
    ...(streams.stdin && { input: (signal) => context.input.chunks(signal) }),
    out: (data) => context.out.write(data),
    err: (data) => context.err.write(data),
  };
  // Awaited here: the terminal stays raw until the session has ended.
  return await runSession(connection, ends, context.signal);
}

/** Rejects with Failure when it could not be run; a command that ran and failed is an exit code and a sentence. */
export async function runSession(
  connection: ChannelConnection,
  ends: SessionEnds,
  signal: AbortSignal,
): Promise<number> {
  const ended = new AbortController();
  // Reading stops with the session; what it was waiting for then is nobody's business. A fault of the input ends it.
  const feeding = feed(connection, ends, AbortSignal.any([signal, ended.signal])).catch((error: unknown) => {
    connection.close();
    throw error;
  });
  // Awaited below; until then nobody else must see it.
  feeding.catch(() => undefined);
  let closing = '';
  const decoder = new TextDecoder();
  try {
    for await (const { channel, data } of connection.messages) {
      if (channel === STDOUT) await ends.out(data);
      else if (channel === STDERR) ends.err(data);
      else if (channel === ERROR) closing += decoder.decode(data);
    }
  } finally {
    ended.abort();
    connection.close();
  }
  await Promise.race([feeding, Promise.resolve()]);
  signal.throwIfAborted();
  return exitCodeFrom(closing);
}

async function feed(connection: ChannelConnection, ends: SessionEnds, signal: AbortSignal): Promise<void> {
  if (ends.input === undefined) return;
  for await (const chunk of ends.input(signal)) {
    if (signal.aborted) return;
    connection.send({ channel: STDIN, data: chunk });
    await connection.drained();
  }
  if (!signal.aborted) connection.closeChannel(STDIN);
}

/** Reads the Status that ends the session. Throws Failure for anything but a command's own exit. */
export function exitCodeFrom(closing: string): number {
  if (closing === '') return 0;
  const status = parseJson(closing);
  if (!isObject(status) || text(status, 'status') === 'Success') return 0;
  if (text(status, 'reason') === 'NonZeroExitCode') {
    const cause = objects(status, 'details', 'causes').find((one) => at(one, 'reason') === 'ExitCode');
    const code = Number(text(cause, 'message'));
    throw new PlainFailure(`command terminated with exit code ${code}`, { exitCode: code });
  }
  throw new Failure(text(status, 'message') || 'the session ended with an error');
}
