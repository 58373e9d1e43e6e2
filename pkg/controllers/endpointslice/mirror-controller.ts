// Carries out mirror.ts: for every Endpoints object whose Service exists and has no selector.
import { isApiError } from '../../api/meta/status.ts';
import { endpointSlices, endpoints, services } from '../../api/resources.ts';
import type { EndpointSlice } from '../../api/schema/generated/discovery.v1.gen.ts';
import { keyOf } from '../../client/object-store.ts';
import { controllerQueue, runWorkers, type Controller, type ControllerContext } from '../context.ts';
import { isNamespaceTerminating } from '../namespace-terminating.ts';
import { OwnWrites } from '../own-writes.ts';
import { SERVICE_INDEX, serviceOfSlice } from './controller.ts';
import { MIRROR_MANAGER, isMirrored, planMirror } from './mirror.ts';
import { MANAGED_BY } from './reconcile.ts';

export function endpointSliceMirroringController(
  context: ControllerContext,
  options: { readonly workers: number },
): Controller {
  const name = 'endpointslice-mirroring-controller';
  const queue = controllerQueue(context, 'endpoint_slice_mirroring');
  const client = context.client.resource(endpointSlices);
  const serviceInformer = context.informers.of(services);
  const endpointsInformer = context.informers.of(endpoints);
  const sliceInformer = context.informers.of(endpointSlices, { [SERVICE_INDEX]: serviceOfSlice });
  const ownWrites = new OwnWrites(sliceInformer.store);
  const isMirror = (slice: EndpointSlice) => slice.metadata.labels?.[MANAGED_BY] === MIRROR_MANAGER;
  const enqueueSlice = (slice: EndpointSlice) => {
    if (isMirror(slice)) for (const key of serviceOfSlice(slice)) queue.add(key);
  };
  for (const informer of [serviceInformer, endpointsInformer]) {
    informer.on({
      added: (object) => queue.add(keyOf(object)),
      changed: (object) => queue.add(keyOf(object)),
      deleted: (object) => queue.add(keyOf(object)),
    });
  }
  sliceInformer.on({
    added: (slice, initial) => {
      ownWrites.seen(slice);
      if (!initial) enqueueSlice(slice);
    },
    changed: (slice) => {
      ownWrites.seen(slice);
      enqueueSlice(slice);
    },
    deleted: (slice) => {
      ownWrites.gone(slice);
      enqueueSlice(slice);
    },
  });

  async function sync(key: string, signal: AbortSignal): Promise<void> {
    const source = endpointsInformer.store.get(key);
    const service = serviceInformer.store.get(key);
    const belongs = (slice: EndpointSlice) => isMirror(slice) && serviceOfSlice(slice).includes(key);
    const slices = ownWrites.merge(sliceInformer.store.byIndex(SERVICE_INDEX, key).filter(isMirror), belongs);
    const wanted =
      source !== undefined && service !== undefined && service.spec.selector === undefined && isMirrored(source);
    const plan = wanted ? planMirror(source, slices) : { create: [], update: [], remove: slices };
    try {
      for (const slice of plan.update) await ownWrites.update(slice, () => client.update(slice, {}, signal));
      for (const slice of plan.create) ownWrites.wrote(await client.create(slice, {}, signal));
    } catch (error) {
      if (isNamespaceTerminating(error)) return;
      throw error;
    }
    for (const slice of plan.remove) {
      try {
        await client.delete(slice.metadata, { preconditions: { uid: slice.metadata.uid } }, signal);
      } catch (error) {
        if (!isApiError(error, 'NotFound') && !isApiError(error, 'Conflict')) throw error;
      }
      ownWrites.deleted(slice);
    }
  }

  return {
    name,
    run: (signal) => runWorkers({ name, queue, workers: options.workers, log: context.log, sync }, signal),
  };
}
