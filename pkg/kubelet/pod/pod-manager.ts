// All pods of this node, each with its worker: from the API server what is wanted, from the runtime what happened. Pods that the
// runtime has and the API server does not know are taken down. Nothing is taken down before the first full list of pods.
import { pods } from '../../api/resources.ts';
import type { Pod } from '../../api/schema/generated/core.v1.gen.ts';
import { createInformer, type Informer } from '../../client/informer.ts';
import { RuntimeError, type ObservedPod } from '../runtime/runtime.ts';
import { admit, type AdmittingNode } from './admission.ts';
import { hasFinished, isTerminating } from './containers.ts';
import type { EndVerdict } from './deadline.ts';
import type { PodContext } from './pod-context.ts';
import { PodWorker } from './pod-worker.ts';

/** Events are the quick way; this often everything is looked at in case one was missed. */
const RELIST_MS = 60_000;
const RECONNECT_MS = 1_000;

interface Running {
  readonly worker: PodWorker;
  readonly done: Promise<void>;
}

export interface PodManagerOptions {
  readonly context: PodContext;
  readonly node: () => AdmittingNode;
  /** Why no pod of this kind can be had now, whatever it asks for. */
  readonly refusal: (pod: Pod) => EndVerdict | undefined;
  /** The connection to the engine was lost or came back. */
  readonly runtimeChanged: () => void;
}

export class PodManager {
  readonly #context: PodContext;
  readonly #options: PodManagerOptions;
  readonly #informer: Informer<Pod>;
  readonly #workers = new Map<string, Running>();
  #found = new Map<string, ObservedPod>();

