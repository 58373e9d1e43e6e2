// ConfigMaps and Secrets that pods of this node use, each watched by name for as long as a pod needs it: a kubelet must not
// read what no pod of its node refers to. Tells which pods are concerned when one changes.
import { configMaps, secrets } from '../../api/resources.ts';
import type { ConfigMap, Secret } from '../../api/schema/generated/core.v1.gen.ts';
import type { KubeObject, ResourceType } from '../../api/schema/resource-type.ts';
import type { Client } from '../../client/client.ts';
import { createInformer, type Informer } from '../../client/informer.ts';
import type { Clock, Random } from '../../clock/clock.ts';
import type { Logger } from '../../logging/logger.ts';

export interface ObjectNeed {
  readonly kind: 'ConfigMap' | 'Secret';
  readonly namespace: string;
  readonly name: string;
}

interface Watched<T extends KubeObject> {
  readonly informer: Informer<T>;
  readonly users: Set<string>;
  readonly stop: AbortController;
  readonly done: Promise<void>;
}

export interface ObjectCacheOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Called with the uid of each pod that uses a changed object. */
  readonly changed: (uid: string) => void;
}

export class ObjectCache {
  readonly #options: ObjectCacheOptions;
  readonly #configMaps = new Map<string, Watched<ConfigMap>>();
  readonly #secrets = new Map<string, Watched<Secret>>();

  constructor(options: ObjectCacheOptions) {
    this.#options = options;
  }

  /** From now on these, and only these, are kept for the pod. Resolves when all of them have been read. */
  async need(uid: string, needs: readonly ObjectNeed[], signal: AbortSignal): Promise<void> {
    const wanted = new Set(needs.map(keyOf));
    const reads: Promise<void>[] = [];
    for (const need of needs) {
      const watched =
        need.kind === 'ConfigMap'
          ? this.#use(this.#configMaps, configMaps, need)
          : this.#use(this.#secrets, secrets, need);
      watched.users.add(uid);
      reads.push(watched.informer.synced(signal));
    }
    this.#release(this.#configMaps, uid, wanted);
    this.#release(this.#secrets, uid, wanted);
    await Promise.all(reads);
  }

  forget(uid: string): void {
    this.#release(this.#configMaps, uid, new Set());
    this.#release(this.#secrets, uid, new Set());
  }

  configMap(namespace: string, name: string): ConfigMap | undefined {
    return this.#configMaps.get(keyOf({ kind: 'ConfigMap', namespace, name }))?.informer.store.get({ namespace, name });
  }

  secret(namespace: string, name: string): Secret | undefined {
    return this.#secrets.get(keyOf({ kind: 'Secret', namespace, name }))?.informer.store.get({ namespace, name });
  }

  /** Ends all watches. */
  async close(): Promise<void> {
    const all = [...this.#configMaps.values(), ...this.#secrets.values()];
    for (const { stop } of all) stop.abort(new Error('the kubelet stops'));
    await Promise.all(all.map(({ done }) => done));
  }

  #use<T extends KubeObject>(map: Map<string, Watched<T>>, type: ResourceType<T>, need: ObjectNeed): Watched<T> {
    const key = keyOf(need);
    const known = map.get(key);
    if (known !== undefined) return known;
    const { client, clock, random, log, changed } = this.#options;
    const informer = createInformer(client.resource(type), {
      namespace: need.namespace,
      fieldSelector: `metadata.name=${need.name}`,
      clock,
      random,
      log,
    });
    const stop = new AbortController();
    const users = new Set<string>();
    const tell = () => {
      for (const uid of users) changed(uid);
    };
    informer.on({ added: tell, changed: tell, deleted: tell });
    const watched = { informer, users, stop, done: informer.run(stop.signal) };
    map.set(key, watched);
    return watched;
  }

  #release<T extends KubeObject>(map: Map<string, Watched<T>>, uid: string, wanted: ReadonlySet<string>): void {
    for (const [key, watched] of map) {
      if (wanted.has(key)) continue;
      watched.users.delete(uid);
      if (watched.users.size > 0) continue;
      map.delete(key);
      watched.stop.abort(new Error('no pod needs it any more'));
    }
  }
}

function keyOf({ kind, namespace, name }: ObjectNeed): string {
  return `${kind}/${namespace}/${name}`;
}
