// The scheduler: watches pods and nodes, decides where each waiting pod goes, binds it, and says why when it cannot.
// Decisions are made one after another, each counting with all before it; bindings run beside them, many at once. Nothing
// is kept that could not be learnt anew from the API server: it may be killed at any moment and started again.
import type { Registry } from 'prom-client';
import type { Pod } from '../api/schema/generated/core.v1.gen.ts';
import { namespaces, nodes, podDisruptionBudgets, pods } from '../api/resources.ts';
import type { Clock, Random } from '../clock/clock.ts';
import type { Client } from '../client/client.ts';
import { createInformer, type Informer } from '../client/informer.ts';
import type { KubeObject } from '../api/schema/resource-type.ts';
import type { Logger } from '../logging/logger.ts';
import { ClusterWatch } from './cluster-watch.ts';
import { defaultProfile } from './framework/default-profile.ts';
import type { Profile } from './framework/profile.ts';
import { PodScheduling } from './pod-scheduling.ts';
import type { BackoffRules } from './queue/scheduling-queue.ts';

export interface SchedulerOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Default: one profile named default-scheduler, which packs. */
  readonly profiles?: readonly Profile[];
  /** Where the metrics are registered; none are kept without it. */
  readonly metrics?: Registry;
  /** How long pods wait after failed attempts; Kubernetes' 1 s to 10 s without it. */
  readonly backoff?: BackoffRules;
  /** Named in events as where they come from. */
  readonly host?: string;
  /** Told once the first lists are in and decisions begin; `pods`: all that are not done, at any time from then on. */
  readonly onReady?: (pods: () => readonly Pod[]) => void;
}

/** Runs until `signal`; resolves when the bindings under way then have ended. */
export async function runScheduler(options: SchedulerOptions, signal: AbortSignal): Promise<void> {
  const { client, clock, random, log } = options;
  const stop = new AbortController();
  const stopped = AbortSignal.any([signal, stop.signal]);
  const context = { clock, random, log };
  const budgetInformer = createInformer(client.resource(podDisruptionBudgets), context);
  const budgets = () => budgetInformer.store.list();
  const scheduling = new PodScheduling(
    { ...options, profiles: options.profiles ?? [defaultProfile()], budgets },
    stopped,
  );
  const watch = new ClusterWatch(scheduling.watchedParts);
  const podInformer = createInformer(client.resource(pods), {
    ...context,
    fieldSelector: 'status.phase!=Succeeded,status.phase!=Failed',
  });
  const nodeInformer = createInformer(client.resource(nodes), context);
  const namespaceInformer = createInformer(client.resource(namespaces), context);
  nodeInformer.on({
    added: (node) => watch.nodeSeen(node, undefined),
    changed: (node, before) => watch.nodeSeen(node, before),
    deleted: (node) => watch.nodeGone(node),
  });
  namespaceInformer.on({
    added: (namespace) => watch.namespaceSeen(namespace),
    changed: (namespace) => watch.namespaceSeen(namespace),
    deleted: (namespace) => watch.namespaceGone(namespace),
  });
  podInformer.on({
    added: (pod) => watch.podSeen(pod),
    changed: (pod, before) => {
      if (before.metadata.uid !== pod.metadata.uid) watch.podGone(before);
      watch.podSeen(pod);
    },
    deleted: (pod) => watch.podGone(pod),
  });
  const informers: readonly Pick<Informer<KubeObject>, 'run' | 'synced'>[] = [
    podInformer,
    nodeInformer,
    namespaceInformer,
    budgetInformer,
  ];
  const running = informers.map((informer) => informer.run(stopped));
  try {
    await Promise.all(informers.map((informer) => informer.synced(stopped)));
    log.info('scheduling', { nodes: scheduling.nodeCount });
    options.onReady?.(() => podInformer.store.list());
    await scheduling.run((key) => podInformer.store.get(key));
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    stop.abort(new Error('the scheduler has stopped'));
    await Promise.all([...running, scheduling.close()]);
  }
}