  constructor(options: PodManagerOptions) {
    this.#options = options;
    this.#context = options.context;
    const { client, clock, random, log, node } = options.context;
    this.#informer = createInformer(client.resource(pods), {
      fieldSelector: `spec.nodeName=${node.name}`,
      clock,
      random,
      log,
    });
  }

  /** By uid. */
  worker(uid: string): PodWorker | undefined {
    return this.#workers.get(uid)?.worker;
  }

  /** What the kubelet's server calls a pod: of several of a name the newest, the others are being taken down. */
  workerNamed(namespace: string, name: string): PodWorker | undefined {
    return this.workers().findLast(
      ({ pod: { metadata } }) => metadata.name === name && metadata.namespace === namespace,
    );
  }

  workers(): PodWorker[] {
    return [...this.#workers.values()].map(({ worker }) => worker);
  }

  pods(): Pod[] {
    return [...this.#workers.values()].map(({ worker }) => worker.pod);
  }

  touch(uid: string, what: 'started' | 'runtime' | 'objects' | 'probe'): void {
    this.#workers.get(uid)?.worker.touch(what);
  }

  /** Until `signal`; containers stay as they are then. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#firstList(signal);
    this.#informer.on({
      added: (pod) => this.#wanted(pod, signal),
      changed: (pod) => this.#wanted(pod, signal),
      deleted: (pod) => this.#workers.get(pod.metadata.uid)?.worker.removed(pod),
    });
    await Promise.all([this.#informer.run(signal), this.#watchRuntime(signal), this.#clean(signal)]);
    await Promise.all([...this.#workers.values()].map(({ done }) => done));
  }

  /** What runs already is known before the first worker decides: it is adopted. */
  async #firstList(signal: AbortSignal): Promise<void> {
    const { runtime, clock, log } = this.#context;
    while (!signal.aborted) {
      try {
        const found = await runtime.listPods(signal);
        this.#found = new Map(found.map((pod) => [pod.pod.uid, pod]));
        return;
      } catch (error) {
        if (signal.aborted || !(error instanceof RuntimeError)) throw error;
        log.warn('the container runtime does not answer yet', { error });
        await clock.sleep(RECONNECT_MS, signal);
      }
    }
  }

  #wanted(pod: Pod, signal: AbortSignal): void {
    const known = this.#workers.get(pod.metadata.uid);
    if (known !== undefined) return known.worker.update(pod);
    const found = this.#found.get(pod.metadata.uid);
    this.#found.delete(pod.metadata.uid);
    const { node, refusal } = this.#options;
    const isNew = found === undefined && !hasFinished(pod) && !isTerminating(pod);
    const verdict = isNew ? (refusal(pod) ?? admit(pod, this.active(pod.metadata.uid), node())) : undefined;
    this.#begin(new PodWorker(pod, found, verdict, this.#context), signal);
  }

  /** The pods that have a place on this node: those that were refused or are over have none. */
  active(except: string): Pod[] {
    return [...this.#workers.values()]
      .filter(({ worker }) => worker.uid !== except && !worker.isOver)
      .map(({ worker }) => worker.given);
  }

  #begin(worker: PodWorker, signal: AbortSignal): void {
    const done = worker.run(signal).finally(() => {
      if (this.#workers.get(worker.uid)?.worker === worker) this.#workers.delete(worker.uid);
      for (const { worker: other } of this.#workers.values()) if (other.waitsForRoom) other.touch('runtime');
    });
    this.#workers.set(worker.uid, { worker, done });
  }

  async #watchRuntime(signal: AbortSignal): Promise<void> {
    const { runtime, clock, log } = this.#context;
    while (!signal.aborted) {
      try {
        const events = await runtime.events(signal);
        this.#options.runtimeChanged();
        this.touchAll('runtime'); // what happened while nobody listened
        for await (const { pod, type } of events) {
          this.touch(pod.uid, type === 'started' ? 'started' : 'runtime');
        }
      } catch (error) {
        if (signal.aborted) return;
        log.warn('events of the container runtime broke off', { error });
        this.#options.runtimeChanged();
        await clock.sleep(RECONNECT_MS, signal).catch(() => undefined); // rejects only when stopping
      }
    }
  }

  touchAll(what: 'runtime' | 'objects'): void {
    for (const { worker } of this.#workers.values()) worker.touch(what);
  }

  /** The slow net under the events, and the end of what belongs to no pod. */
  async #clean(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#context;
    try {
      await this.#informer.synced(signal);
      while (!signal.aborted) {
        await this.#removeOrphans(signal).catch((error: unknown) => {
          if (!signal.aborted) log.warn('clean-up failed', { error });
        });
        await clock.sleep(RELIST_MS, signal);
        this.touchAll('runtime');
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  async #removeOrphans(signal: AbortSignal): Promise<void> {
    const { runtime, volumes, log } = this.#context;
    // Order matters: a pod that comes after the list of what is there is not in it.
    const [observed, directories] = await Promise.all([runtime.listPods(signal), volumes.podsOnDisk()]);
    // What cannot be removed now must not keep the rest; it is tried again the next time.
    const attempt = async (uid: string, remove: () => Promise<void>) => {
      try {
        await remove();
      } catch (error) {
        signal.throwIfAborted();
        log.warn('left-overs of a pod could not be removed', { uid, error });
      }
    };
    const isWanted = (uid: string) => this.#workers.has(uid) || this.#hasObject(uid);
    for (const { pod, containers, sandboxes } of observed) {
      if (isWanted(pod.uid)) continue;
      log.info('removing a pod that is not wanted', { pod: `${pod.namespace}/${pod.name}`, uid: pod.uid });
      await attempt(pod.uid, async () => {
        await Promise.all(containers.map(({ id }) => runtime.stopContainer(id, ORPHAN_GRACE_SECONDS, signal)));
        await Promise.all(containers.map(({ id }) => runtime.removeContainer(id, signal)));
        await Promise.all(sandboxes.map(({ id }) => runtime.removePodSandbox(id, signal)));
      });
    }
    for (const uid of directories) if (!isWanted(uid)) await attempt(uid, () => volumes.remove(uid));
    this.#found.clear();
  }

  #hasObject(uid: string): boolean {
    return this.#informer.store.list().some((pod) => pod.metadata.uid === uid);
  }
}

const ORPHAN_GRACE_SECONDS = 2;
