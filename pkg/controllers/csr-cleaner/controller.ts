// Deletes certificate requests that nobody needs any more: rotation makes new ones all the time.
import { isApiError } from '../../api/meta/status.ts';
import { certificateSigningRequests } from '../../api/resources.ts';
import { runPeriodically, type Controller, type ControllerContext } from '../context.ts';
import { isOutdated } from './reconcile.ts';

const PAUSE_MS = 3_600_000;

export function csrCleanerController(context: ControllerContext): Controller {
  const name = 'certificatesigningrequest-cleaner-controller';
  const { clock, log } = context;
  const client = context.client.resource(certificateSigningRequests);
  const informer = context.informers.of(certificateSigningRequests);

  async function clean(signal: AbortSignal): Promise<void> {
    for (const { metadata } of informer.store.list().filter((request) => isOutdated(request, clock.now()))) {
      try {
        await client.delete({ name: metadata.name }, { preconditions: { uid: metadata.uid } }, signal);
      } catch (error) {
        if (!isApiError(error, 'NotFound') && !isApiError(error, 'Conflict')) throw error;
      }
    }
  }

  return { name, run: (signal) => runPeriodically(clean, { name, intervalMs: PAUSE_MS, clock, log }, signal) };
}
