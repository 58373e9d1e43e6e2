// Watches every kind that can be garbage-collected, also kinds that appear later (custom resources). Kinds that other
// controllers of this process watch are shared with them; of all others only the metadata is kept.
import type { KubeObject, ResourceType } from '../../api/schema/resource-type.ts';
import { discoverResources, type DiscoveredResource } from '../../client/discovery.ts';
import { createInformer, type Handlers, type Informer } from '../../client/informer.ts';
import type { ControllerContext } from '../context.ts';
import { groupOf } from './graph.ts';

/** Events have no owners worth following and are too many to watch. */
const IGNORED: ReadonlySet<string> = new Set(['/events', 'events.k8s.io/events']);

interface Monitor {
  readonly informer: Informer<KubeObject>;
  readonly unwatched: (object: KubeObject) => void;
  stop(): void;
}

export interface MonitorHandlers extends Handlers<KubeObject> {
  /** Its kind is not watched any more (in this version); the object itself may be there still. */
  readonly unwatched: (object: KubeObject) => void;
}

export class Monitors {
  readonly #context: ControllerContext;
  readonly #handlersFor: (type: ResourceType<KubeObject>) => MonitorHandlers;
  readonly #monitors = new Map<string, Monitor>();
  readonly #running = new Set<Promise<void>>();
  readonly #refreshed = Promise.withResolvers<void>();
  /** By group and kind, for looking up what an ownerReference names. */
  #types = new Map<string, ResourceType<KubeObject>>();

  constructor(context: ControllerContext, handlersFor: (type: ResourceType<KubeObject>) => MonitorHandlers) {
    this.#context = context;
    this.#handlersFor = handlersFor;
  }

  /** Resolves when all kinds that are served have been listed once. */
  async synced(signal: AbortSignal): Promise<void> {
    await this.#refreshed.promise;
    await Promise.all([...this.#monitors.values()].map(({ informer }) => informer.synced(signal)));
  }

  /** Undefined: the server serves no such kind, or not yet. */
  typeOf(reference: { readonly apiVersion: string; readonly kind: string }): ResourceType<KubeObject> | undefined {
    return this.#types.get(`${groupOf(reference.apiVersion)}/${reference.kind}`);
  }

  /** Starts and stops watches until they are those of what the server serves now. */
  async refresh(signal: AbortSignal): Promise<void> {
    const { resources, failures } = await discoverResources(this.#context.client.transport, signal);
    this.#types = new Map(resources.map(({ type }) => [`${type.group}/${type.kind}`, type]));
    const wanted = new Map(resources.filter(isCollectable).map(({ type }) => [idOf(type), type]));
    for (const [id, monitor] of this.#monitors) {
      // A group that could not be asked may be there still.
      if (wanted.has(id) || failures.length > 0) continue;
      monitor.stop();
      this.#monitors.delete(id);
      for (const object of monitor.informer.store.list()) monitor.unwatched(object);
    }
    for (const [id, type] of wanted) if (!this.#monitors.has(id)) this.#monitors.set(id, this.#start(type, signal));
    this.#refreshed.resolve();
  }

  /** Ends all watches. */
  async close(): Promise<void> {
    for (const monitor of this.#monitors.values()) monitor.stop();
    this.#monitors.clear();
    await Promise.all(this.#running);
  }

  #start(type: ResourceType<KubeObject>, signal: AbortSignal): Monitor {
    const { client, informers, clock, random, log } = this.#context;
    const shared = informers.known(type);
    if (shared !== undefined) return this.#listen(type, shared, () => undefined);
    const stop = new AbortController();
    const informer = createInformer(client.resource(type), { clock, random, log, transform: metadataOnly });
    const running = informer.run(AbortSignal.any([signal, stop.signal]));
    this.#running.add(running);
    void running.finally(() => this.#running.delete(running));
    return this.#listen(type, informer, () => stop.abort());
  }

  #listen(type: ResourceType<KubeObject>, informer: Informer<KubeObject>, stop: () => void): Monitor {
    const handlers = this.#handlersFor(type);
    const listening = informer.on(handlers);
    return {
      informer,
      unwatched: handlers.unwatched,
      stop: () => {
        listening[Symbol.dispose]();
        stop();
      },
    };
  }
}

function isCollectable({ type, verbs }: DiscoveredResource): boolean {
  return ['delete', 'list', 'watch'].every((verb) => verbs.has(verb)) && !IGNORED.has(`${type.group}/${type.resource}`);
}

function idOf(type: ResourceType<KubeObject>): string {
  return `${type.group}/${type.version}/${type.resource}`;
}

/** What the garbage collector reads of an object. */
function metadataOnly(object: KubeObject): KubeObject {
  const { apiVersion, kind } = object;
  const { labels: _labels, annotations: _annotations, managedFields: _managedFields, ...metadata } = object.metadata;
  return { apiVersion, kind, metadata };
}
