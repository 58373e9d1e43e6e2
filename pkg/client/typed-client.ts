// The Client of client.ts over any transport: builds paths and queries, fills in apiVersion and kind of list items, and
// turns a watch's ERROR events into the ApiError they carry. Holds no state.
import { apiVersionOf, type Draft, type KubeObject, type ResourceType } from '../api/schema/resource-type.ts';
import { ApiError } from '../api/meta/status.ts';
import type {
  Client,
  DeleteOptions,
  ListOptions,
  ObjectKey,
  ObjectList,
  PatchType,
  ResourceClient,
  WatchEvent,
  WriteOptions,
} from './client.ts';
import { isStatus } from './response-error.ts';
import type { RawWatchEvent, Transport } from './transport.ts';

export function createClient(transport: Transport): Client {
  return { transport, resource: (type) => new TypedResource(transport, type) };
}

const PATCH_CONTENT_TYPE: Readonly<Record<PatchType, string>> = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
};

type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** `/apis/apps/v1/namespaces/NS/deployments/NAME/SUBRESOURCE`, every part percent-encoded. */
export function resourcePath(
  type: ResourceType<unknown>,
  at: { namespace?: string; name?: string; subresource?: string },
  query: Query = {},
): string {
  const parts = [type.group === '' ? 'api' : `apis/${type.group}`, type.version];
  if (type.namespaced && at.namespace !== undefined) parts.push('namespaces', encodeURIComponent(at.namespace));
  parts.push(type.resource);
  if (at.name !== undefined) parts.push(encodeURIComponent(at.name));
  if (at.subresource !== undefined) parts.push(at.subresource);
  const asked = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
  const text = asked.map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`).join('&');
  return `/${parts.join('/')}${text === '' ? '' : `?${text}`}`;
}

class TypedResource<T extends KubeObject> implements ResourceClient<T> {
  readonly type: ResourceType<T>;
  readonly #transport: Transport;

  constructor(transport: Transport, type: ResourceType<T>) {
    this.#transport = transport;
    this.type = type;
  }

  async get(key: ObjectKey, signal?: AbortSignal): Promise<T> {
    const answer = await this.#transport.request({ method: 'GET', path: this.#path(key) }, signal);
    return this.#object(answer.body);
  }

  async list(options: ListOptions = {}, signal?: AbortSignal): Promise<ObjectList<T>> {
    const path = resourcePath(this.type, place(options), listQuery(options));
    const { body } = await this.#transport.request({ method: 'GET', path }, signal);
    if (!isListBody(body)) throw new TypeError(`GET ${path} did not answer with a list`);
    return {
      items: (body.items ?? []).map((item) => this.#object(item)),
      resourceVersion: body.metadata.resourceVersion ?? '',
      continue: body.metadata.continue === '' ? undefined : body.metadata.continue,
    };
  }

  async *watch(
    options: ListOptions & { readonly bookmarks?: boolean; readonly timeoutSeconds?: number },
    signal: AbortSignal,
  ): AsyncGenerator<WatchEvent<T>> {
    const path = resourcePath(this.type, place(options), {
      watch: true,
      ...listQuery(options),
      allowWatchBookmarks: options.bookmarks === true ? true : undefined,
      timeoutSeconds: options.timeoutSeconds,
    });
    for await (const event of await this.#transport.watch(path, signal)) yield this.#watchEvent(event);
  }

  async create(object: Draft<T>, options: WriteOptions = {}, signal?: AbortSignal): Promise<T> {
    const { namespace, name } = object.metadata;
    const at = { namespace, ...(options.subresource !== undefined && { name, subresource: options.subresource }) };
    const path = resourcePath(this.type, at, writeQuery(options));
    const answer = await this.#transport.request({ method: 'POST', path, body: object }, signal);
    return this.#object(answer.body);
  }

  async update(object: T, options: WriteOptions = {}, signal?: AbortSignal): Promise<T> {
    const path = this.#path(object.metadata, options.subresource, writeQuery(options));
    const answer = await this.#transport.request({ method: 'PUT', path, body: object }, signal);
    return this.#object(answer.body);
  }

  updateStatus(object: T, options: WriteOptions = {}, signal?: AbortSignal): Promise<T> {
    return this.update(object, { ...options, subresource: 'status' }, signal);
  }

  async patch(
    key: ObjectKey,
    patch: unknown,
    type: PatchType,
    options: WriteOptions & { readonly force?: boolean } = {},
    signal?: AbortSignal,
  ): Promise<T> {
    const query = { ...writeQuery(options), force: options.force === true ? true : undefined };
    const path = this.#path(key, options.subresource, query);
    const answer = await this.#transport.request(
      { method: 'PATCH', path, body: patch, contentType: PATCH_CONTENT_TYPE[type] },
      signal,
    );
    return this.#object(answer.body);
  }

  async delete(key: ObjectKey, options?: DeleteOptions, signal?: AbortSignal): Promise<void> {
    await this.#transport.request({ method: 'DELETE', path: this.#path(key), body: deleteBody(options) }, signal);
  }

  async deleteCollection(options: ListOptions, deletion?: DeleteOptions, signal?: AbortSignal): Promise<void> {
    const path = resourcePath(this.type, place(options), listQuery(options));
    await this.#transport.request({ method: 'DELETE', path, body: deleteBody(deletion) }, signal);
  }

  async createSubresource(key: ObjectKey, subresource: string, body: unknown, signal?: AbortSignal): Promise<unknown> {
    const path = this.#path(key, subresource);
    return (await this.#transport.request({ method: 'POST', path, body }, signal)).body;
  }

  #path(key: ObjectKey, subresource?: string, query?: Query): string {
    return resourcePath(
      this.type,
      {
        name: key.name,
        ...(key.namespace !== undefined && { namespace: key.namespace }),
        ...(subresource !== undefined && { subresource }),
      },
      query,
    );
  }

  /** List items come without kind and apiVersion; what is shared is not changed but copied one level deep. */
  #object(value: unknown): T {
    if (typeof value !== 'object' || value === null || !('metadata' in value)) {
      throw new TypeError(`the server did not answer with a ${this.type.kind}`);
    }
    const complete = 'kind' in value ? value : { kind: this.type.kind, apiVersion: apiVersionOf(this.type), ...value };
    // The one place where the server is trusted to send the type that its path names.
    return complete as unknown as T;
  }

  #watchEvent(event: RawWatchEvent): WatchEvent<T> {
    if (event.type === 'ERROR') {
      if (isStatus(event.object)) throw ApiError.from(event.object);
      throw new ApiError('InternalError', 'the watch failed without saying why');
    }
    const object = this.#object(event.object);
    if (event.type === 'BOOKMARK') return { type: 'BOOKMARK', resourceVersion: object.metadata.resourceVersion };
    return { type: event.type, object };
  }
}

interface ListBody {
  readonly items?: readonly unknown[] | null;
  readonly metadata: { readonly resourceVersion?: string; readonly continue?: string };
}

function isListBody(value: unknown): value is ListBody {
  return (
    typeof value === 'object' &&
    value !== null &&
    'metadata' in value &&
    typeof value.metadata === 'object' &&
    value.metadata !== null &&
    (!('items' in value) || value.items === null || Array.isArray(value.items))
  );
}

function place(options: ListOptions): { namespace?: string } {
  return options.namespace === undefined || options.namespace === '' ? {} : { namespace: options.namespace };
}

function listQuery(options: ListOptions): Query {
  const { labelSelector, fieldSelector, limit, resourceVersion } = options;
  return { labelSelector, fieldSelector, limit, continue: options.continue, resourceVersion };
}

function writeQuery(options: WriteOptions): Query {
  return { fieldManager: options.fieldManager, dryRun: options.dryRun === true ? 'All' : undefined };
}

function deleteBody(options: DeleteOptions | undefined): unknown {
  if (options === undefined) return undefined;
  const { dryRun, ...rest } = options;
  return { kind: 'DeleteOptions', apiVersion: 'v1', ...rest, ...(dryRun === true && { dryRun: ['All'] }) };
}
