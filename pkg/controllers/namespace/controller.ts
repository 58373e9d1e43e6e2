// Empties namespaces that are being deleted and then lets them go by taking the finalizer `kubernetes` away. Progress and
// what is in the way stand in the namespace's conditions.
import { isApiError } from '../../api/meta/status.ts';
import { instantOf } from '../../api/meta/time.ts';
import { namespaces, pods } from '../../api/resources.ts';
import type { Namespace } from '../../api/schema/generated/core.v1.gen.ts';
import { controllerQueue, runWorkers, type Controller, type ControllerContext } from '../context.ts';
import { deleteContents } from './contents.ts';
import { isEmptied, nextConditions, recheckAfterMs } from './reconcile.ts';

const FINALIZER = 'kubernetes';
/** Lets other API servers hear of the deletion, so that none of them creates something behind our back. */
const SETTLE_MS = 250;
const FIRST_LOOK_MS = 500;

export function namespaceController(context: ControllerContext, options: { readonly workers: number }): Controller {
  const name = 'namespace-controller';
  const { client, clock } = context;
  const queue = controllerQueue(context, 'namespace');
  const namespaceClient = client.resource(namespaces);
  const informer = context.informers.of(namespaces);
  const isDoomed = (namespace: Namespace | undefined) =>
    namespace?.metadata.deletionTimestamp !== undefined && (namespace.spec.finalizers ?? []).includes(FINALIZER);
  const look = (namespace: Namespace) => {
    if (isDoomed(namespace)) queue.addAfter(namespace.metadata.name, SETTLE_MS);
  };
  const waits = new Map<string, number>();
  informer.on({
    added: look,
    changed: (namespace, before) => (isDoomed(before) ? undefined : look(namespace)),
    deleted: ({ metadata }) => waits.delete(metadata.name),
  });
  context.informers.of(pods).on({
    // Pods are what deletion waits for most: the last one gone is the moment to go on.
    deleted: (pod) => {
      const namespace = informer.store.get(pod.metadata.namespace ?? '');
      if (namespace !== undefined && isDoomed(namespace)) queue.add(namespace.metadata.name);
    },
  });

  async function sync(key: string, signal: AbortSignal): Promise<void> {
    if (!isDoomed(informer.store.get(key))) return;
    let namespace = await current(key, signal);
    if (namespace === undefined || !isDoomed(namespace)) return;
    if (namespace.status?.phase !== 'Terminating') {
      const status = { ...namespace.status, phase: 'Terminating' };
      namespace = await namespaceClient.updateStatus({ ...namespace, status }, {}, signal);
    }
    const deletedAt = instantOf(namespace.metadata.deletionTimestamp) ?? clock.now();
    const report = await deleteContents(client, { name: key, deletedAt }, signal);
    const conditions = nextConditions(namespace, report, clock.now());
    if (conditions !== undefined) {
      const status = { ...namespace.status, conditions };
      namespace = await namespaceClient.updateStatus({ ...namespace, status }, {}, signal);
    }
    if (isEmptied(report)) return await letGo(namespace, signal);
    const pause = recheckAfterMs(report);
    if (pause === undefined) {
      throw new Error([...report.discoveryFailures, ...report.deletionFailures].join('; ') || 'contents remain');
    }
    // Grace periods and finalizers are often over sooner than they may take: look early first, then ever more rarely.
    const looks = waits.get(key) ?? 0;
    waits.set(key, looks + 1);
    queue.addAfter(key, Math.min(pause, FIRST_LOOK_MS * 2 ** looks));
  }

  async function current(key: string, signal: AbortSignal): Promise<Namespace | undefined> {
    try {
      return await namespaceClient.get({ name: key }, signal);
    } catch (error) {
      if (isApiError(error, 'NotFound')) return undefined;
      throw error;
    }
  }

  async function letGo(namespace: Namespace, signal: AbortSignal): Promise<void> {
    const finalizers = (namespace.spec.finalizers ?? []).filter((finalizer) => finalizer !== FINALIZER);
    try {
      const spec = { ...namespace.spec, finalizers };
      await namespaceClient.update({ ...namespace, spec }, { subresource: 'finalize' }, signal);
    } catch (error) {
      if (!isApiError(error, 'NotFound')) throw error;
    }
  }

  return {
    name,
    run: (signal) => runWorkers({ name, queue, workers: options.workers, log: context.log, sync }, signal),
  };
}
