// An API server as far as the scheduler uses one, in memory: pods, nodes, namespaces and events, with watches, bindings and
// status patches. Calls can be made to fail once. For tests of the scheduler alone; the real server is tested end to end.
import type { Client, ListOptions, ObjectKey, ResourceClient, WatchEvent } from '../../client/client.ts';
import type { KubeObject, ResourceType } from '../../api/schema/resource-type.ts';
import { conflict, notFound } from '../../api/meta/status.ts';
import { pods } from '../../api/resources.ts';
import type { Event, Node, Pod } from '../../api/schema/generated/core.v1.gen.ts';

type Change = { readonly resource: string; readonly event: WatchEvent<KubeObject> };

export class MemoryApi {
  readonly #objects = new Map<string, KubeObject>();
  readonly #changes: Change[] = [];
  #more = Promise.withResolvers<void>();
  /** Consulted before each binding: an error thrown here is what the scheduler gets. */
  beforeBinding: (pod: Pod, nodeName: string) => void = () => undefined;
  afterBinding: (pod: Pod) => void = () => undefined;
  bindings = 0;

  readonly client: Client = {
    transport: {
      request: () => Promise.reject(new Error('not part of this')),
      watch: () => Promise.reject(new Error('not part of this')),
      stream: () => Promise.reject(new Error('not part of this')),
      connect: () => Promise.reject(new Error('not part of this')),
      close: () => Promise.resolve(),
    },
    // The test's own objects, stored under the type they are read with.
    resource: <T extends KubeObject>(type: ResourceType<T>) => this.#resource(type) as unknown as ResourceClient<T>,
  };

  put(resource: string, object: KubeObject): void {
    const key = keyOf(resource, object.metadata);
    const known = this.#objects.has(key);
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#changes.length + 1) } };
    this.#objects.set(key, stored);
    this.#tell({ resource, event: { type: known ? 'MODIFIED' : 'ADDED', object: stored } });
  }

  delete(resource: string, key: ObjectKey): void {
    const object = this.#objects.get(keyOf(resource, key));
    if (object === undefined) return;
    this.#objects.delete(keyOf(resource, key));
    this.#tell({ resource, event: { type: 'DELETED', object } });
  }

  pod(name: string): Pod {
    const found = this.#objects.get(keyOf('pods', { namespace: 'default', name }));
    if (found === undefined) throw notFound(pods, name);
    return found as Pod; // only pods are stored under this key
  }

  putNode(node: Node): void {
    this.put('nodes', node);
  }

  putPod(pod: Pod): void {
    this.put('pods', pod);
  }

  get events(): Event[] {
    return [...this.#objects].flatMap(([key, object]) => (key.startsWith('events ') ? [object as Event] : []));
  }

  #tell(change: Change): void {
    this.#changes.push(change);
    this.#more.resolve();
    this.#more = Promise.withResolvers<void>();
  }

  #resource(type: ResourceType<KubeObject>) {
    const { resource } = type;
    const get = (key: ObjectKey) => {
      const object = this.#objects.get(keyOf(resource, key));
      return object === undefined ? Promise.reject(notFound(type, key.name)) : Promise.resolve(object);
    };
    return {
      type,
      get,
      list: () => {
        const items = [...this.#objects].flatMap(([key, object]) => (key.startsWith(`${resource} `) ? [object] : []));
        return Promise.resolve({ items, resourceVersion: String(this.#changes.length), continue: undefined });
      },
      watch: (options: ListOptions, signal: AbortSignal) =>
        this.#watch(resource, Number(options.resourceVersion), signal),
      create: (object: KubeObject) => {
        this.put(resource, object);
        return Promise.resolve(object);
      },
      delete: (key: ObjectKey) => Promise.resolve(this.delete(resource, key)),
      patch: async (key: ObjectKey, patch: unknown) => {
        const object = await get(key);
        this.put(resource, withStatus(object as Pod, patch as Partial<Pod>)); // the scheduler patches pods' status only
        return object;
      },
      createSubresource: (key: ObjectKey, _: string, body: unknown) =>
        this.#bind(key, body as { target: { name: string } }),
    };
  }

  async #bind(key: ObjectKey, { target }: { target: { name: string } }): Promise<void> {
    const pod = this.pod(key.name);
    this.bindings++;
    this.beforeBinding(pod, target.name);
    if (pod.spec.nodeName) throw conflict(pods, key.name, `pod ${key.name} is already assigned to node`);
    this.putPod({ ...pod, spec: { ...pod.spec, nodeName: target.name } });
    this.afterBinding(pod);
    return Promise.resolve();
  }

  async *#watch(resource: string, from: number, signal: AbortSignal): AsyncGenerator<WatchEvent<KubeObject>> {
    const stopped = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    for (let at = from; !signal.aborted;) {
      const change = this.#changes[at];
      if (change === undefined) await Promise.race([this.#more.promise, stopped]);
      else {
        at++;
        if (change.resource === resource) yield change.event;
      }
    }
  }
}

function keyOf(resource: string, { namespace, name }: { namespace?: string; name: string }): string {
  return `${resource} ${namespace ?? ''}/${name}`;
}

function withStatus(pod: Pod, { status }: Partial<Pod>): Pod {
  const conditions = new Map((pod.status?.conditions ?? []).map((each) => [each.type, each]));
  for (const condition of status?.conditions ?? []) conditions.set(condition.type, condition);
  return { ...pod, status: { ...pod.status, ...status, conditions: [...conditions.values()] } };
}
