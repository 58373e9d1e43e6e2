// Has the store forget history that no watch and no page of a list can still need, as kube-apiserver does: every five
// minutes everything before what was newest five minutes ago.
import type { Clock } from '../clock/clock.ts';
import type { Logger } from '../logging/logger.ts';
import { CompactedError, type Revision, type Store } from '../storage/store.ts';

const INTERVAL_MS = 300_000;

/** Dispose the answer to stop. */
export function startCompaction(store: Store, clock: Clock, log: Logger): Disposable {
  let stopped = false;
  let timer: Disposable | undefined;
  let before: Revision | undefined;

  const compact = async (): Promise<void> => {
    const now = await store.revision();
    if (before !== undefined && before < now) await store.compact(before);
    before = now;
  };

  const arm = () => {
    if (stopped) return;
    timer = clock.schedule(INTERVAL_MS, () => {
      compact()
        .catch((error: unknown) => {
          // Another API server of the same store may have been faster.
          if (!stopped && !(error instanceof CompactedError)) log.warn('cannot compact the store', { error });
        })
        .finally(arm);
    });
  };

  store.revision().then(
    (revision) => {
      before = revision;
    },
    (error: unknown) => log.warn('cannot read the store revision', { error }),
  );
  arm();
  return {
    [Symbol.dispose]: () => {
      stopped = true;
      timer?.[Symbol.dispose]();
    },
  };
}
