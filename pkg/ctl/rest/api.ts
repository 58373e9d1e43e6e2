// The calls that commands make: any verb on any resource, as untyped JSON. Server warnings are shown once each.
import type { Json, JsonObject } from '../../api/schema/json.ts';
import type { RawWatchEvent, Transport, TransportRequest } from '../../client/transport.ts';
import { asJson, isObject } from '../objects/access.ts';
import { discover } from './discovery.ts';
import { Resources, type ApiResource } from './resources.ts';

export interface Place {
  readonly resource: ApiResource;
  /** Empty: cluster-scoped, or all namespaces for a collection. */
  readonly namespace: string;
  /** Empty: the collection. */
  readonly name: string;
  readonly subresource?: string;
}

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export const TABLE_ACCEPT =
  'application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json';

export const PATCH_TYPES = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
} as const;

export class Api {
  readonly transport: Transport;
  readonly #signal: AbortSignal;
  readonly #warn: (text: string) => void;
  readonly #warned = new Set<string>();
  #resources: Promise<Resources> | undefined;

  constructor(transport: Transport, signal: AbortSignal, warn: (text: string) => void) {
    this.transport = transport;
    this.#signal = signal;
    this.#warn = warn;
  }

  get signal(): AbortSignal {
    return this.#signal;
  }

  /** Every resource the server has; asked once. */
  resources(): Promise<Resources> {
    this.#resources ??= discover(this).then((found) => new Resources(found));
    return this.#resources;
  }

  /** Any request; rejects with ApiError or UnreachableError. */
  async send(request: TransportRequest, signal: AbortSignal = this.#signal): Promise<Json> {
    const answer = await this.transport.request(request, signal);
    for (const warning of answer.warnings) {
      if (this.#warned.has(warning)) continue;
      this.#warned.add(warning);
      this.#warn(warning);
    }
    return asJson(answer.body);
  }

  async sendForObject(request: TransportRequest, signal?: AbortSignal): Promise<JsonObject> {
    const body = await this.send(request, signal);
    return isObject(body) ? body : {};
  }

  get(place: Place, query: Query = {}, accept?: string): Promise<JsonObject> {
    return this.sendForObject({ method: 'GET', path: pathOf(place, query), ...(accept !== undefined && { accept }) });
  }

  create(place: Place, body: Json, query: Query = {}): Promise<JsonObject> {
    return this.sendForObject({ method: 'POST', path: pathOf(place, query), body });
  }

  update(place: Place, body: Json, query: Query = {}): Promise<JsonObject> {
    return this.sendForObject({ method: 'PUT', path: pathOf(place, query), body });
  }

  patch(place: Place, type: keyof typeof PATCH_TYPES, body: Json, query: Query = {}): Promise<JsonObject> {
    return this.sendForObject({ method: 'PATCH', path: pathOf(place, query), contentType: PATCH_TYPES[type], body });
  }

  delete(place: Place, options: JsonObject, query: Query = {}): Promise<JsonObject> {
    return this.sendForObject({ method: 'DELETE', path: pathOf(place, query), body: options });
  }

  watch(place: Place, query: Query, signal: AbortSignal = this.#signal): Promise<AsyncIterable<RawWatchEvent>> {
    return this.transport.watch(pathOf(place, { ...query, watch: true }), signal);
  }

  /** All pages of a collection, as one list object. `limit` 0 asks for everything at once. */
  async list(place: Place, query: Query = {}, limit = 500, accept?: string): Promise<JsonObject> {
    let answer: JsonObject | undefined;
    let continuation: string | undefined;
    do {
      const page = await this.get(
        place,
        { ...query, limit: limit > 0 ? limit : undefined, continue: continuation },
        accept,
      );
      continuation = continueOf(page);
      answer = answer === undefined ? page : joined(answer, page);
    } while (continuation !== undefined);
    return answer;
  }
}

function continueOf(page: JsonObject): string | undefined {
  const metadata = page['metadata'];
  const token = isObject(metadata) ? metadata['continue'] : undefined;
  return typeof token === 'string' && token !== '' ? token : undefined;
}

function joined(before: JsonObject, page: JsonObject): JsonObject {
  const field = Array.isArray(before['rows']) || Array.isArray(page['rows']) ? 'rows' : 'items';
  const left = before[field];
  const right = page[field];
  return {
    ...before,
    metadata: page['metadata'] ?? null,
    [field]: [...(Array.isArray(left) ? left : []), ...(Array.isArray(right) ? right : [])],
  };
}

export function pathOf(place: Place, query: Query = {}): string {
  const { resource, namespace, name } = place;
  const root = resource.group === '' ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`;
  const scope = resource.namespaced && namespace !== '' ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  const item = name === '' ? '' : `/${encodeURIComponent(name)}`;
  const sub = place.subresource === undefined || place.subresource === '' ? '' : `/${place.subresource}`;
  return `${root}${scope}/${resource.resource}${item}${sub}${queryOf(query)}`;
}

export function queryOf(query: Query): string {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [`${encodeURIComponent(name)}=${encodeURIComponent(value)}`],
  );
  return given.length === 0 ? '' : `?${given.join('&')}`;
}
