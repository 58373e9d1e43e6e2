// Deletes objects whose owners are gone, finishes foreground deletions and orphans dependents. Everything it does is
// guarded by the object's uid and version, so an outdated view ends in a conflict and another look, never in a wrong
// deletion; that an owner is absent is always asked of the server first.
import { isApiError } from '../../api/meta/status.ts';
import type { OwnerReference } from '../../api/schema/generated/meta.v1.gen.ts';
import { apiVersionOf } from '../../api/schema/resource-type.ts';
import { controllerQueue, runPeriodically, runWorkers, type Controller, type ControllerContext } from '../context.ts';
import { decide, type OwnerState } from './decide.ts';
import { ORPHAN, OwnerGraph, isTheOwner, isWaiting, ownersOf, type GraphNode } from './graph.ts';
import { Monitors } from './monitors.ts';
import { AbsentOwners } from './absent-owners.ts';

const DISCOVERY_INTERVAL_MS = 30_000;
/** An owner that is there but not among the watched objects is looked up again after this long. */
const UNWATCHED_OWNER_MS = 30_000;
/** A kind that cannot be listed for so long does not hold up all others. */
const LONGEST_SYNC_MS = 30_000;

export function garbageCollector(context: ControllerContext, options: { readonly workers: number }): Controller {
  const name = 'garbage-collector-controller';
  const { client, clock } = context;
  const queue = controllerQueue(context, 'garbage_collector');
  const recorder = context.recorder('garbage-collector-controller');
  const graph = new OwnerGraph();
  const absent = new AbsentOwners();
  const enqueue = (uids: readonly string[]) => uids.forEach((uid) => queue.add(uid));
  const monitors = new Monitors(context, (type) => {
    const apiVersion = apiVersionOf(type);
    return {
      added: ({ kind, metadata }) => enqueue(graph.put({ type, object: { apiVersion, kind, metadata } })),
      changed: ({ kind, metadata }) => enqueue(graph.put({ type, object: { apiVersion, kind, metadata } })),
      deleted: ({ metadata }) => {
        absent.add(metadata);
        enqueue(graph.remove(metadata.uid));
      },
      unwatched: ({ metadata }) => enqueue(graph.remove(metadata.uid)),
    };
  });

  async function sync(uid: string, signal: AbortSignal): Promise<void> {
    const node = graph.get(uid);
    if (node === undefined) return;
    const states = await ownerStates(node, signal);
    const decision = decide(node, graph.dependentsOf(uid), (owner) => states.get(owner.uid) ?? 'solid');
    const objects = client.resource(node.type);
    const { metadata } = node.object;
    const version = { uid, resourceVersion: metadata.resourceVersion };
    const patch = async (change: object): Promise<string> => {
      const patched = await objects.patch(metadata, { metadata: { ...version, ...change } }, 'merge', {}, signal);
      return patched.metadata.resourceVersion;
    };
    const removeFinalizer = (finalizer: string): Promise<void> => {
      const finalizers = (metadata.finalizers ?? []).filter((one) => one !== finalizer);
      return gone(node, () => patch({ finalizers }));
    };
    switch (decision.do) {
      case 'nothing':
        return;
      case 'visit':
        return enqueue(decision.uids);
      case 'delete':
        return await gone(node, () => remove(node, decision.policy, metadata.resourceVersion, signal));
      case 'drop-owners': {
        const ownerReferences = ownersOf(node).filter((owner) => !decision.uids.includes(owner.uid));
        return await gone(node, () => patch({ ownerReferences }));
      }
      case 'unblock-and-delete': {
        const ownerReferences = ownersOf(node).map((owner) => ({ ...owner, blockOwnerDeletion: false }));
        return await gone(node, async () => {
          await remove(node, 'Foreground', await patch({ ownerReferences }), signal);
        });
      }
      case 'orphan': {
        const results = await Promise.allSettled(decision.dependents.map((one) => disown(one, uid, signal)));
        const failed = results.find((result) => result.status === 'rejected');
        if (failed !== undefined) throw new Error(`orphaning dependents of ${metadata.name}`, { cause: failed.reason });
        return await removeFinalizer(ORPHAN);
      }
      case 'remove-finalizer':
        return await removeFinalizer(decision.finalizer);
    }
  }

  async function remove(
    node: GraphNode,
    propagationPolicy: 'Background' | 'Foreground' | 'Orphan',
    resourceVersion: string,
    signal: AbortSignal,
  ): Promise<void> {
    const { metadata } = node.object;
    const preconditions = { uid: metadata.uid, resourceVersion };
    await client.resource(node.type).delete(metadata, { propagationPolicy, preconditions }, signal);
  }

  /** Takes the reference to an owner out of a dependent, however stale our view of the dependent is. */
  async function disown(node: GraphNode, owner: string, signal: AbortSignal): Promise<void> {
    await gone(node, async () => {
      const objects = client.resource(node.type);
      const { metadata } = await objects.get(node.object.metadata, signal);
      if (metadata.uid !== node.object.metadata.uid) return;
      const ownerReferences = (metadata.ownerReferences ?? []).filter((one) => one.uid !== owner);
      const { uid, resourceVersion } = metadata;
      await objects.patch(metadata, { metadata: { uid, resourceVersion, ownerReferences } }, 'merge', {}, signal);
    });
  }

  /** That the object is gone, or another one stands in its place, is fine: the watch will say so as well. */
  async function gone(node: GraphNode, work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (isApiError(error, 'NotFound')) return;
      if (isApiError(error, 'Conflict')) {
        // Our view is old or the object is another one by now; when neither has shown soon, the retry asks again.
        if (graph.get(node.object.metadata.uid) === undefined) return;
      }
      throw error;
    }
  }

  async function ownerStates(node: GraphNode, signal: AbortSignal): Promise<Map<string, OwnerState>> {
    const states = new Map<string, OwnerState>();
    for (const owner of ownersOf(node)) states.set(owner.uid, await ownerState(node, owner, signal));
    return states;
  }

  async function ownerState(node: GraphNode, owner: OwnerReference, signal: AbortSignal): Promise<OwnerState> {
    const known = graph.get(owner.uid);
    if (known !== undefined && isTheOwner(known, owner, node)) return isWaiting(known) ? 'waiting' : 'solid';
    const { namespace } = node.object.metadata;
    const type = monitors.typeOf(owner);
    if (type === undefined) throw new Error(`no kind "${owner.kind}" is served in "${owner.apiVersion}"`);
    if (type.namespaced && namespace === undefined) {
      complain(node, owner, 'OwnerRefInvalidNamespace');
      return 'solid';
    }
    if (known !== undefined && known.object.metadata.namespace !== namespace) {
      complain(node, owner, 'OwnerRefInvalidNamespace');
    }
    const place = type.namespaced ? namespace : undefined;
    if (absent.has(owner, place)) return 'absent';
    try {
      const found = await client.resource(type).get({ namespace: place, name: owner.name }, signal);
      if (found.metadata.uid !== owner.uid) return 'absent';
      queue.addAfter(node.object.metadata.uid, UNWATCHED_OWNER_MS);
      return isWaiting({ type, object: found }) ? 'waiting' : 'solid';
    } catch (error) {
      if (!isApiError(error, 'NotFound')) throw error;
      absent.add({ uid: owner.uid, ...(place !== undefined && { namespace: place }) });
      return 'absent';
    }
  }

  function complain(node: GraphNode, owner: OwnerReference, reason: string): void {
    const { apiVersion, kind, name, uid } = owner;
    const message = `ownerRef [${apiVersion}/${kind}, namespace: ${node.object.metadata.namespace ?? ''}, name: ${name}, uid: ${uid}] does not exist in namespace "${node.object.metadata.namespace ?? ''}"`;
    recorder.record(node.object, { type: 'Warning', reason, message });
  }

  async function run(signal: AbortSignal): Promise<void> {
    const refreshing = runPeriodically(
      (stop) => monitors.refresh(stop),
      { name, intervalMs: DISCOVERY_INTERVAL_MS, clock, log: context.log },
      signal,
    );
    const waited = new AbortController();
    try {
      // Before everything is known, an owner that has yet to be listed would be asked of the server needlessly.
      await Promise.race([
        monitors.synced(signal),
        clock.sleep(LONGEST_SYNC_MS, AbortSignal.any([signal, waited.signal])),
      ]);
      waited.abort();
      await runWorkers({ name, queue, workers: options.workers, log: context.log, sync }, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      await refreshing;
      await monitors.close();
    }
  }

  return { name, run };
}
