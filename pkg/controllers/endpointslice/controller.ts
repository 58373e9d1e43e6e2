// Keeps the EndpointSlices of every Service with a selector in step with its pods.
import { isApiError } from '../../api/meta/status.ts';
import { endpointSlices, nodes } from '../../api/resources.ts';
import type { EndpointSlice } from '../../api/schema/generated/discovery.v1.gen.ts';
import { keyText } from '../../client/object-store.ts';
import { controllerQueue, runWorkers, type Controller, type ControllerContext } from '../context.ts';
import { isNamespaceTerminating } from '../namespace-terminating.ts';
import { OwnWrites } from '../own-writes.ts';
import { hasManagedBackends } from '../service-backends.ts';
import { watchServices } from '../service-watch.ts';
import { MANAGED_BY, MANAGER, SERVICE_NAME, planSlices } from './reconcile.ts';

export const SERVICE_INDEX = 'service';

/** `namespace/name` of the Service that a slice belongs to. */
export function serviceOfSlice(slice: EndpointSlice): readonly string[] {
  const name = slice.metadata.labels?.[SERVICE_NAME];
  return name === undefined ? [] : [keyText({ namespace: slice.metadata.namespace, name })];
}

export function endpointSliceController(context: ControllerContext, options: { readonly workers: number }): Controller {
  const name = 'endpointslice-controller';
  const queue = controllerQueue(context, 'endpoint_slice');
  const recorder = context.recorder('endpoint-slice-controller');
  const sliceClient = context.client.resource(endpointSlices);
  const watch = watchServices(context, (key) => queue.add(key));
  const nodeInformer = context.informers.of(nodes);
  const sliceInformer = context.informers.of(endpointSlices, { [SERVICE_INDEX]: serviceOfSlice });
  const ownWrites = new OwnWrites(sliceInformer.store);
  const isManaged = (slice: EndpointSlice) => slice.metadata.labels?.[MANAGED_BY] === MANAGER;
  const enqueue = (slice: EndpointSlice) => {
    if (isManaged(slice)) for (const key of serviceOfSlice(slice)) queue.add(key);
  };
  sliceInformer.on({
    added: (slice, initial) => {
      ownWrites.seen(slice);
      // At the start every Service is looked at anyway.
      if (!initial) enqueue(slice);
    },
    changed: (slice, before) => {
      ownWrites.seen(slice);
      enqueue(before);
      enqueue(slice);
    },
    deleted: (slice) => {
      ownWrites.gone(slice);
      enqueue(slice);
    },
  });
  nodeInformer.on({
    // Pods may have waited for their node to be known, or carry its zone.
    added: (_node, initial) => (initial ? undefined : enqueueWaiting()),
  });
  const waitingForNodes = new Set<string>();
  function enqueueWaiting(): void {
    for (const key of waitingForNodes) queue.add(key);
    waitingForNodes.clear();
  }

  async function sync(key: string, signal: AbortSignal): Promise<void> {
    const service = watch.services.store.get(key);
    waitingForNodes.delete(key);
    // The slices of a deleted Service are collected with it.
    if (service === undefined || service.metadata.deletionTimestamp !== undefined) return;
    if (!hasManagedBackends(service)) return;
    const belongs = (slice: EndpointSlice) => isManaged(slice) && serviceOfSlice(slice).includes(key);
    const slices = ownWrites.merge(sliceInformer.store.byIndex(SERVICE_INDEX, key).filter(isManaged), belongs);
    const plan = planSlices(service, watch.podsOf(service), slices, (node) => nodeInformer.store.get(node));
    if (plan.withoutNode.length > 0) waitingForNodes.add(key);
    try {
      // Updates and creates before deletions: no endpoint is missing in between.
      for (const slice of plan.update) await ownWrites.update(slice, () => sliceClient.update(slice, {}, signal));
      for (const slice of plan.create) ownWrites.wrote(await sliceClient.create(slice, {}, signal));
    } catch (error) {
      if (isNamespaceTerminating(error)) return;
      if (isApiError(error) && error.reason !== 'Conflict') {
        const message = `Error updating Endpoint Slices for Service ${key}: ${error.message}`;
        recorder.record(service, { type: 'Warning', reason: 'FailedToUpdateEndpointSlices', message });
      }
      throw error;
    }
    for (const slice of plan.remove) await remove(slice, signal);
  }

  async function remove(slice: EndpointSlice, signal: AbortSignal): Promise<void> {
    try {
      await sliceClient.delete(slice.metadata, { preconditions: { uid: slice.metadata.uid } }, signal);
    } catch (error) {
      if (!isApiError(error, 'NotFound') && !isApiError(error, 'Conflict')) throw error;
    }
    ownWrites.deleted(slice);
  }

  return {
    name,
    run: (signal) => runWorkers({ name, queue, workers: options.workers, log: context.log, sync }, signal),
  };
}
