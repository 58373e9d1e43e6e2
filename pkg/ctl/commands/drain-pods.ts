// Takes the pods of a drain away, all at once: by evictions, which disruption budgets may hold up, or by plain deletions;
// and waits until they are gone. Sentences and pauses are kubectl's.
import { isApiError } from '../../api/meta/status.ts';
import type { JsonObject } from '../../api/schema/json.ts';
import type { Context } from '../cli/command.ts';
import { Failure, messageOf, SeveralFailures } from '../cli/failure.ts';
import type { DryRun } from '../cli/shared-flags.ts';
import { nameOf, namespaceOf, text } from '../objects/access.ts';
import type { Api, Place } from '../rest/api.ts';
import { formatGoDuration } from '../../api/meta/duration.ts';
import { deletionOptions, waitUntilGone } from './delete-objects.ts';

/** How long to wait before an eviction that a disruption budget refused is tried again. */
const EVICTION_RETRY_MS = 5000;

export interface RemovalSettings {
  readonly dryRun: DryRun;
  /** Seconds; negative: each pod's own. */
  readonly gracePeriod: number;
  readonly evict: boolean;
  /** For all pods together; 0: no limit. */
  readonly timeoutMs: number;
}

interface Removal {
  readonly api: Api;
  readonly settings: RemovalSettings;
  readonly context: Context;
  /** Ends with the command and with the time it has. */
  readonly signal: AbortSignal;
}

/** Rejects with Failure (of each pod, when several fail) when some stay; the others have been removed. */
export async function removePods(
  pods: readonly JsonObject[],
  settings: RemovalSettings,
  context: Context,
): Promise<void> {
  const { api } = await context.session();
  const resource = (await api.resources()).require('pods');
  const late = new AbortController();
  using _timer =
    settings.timeoutMs > 0
      ? context.clock.schedule(settings.timeoutMs, () =>
          late.abort(new Failure(`global timeout reached: ${formatGoDuration(settings.timeoutMs)}`)),
        )
      : { [Symbol.dispose]: () => undefined };
  const removal: Removal = { api, settings, context, signal: AbortSignal.any([context.signal, late.signal]) };
  const remove = settings.evict ? evictPod : deletePod;
  const outcomes = await Promise.allSettled(
    pods.map((pod) => remove(pod, { resource, namespace: namespaceOf(pod), name: nameOf(pod) }, removal)),
  );
  context.signal.throwIfAborted();
  const failures = outcomes.flatMap((outcome): unknown[] => (outcome.status === 'rejected' ? [outcome.reason] : []));
  if (failures.length === 1) throw failures[0];
  if (failures.length > 1) throw new SeveralFailures(failures);
}

function optionsOf({ dryRun, gracePeriod }: RemovalSettings): JsonObject {
  const options = deletionOptions({
    ...(gracePeriod >= 0 && { gracePeriodSeconds: gracePeriod }),
    dryRun: dryRun === 'server',
  });
  delete options['propagationPolicy'];
  return options;
}

async function evictPod(pod: JsonObject, place: Place, removal: Removal): Promise<void> {
  const { api, settings, context, signal } = removal;
  const quoted = `${JSON.stringify(place.name)} -n ${JSON.stringify(place.namespace)}`;
  const eviction = {
    apiVersion: 'policy/v1',
    kind: 'Eviction',
    metadata: { name: place.name, namespace: place.namespace },
    deleteOptions: optionsOf(settings),
  };
  for (;;) {
    const suffix = settings.dryRun === 'server' ? ' (server dry run)' : '';
    context.out.write(`evicting pod ${place.namespace}/${place.name}${suffix}\n`);
    if (signal.aborted) throw new Failure(`error when evicting pods/${quoted}: ${messageOf(signal.reason)}`);
    try {
      await api.create({ ...place, subresource: 'eviction' }, eviction);
      break;
    } catch (error) {
      if (isApiError(error, 'NotFound')) return;
      if (!isApiError(error, 'TooManyRequests'))
        throw new Failure(`error when evicting pods/${quoted}: ${messageOf(error)}`, { cause: error });
      context.err.write(`error when evicting pods/${quoted} (will retry after 5s): ${error.message}\n`);
      await context.clock.sleep(EVICTION_RETRY_MS, context.signal);
    }
  }
  if (settings.dryRun === 'server') return;
  try {
    await waitUntilGone(api, place, text(pod, 'metadata', 'uid'), signal);
  } catch (error) {
    const name = `${JSON.stringify(place.name)} in namespace ${JSON.stringify(place.namespace)}`;
    const reason = messageOf(signal.aborted ? signal.reason : error);
    throw new Failure(`error when waiting for pod ${name} to terminate: ${reason}`, { cause: error });
  }
  context.out.write(`pod/${place.name} evicted\n`);
}

async function deletePod(pod: JsonObject, place: Place, removal: Removal): Promise<void> {
  const { api, settings, context, signal } = removal;
  try {
    await api.delete(place, optionsOf(settings));
  } catch (error) {
    if (!isApiError(error, 'NotFound')) throw error;
  }
  if (settings.dryRun === 'server') return;
  try {
    await waitUntilGone(api, place, text(pod, 'metadata', 'uid'), signal);
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  }
  context.out.write(`pod/${place.name} deleted\n`);
}
