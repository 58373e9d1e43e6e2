// The typed client: every verb of every kind over a Transport. Objects that come back are shared and must not be changed
// in place (structuredClone first); their apiVersion and kind are always filled in, also in lists.
import type { Draft, KubeObject, ResourceType } from '../api/schema/resource-type.ts';
import type { Transport } from './transport.ts';

/** `namespace` is left out for cluster-scoped kinds. */
export interface ObjectKey {
  readonly namespace?: string;
  readonly name: string;
}

export interface ListOptions {
  /** Undefined: all namespaces. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly limit?: number;
  readonly continue?: string;
  readonly resourceVersion?: string;
}

export interface ObjectList<T> {
  readonly items: readonly T[];
  readonly resourceVersion: string;
  readonly continue: string | undefined;
}

export type WatchEvent<T> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: T }
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string };

export interface WriteOptions {
  readonly fieldManager?: string;
  readonly dryRun?: boolean;
  /** `status`, `scale`, `binding`, `eviction`, ... */
  readonly subresource?: string;
}

export interface DeleteOptions {
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  readonly dryRun?: boolean;
}

export type PatchType = 'json' | 'merge' | 'strategic' | 'apply';

export interface ResourceClient<T extends KubeObject> {
  readonly type: ResourceType<T>;
  get(key: ObjectKey, signal?: AbortSignal): Promise<T>;
  list(options?: ListOptions, signal?: AbortSignal): Promise<ObjectList<T>>;
  /** From `resourceVersion` on. Ends when the server ends it; throws ApiError 410 (Expired) when that history is gone. */
  watch(
    options: ListOptions & { readonly bookmarks?: boolean; readonly timeoutSeconds?: number },
    signal: AbortSignal,
  ): AsyncIterable<WatchEvent<T>>;
  create(object: Draft<T>, options?: WriteOptions, signal?: AbortSignal): Promise<T>;
  update(object: T, options?: WriteOptions, signal?: AbortSignal): Promise<T>;
  updateStatus(object: T, options?: WriteOptions, signal?: AbortSignal): Promise<T>;
  patch(
    key: ObjectKey,
    patch: unknown,
    type: PatchType,
    options?: WriteOptions & { readonly force?: boolean },
    signal?: AbortSignal,
  ): Promise<T>;
  delete(key: ObjectKey, options?: DeleteOptions, signal?: AbortSignal): Promise<void>;
  deleteCollection(options: ListOptions, deletion?: DeleteOptions, signal?: AbortSignal): Promise<void>;
  /** POST to a subresource whose body is of another kind (binding, eviction, token). */
  createSubresource(key: ObjectKey, subresource: string, body: unknown, signal?: AbortSignal): Promise<unknown>;
}

export interface Client {
  readonly transport: Transport;
  resource<T extends KubeObject>(type: ResourceType<T>): ResourceClient<T>;
}
