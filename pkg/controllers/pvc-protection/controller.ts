// Lets deleted PersistentVolumeClaims go as soon as no pod uses them, by taking off the finalizer that protects them. Before
// it does, it asks the server: a pod that got a node a moment ago may not have reached the informer.
import { isApiError } from '../../api/meta/status.ts';
import { persistentVolumeClaims, pods } from '../../api/resources.ts';
import type { PersistentVolumeClaim, Pod } from '../../api/schema/generated/core.v1.gen.ts';
import { keyOf } from '../../client/object-store.ts';
import { controllerQueue, runWorkers, type Controller, type ControllerContext } from '../context.ts';
import { finalizerStep, withFinalizer, withoutFinalizer } from './protection-finalizer.ts';
import { CLAIM_INDEX, claimIndex, mayFreeClaims, podUsesClaim, PVC_FINALIZER } from './reconcile.ts';

const PODS_PER_PAGE = 500;

export function pvcProtectionController(context: ControllerContext, options: { readonly workers: number }): Controller {
  const name = 'persistentvolumeclaim-protection-controller';
  const queue = controllerQueue(context, 'pvcprotection');
  const claimClient = context.client.resource(persistentVolumeClaims);
  const podClient = context.client.resource(pods);
  const claims = context.informers.of(persistentVolumeClaims);
  const podInformer = context.informers.of(pods, { [CLAIM_INDEX]: claimIndex });
  const enqueue = (claim: PersistentVolumeClaim) => {
    if (finalizerStep(claim, PVC_FINALIZER) !== 'none') queue.add(keyOf(claim));
  };
  const enqueueClaimsOf = (pod: Pod) => {
    for (const key of claimIndex(pod)) queue.add(key);
  };
  claims.on({ added: enqueue, changed: enqueue });
  podInformer.on({
    added: (pod) => {
      if (mayFreeClaims(pod)) enqueueClaimsOf(pod);
    },
    changed: (pod, before) => {
      // Deleted and made anew between two looks: what the old one used may be free now.
      if (before.metadata.uid !== pod.metadata.uid) enqueueClaimsOf(before);
      if (mayFreeClaims(pod)) enqueueClaimsOf(pod);
    },
    deleted: enqueueClaimsOf,
  });

  async function sync(key: string, signal: AbortSignal): Promise<void> {
    const claim = claims.store.get(key);
    if (claim === undefined) return;
    switch (finalizerStep(claim, PVC_FINALIZER)) {
      case 'none':
        return;
      case 'add':
        return await write(withFinalizer(claim, PVC_FINALIZER), signal);
      case 'remove-if-unused':
        if (await isUsed(claim, signal)) return;
        return await write(withoutFinalizer(claim, PVC_FINALIZER), signal);
    }
  }

  async function isUsed(claim: PersistentVolumeClaim, signal: AbortSignal): Promise<boolean> {
    if (podInformer.store.byIndex(CLAIM_INDEX, keyOf(claim)).some((pod) => podUsesClaim(pod, claim))) return true;
    const { namespace } = claim.metadata;
    let next: string | undefined;
    do {
      const page = await podClient.list({ namespace, limit: PODS_PER_PAGE, continue: next }, signal);
      if (page.items.some((pod) => podUsesClaim(pod, claim))) return true;
      next = page.continue;
    } while (next !== undefined && next !== '');
    return false;
  }

  async function write(claim: PersistentVolumeClaim, signal: AbortSignal): Promise<void> {
    try {
      await claimClient.update(claim, {}, signal);
    } catch (error) {
      if (!isApiError(error, 'NotFound')) throw error;
    }
  }

  return {
    name,
    run: (signal) => runWorkers({ name, queue, workers: options.workers, log: context.log, sync }, signal),
  };
}
