// Bodies that are read as they arrive: plain chunks, and watches with one event a line. What breaks them off becomes
// UnreachableError; an abort becomes the signal's own reason.
import { LineSplitter } from './line-splitter.ts';
import { UnreachableError, type RawWatchEvent } from './transport.ts';

export async function* chunksOf(body: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (cause) {
    signal.throwIfAborted();
    throw new UnreachableError('the stream broke off', { cause });
  }
}

export async function* watchEvents(
  body: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<RawWatchEvent> {
  const splitter = new LineSplitter();
  for await (const chunk of chunksOf(body, signal)) {
    for (const line of splitter.push(chunk)) yield parseWatchEvent(line);
  }
  const last = splitter.end();
  if (last !== '') yield parseWatchEvent(last);
}

const EVENT_TYPES: ReadonlySet<unknown> = new Set(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR']);

function isWatchEvent(value: unknown): value is RawWatchEvent {
  return (
    typeof value === 'object' && value !== null && 'type' in value && 'object' in value && EVENT_TYPES.has(value.type)
  );
}

function parseWatchEvent(line: string): RawWatchEvent {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new UnreachableError('the watch broke off inside an event', { cause });
  }
  if (!isWatchEvent(value)) throw new UnreachableError(`not a watch event: ${line.slice(0, 200)}`);
  return value;
}
