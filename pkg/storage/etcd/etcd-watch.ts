// One watch on etcd that survives restarts of etcd and broken connections: it opens a new stream right behind the last
// revision it delivered, so nothing is lost and nothing comes twice.
import type { Clock } from '../../clock/clock.ts';
import { CompactedError, type Key, type Revision, type WatchBatch } from '../store.ts';
import { isTransient, type EtcdClient } from './etcd-client.ts';

const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 500;

export async function* watchEtcd(
  { etcd, clock, prefix, from, end }: { etcd: EtcdClient; clock: Clock; prefix: Key; from: Revision; end: Buffer },
  signal: AbortSignal,
): AsyncIterable<WatchBatch> {
  const key = Buffer.from(prefix);
  let position = from;
  let pause = FIRST_PAUSE_MS;
  while (!signal.aborted) {
    try {
      for await (const answer of etcd.watch({ key, rangeEnd: end, start: position + 1 }, signal)) {
        const { changes, compactRevision } = answer;
        if (answer.canceled) {
          if (compactRevision > 0) throw new CompactedError(position, compactRevision);
          break;
        }
        pause = FIRST_PAUSE_MS;
        if (!answer.created || changes.length > 0) {
          position = Math.max(position, changes.at(-1)?.revision ?? answer.revision);
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
