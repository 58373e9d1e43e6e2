// Lets deleted PersistentVolumes go as soon as no claim is bound to them, by taking off the finalizer that protects them.
import { isApiError } from '../../api/meta/status.ts';
import { persistentVolumes } from '../../api/resources.ts';
import type { PersistentVolume } from '../../api/schema/generated/core.v1.gen.ts';
import { keyOf } from '../../client/object-store.ts';
import { controllerQueue, runWorkers, type Controller, type ControllerContext } from '../context.ts';
import { nextVolume } from './reconcile.ts';

export function pvProtectionController(context: ControllerContext, options: { readonly workers: number }): Controller {
  const name = 'persistentvolume-protection-controller';
  const queue = controllerQueue(context, 'pvprotection');
  const client = context.client.resource(persistentVolumes);
  const volumes = context.informers.of(persistentVolumes);
  const enqueue = (volume: PersistentVolume) => {
    if (nextVolume(volume) !== undefined) queue.add(keyOf(volume));
  };
  volumes.on({ added: enqueue, changed: enqueue });

  async function sync(key: string, signal: AbortSignal): Promise<void> {
    const volume = volumes.store.get(key);
    const next = volume === undefined ? undefined : nextVolume(volume);
    if (next === undefined) return;
    try {
      await client.update(next, {}, signal);
    } catch (error) {
      if (!isApiError(error, 'NotFound')) throw error;
    }
  }

  return {
    name,
    run: (signal) => runWorkers({ name, queue, workers: options.workers, log: context.log, sync }, signal),
  };
}
