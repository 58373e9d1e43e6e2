// Keeps the Endpoints object of every Service with a selector in step with its pods, for clients that do not read
// EndpointSlices yet.
import { isApiError } from '../../api/meta/status.ts';
import { endpoints } from '../../api/resources.ts';
import type { Endpoints, Service } from '../../api/schema/generated/core.v1.gen.ts';
import { keyOf, parseKey } from '../../client/object-store.ts';
import { controllerQueue, runWorkers, type Controller, type ControllerContext } from '../context.ts';
import { isNamespaceTerminating } from '../namespace-terminating.ts';
import { OwnWrites } from '../own-writes.ts';
import { hasManagedBackends } from '../service-backends.ts';
import { watchServices } from '../service-watch.ts';
import { MANAGED_BY, MANAGER, planEndpoints, type EndpointsPlan } from './reconcile.ts';

export function endpointsController(context: ControllerContext, options: { readonly workers: number }): Controller {
  const name = 'endpoints-controller';
  const queue = controllerQueue(context, 'endpoint');
  const recorder = context.recorder('endpoint-controller');
  const client = context.client.resource(endpoints);
  const watch = watchServices(context, (key) => queue.add(key));
  const informer = context.informers.of(endpoints);
  const ownWrites = new OwnWrites(informer.store);
  informer.on({
    added: (object, initial) => {
      ownWrites.seen(object);
      // Left over from Services that were deleted while nobody looked.
      if (initial) queue.add(keyOf(object));
    },
    changed: (object) => {
      ownWrites.seen(object);
      queue.add(keyOf(object));
    },
    deleted: (object) => {
      ownWrites.gone(object);
      queue.add(keyOf(object));
    },
  });

  async function sync(key: string, signal: AbortSignal): Promise<void> {
    const service = watch.services.store.get(key);
    const current = ownWrites.latest(key);
    if (service === undefined) return await removeLeftOver(key, current, signal);
    if (!hasManagedBackends(service)) return;
    const plan = planEndpoints(service, watch.podsOf(service), current);
    if (plan !== undefined) await write(service, current, plan, signal);
  }

  async function removeLeftOver(key: string, current: Endpoints | undefined, signal: AbortSignal): Promise<void> {
    // Endpoints that people made by hand, without a Service, are theirs.
    if (current?.metadata.labels?.[MANAGED_BY] !== MANAGER) return;
    try {
      await client.delete(parseKey(key), { preconditions: { uid: current.metadata.uid } }, signal);
    } catch (error) {
      if (!isApiError(error, 'NotFound') && !isApiError(error, 'Conflict')) throw error;
    }
  }

  async function write(
    service: Service,
    current: Endpoints | undefined,
    plan: EndpointsPlan,
    signal: AbortSignal,
  ): Promise<void> {
    const meta = { labels: { ...plan.labels }, annotations: { ...plan.annotations } };
    const { namespace } = service.metadata;
    try {
      if (current === undefined) {
        const metadata = { namespace, name: service.metadata.name, ...meta };
        const draft = { apiVersion: 'v1', kind: 'Endpoints', metadata, subsets: plan.subsets };
        ownWrites.wrote(await client.create(draft, {}, signal));
      } else {
        const metadata = { ...current.metadata, ...meta };
        ownWrites.wrote(await client.update({ ...current, metadata, subsets: plan.subsets }, {}, signal));
      }
    } catch (error) {
      if (isNamespaceTerminating(error)) return;
      if (isApiError(error) && error.reason !== 'Conflict' && error.reason !== 'AlreadyExists') {
        const what = current === undefined ? 'create endpoint for service' : 'update endpoint';
        recorder.record(service, {
          type: 'Warning',
          reason: current === undefined ? 'FailedToCreateEndpoint' : 'FailedToUpdateEndpoint',
          message: `Failed to ${what} ${namespace}/${service.metadata.name}: ${error.message}`,
        });
      }
      throw error;
    }
  }

  return {
    name,
    run: (signal) => runWorkers({ name, queue, workers: options.workers, log: context.log, sync }, signal),
  };
}
