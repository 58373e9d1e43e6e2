// One watch on etcd that survives restarts of etcd and broken connections: it opens a new stream right behind the last
// revision it delivered, so nothing is lost and nothing comes twice.
import type { Duplex } from 'node:stream';
import type { Etcd3, IWatchResponse } from 'etcd3';
import type { Clock } from '../../clock/clock.ts';
import { CompactedError, type Change, type Key, type Revision, type WatchBatch } from '../store.ts';
import { isTransient } from './etcd-client.ts';

/** Answers waiting for the reader before the stream is paused; gRPC's flow control then holds etcd back. */
const PAUSE_AT = 256;
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 500;

type Incoming = { readonly answer: IWatchResponse } | { readonly broken: unknown };

export async function* watchEtcd(
  { etcd, clock, prefix, from, end }: { etcd: Etcd3; clock: Clock; prefix: Key; from: Revision; end: Buffer },
  signal: AbortSignal,
): AsyncIterable<WatchBatch> {
  let position = from;
  let pause = FIRST_PAUSE_MS;
  while (!signal.aborted) {
    try {
      for await (const answer of streamOf({ etcd, prefix, end, start: position + 1 }, signal)) {
        if (answer.canceled) {
          const compacted = Number(answer.compact_revision);
          if (compacted > 0) throw new CompactedError(position, compacted);
          break;
        }
        pause = FIRST_PAUSE_MS;
        const changes = answer.events.map(changeOf);
        if (!answer.created || changes.length > 0) {
          position = Math.max(position, changes.at(-1)?.revision ?? Number(answer.header.revision));
        }
        yield { changes, revision: position };
      }
    } catch (cause) {
      if (signal.aborted) return;
      if (!isTransient(cause)) throw cause;
    }
    if (signal.aborted) return;
    await clock.sleep(pause, signal).catch(() => undefined);
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
  }
}

/** The answers of one stream; ends when it ends, throws when it breaks, closes it when the reader leaves. */
async function* streamOf(
  { etcd, prefix, end, start }: { etcd: Etcd3; prefix: Key; end: Buffer; start: Revision },
  signal: AbortSignal,
): AsyncIterable<IWatchResponse> {
  const call = await etcd.watchClient.watch();
  // etcd3's types show less than there is: the call is gRPC's ClientDuplexStream, a Duplex of Node.
  const stream = call as unknown as Duplex;
  const incoming: Incoming[] = [];
  let wake: () => void = () => undefined;
  const push = (item: Incoming) => {
    incoming.push(item);
    if (incoming.length >= PAUSE_AT) stream.pause();
    wake();
  };
  const leave = () => push({ broken: signal.reason });
  stream.on('data', (answer: IWatchResponse) => push({ answer }));
  stream.on('error', (broken: unknown) => push({ broken }));
  stream.on('end', () => push({ broken: undefined }));
  signal.addEventListener('abort', leave, { once: true });
  try {
    stream.write({
      create_request: {
        key: Buffer.from(prefix),
        range_end: end,
        start_revision: String(start),
        progress_notify: true,
        prev_kv: true,
      },
    });
    for (;;) {
      const item = incoming.shift();
      if (item === undefined) {
        stream.resume();
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      } else if ('answer' in item) {
        yield item.answer;
      } else if (item.broken === undefined || signal.aborted) {
        return;
      } else {
        throw item.broken instanceof Error ? item.broken : new Error('the watch on etcd broke', { cause: item.broken });
      }
    }
  } finally {
    signal.removeEventListener('abort', leave);
    call.cancel();
  }
}

function changeOf(event: IWatchResponse['events'][number]): Change {
  const key = event.kv.key.toString();
  // Null when the key was created by this event, although the package's types do not say so.
  const before: IWatchResponse['events'][number]['prev_kv'] | null = event.prev_kv;
  return {
    key,
    revision: Number(event.kv.mod_revision),
    // The package declares `Delete`, its protobuf loader gives `DELETE`.
    value: event.type.toUpperCase() === 'DELETE' ? undefined : event.kv.value,
    previous: before === null ? undefined : { key, value: before.value, revision: Number(before.mod_revision) },
  };
}
