// All verbs on all kinds: finds the kind that a request means, checks that it has the verb, and calls what carries it out.
import type { KindDefinition } from '../../api/schema/kind.ts';
import type { Clock } from '../../clock/clock.ts';
import { encodeValue, textResponse } from '../encoded.ts';
import { negotiate, type Asked } from '../http/accept.ts';
import { badRequest, methodNotAllowed, unknownPath } from '../http-errors.ts';
import type { ResourceRequest } from '../request-info.ts';
import type { ApiRequest, ApiResponse } from '../request.ts';
import { CachedObject } from '../watchcache/cached-object.ts';
import { Creator } from './creator.ts';
import { deletedStatus, Deleter, deleteOptions, type Deletion } from './deleter.ts';
import { listOptions } from './list-options.ts';
import { applyStep, isApply, patchStep } from './patcher.ts';
import { includeObjectOf, listResponse, objectResponse, respond, type Representation } from './represent.ts';
import { decodeBody } from './request-body.ts';
import { selectionOf } from './selection.ts';
import { ServedKind } from './served-kind.ts';
import { virtualCollection, type SubresourceHandler } from './subresource-handler.ts';
import { Updater } from './updater.ts';
import type { WatchService } from './watch.ts';
import { managerOf, writeOptions } from './write-options.ts';
import { addWarning, type WriteContext, type WriteParts } from './write-parts.ts';
import type { OptionsKind } from './options-error.ts';

/** What would mean another place where names are parts of paths. */
const UNNAMEABLE: ReadonlySet<string> = new Set(['.', '..']);

export interface ResourceApiOptions {
  readonly kinds: readonly KindDefinition[];
  readonly parts: WriteParts;
  readonly watches: WatchService;
  readonly clock: Clock;
  /** By `resource/subresource`, or `*` in place of the resource; and collections that are no kind, by `resource`. */
  readonly subresources: ReadonlyMap<string, SubresourceHandler>;
}

export class ResourceApi {
  readonly parts: WriteParts;
  readonly creator: Creator;
  readonly updater: Updater;
  readonly deleter: Deleter;
  readonly #options: ResourceApiOptions;
  readonly #kinds = new Map<string, ServedKind>();
  readonly #versions = new Set<string>();
  readonly #groups = new Set<string>();
  readonly #deprecated = new Map<string, KindDefinition>();

  constructor(options: ResourceApiOptions) {
    this.#options = options;
    this.parts = options.parts;
    this.creator = new Creator(options.parts);
    this.updater = new Updater(options.parts, this.creator);
    this.deleter = new Deleter(options.parts);
    for (const kind of options.kinds) {
      const { group, version, resource } = kind.type;
      this.#kinds.set(`${group}/${version}/${resource}`, new ServedKind(kind));
      this.#versions.add(`${group}/${version}`);
      this.#groups.add(group);
      if (kind.deprecation !== undefined) this.#deprecated.set(resource, kind);
    }
  }

  kind(group: string, version: string, resource: string): ServedKind | undefined {
    return this.#kinds.get(`${group}/${version}/${resource}`);
  }

  /** Whichever version of the resource is served. */
  kindOf(group: string, resource: string): ServedKind | undefined {
    for (const served of this.#kinds.values()) {
      const { type } = served.definition;
      if (type.group === group && type.resource === resource) return served;
    }
    return undefined;
  }

  /** What every answer about the kind says beside, where the kind has the verb. */
  deprecation({ group, version, resource, verb }: ResourceRequest): string | undefined {
    const kind = this.#deprecated.get(resource);
    if (kind?.type.group !== group || kind.type.version !== version) return undefined;
    return kind.verbs.some((served) => served === verb) ? kind.deprecation : undefined;
  }

  served(): Iterable<ServedKind> {
    return this.#kinds.values();
  }

  /** Throws ApiError. */
  async handle(target: ResourceRequest, request: ApiRequest): Promise<ApiResponse> {
    const served = this.kind(target.group, target.version, target.resource);
    if (served === undefined) {
      const collection = this.#options.subresources.get(collectionKey(target));
      if (collection === undefined) return this.#unknown(target);
      return virtualCollection(collection, this, target, request);
    }
    if (served.namespaced ? target.namespace === '' && target.name !== '' : target.namespace !== '')
      throw unknownPath();
    if (target.subresource !== '') return this.#subresource(served, target, request);
    if (UNNAMEABLE.has(target.name)) {
      throw badRequest(`Name parameter invalid: "${target.name}": may not be '${target.name}'`);
    }
    const { verb } = target;
    if (verb === 'none' || !served.definition.verbs.includes(verb)) throw methodNotAllowed();
    switch (verb) {
      case 'get':
        return this.#get(served, target, request);
      case 'list':
        return this.#list(served, target, request);
      case 'watch':
        return this.#watch(served, target, request);
      case 'create':
        return this.#create(served, target, request);
      case 'update':
        return this.#update(served, target, request);
      case 'patch':
        return this.#patch(served, target, request);
      case 'delete':
        return this.#delete(served, target, request);
      case 'deletecollection':
        return this.#deleteCollection(served, target, request);
    }
  }

  /** The context of a write that is checked for its options. */
  writeContext(
    served: ServedKind,
    target: ResourceRequest,
    request: ApiRequest,
    kind: OptionsKind,
    apply = false,
  ): WriteContext {
    const options = writeOptions(request.query, kind, apply);
    const { namespace, name, subresource } = target;
    return {
      served,
      namespace,
      name,
      subresource,
      user: request.user,
      manager: managerOf(options, request.headers['user-agent']),
      options,
      warnings: [],
    };
  }

  representation(request: ApiRequest, what: Asked): Representation {
    const negotiated = negotiate(request.headers['accept'], what);
    const includeObject = negotiated.as === 'table' ? includeObjectOf(request.query) : 'Metadata';
    return { negotiated, includeObject, now: this.#options.clock.now() };
  }

  #unknown({ group, version }: ResourceRequest): ApiResponse {
    if (this.#groups.has(group) || this.#versions.has(`${group}/${version}`)) throw unknownPath();
    return textResponse(404, '404 page not found\n');
  }

  async #subresource(served: ServedKind, target: ResourceRequest, request: ApiRequest): Promise<ApiResponse> {
    const { resource, subresource, rest } = target;
    const definition = served.definition.subresources.find(({ name }) => name === subresource);
    if (definition === undefined || (rest !== '' && subresource !== 'proxy')) throw unknownPath();
    if (!definition.verbs.some((verb) => VERB_OF_METHOD[request.method]?.includes(verb) === true))
      throw methodNotAllowed();
    const { subresources } = this.#options;
    const handler = subresources.get(`${resource}/${subresource}`) ?? subresources.get(`*/${subresource}`);
    if (handler !== undefined) return handler({ api: this, served, target, request });
    const { verb } = target;
    if (verb === 'get') return this.#get(served, target, request);
    if (verb === 'update') return this.#update(served, target, request);
    if (verb === 'patch') return this.#patch(served, target, request);
    throw methodNotAllowed();
  }

  async #get(served: ServedKind, { namespace, name }: ResourceRequest, request: ApiRequest): Promise<ApiResponse> {
    const how = this.representation(request, 'object');
    const version = request.query.get('resourceVersion') ?? '';
    const found = await this.parts.reader.get(served, namespace, name, version);
    return objectResponse(200, served, served.view(found), how);
  }

  async #list(served: ServedKind, { namespace }: ResourceRequest, request: ApiRequest): Promise<ApiResponse> {
    const how = this.representation(request, 'list');
    const options = listOptions(request.query, false);
    const selection = selectionOf(served, namespace, options);
    const { items, metadata } = await this.parts.reader.list(served, selection, options);
    return listResponse(served, items, metadata, how);
  }

  async #watch(served: ServedKind, target: ResourceRequest, request: ApiRequest): Promise<ApiResponse> {
    const how = this.representation(request, 'object');
    const options = listOptions(request.query, true);
    const { fieldSelector } = options;
    const named = target.name === '' ? '' : `metadata.name=${target.name}`;
    const selection = selectionOf(served, target.namespace, {
      labelSelector: options.labelSelector,
      fieldSelector: [fieldSelector, named].filter((part) => part !== '').join(','),
    });
    return this.#options.watches.open({ served, selection, options, how, signal: request.signal });
  }

  async #create(served: ServedKind, target: ResourceRequest, request: ApiRequest): Promise<ApiResponse> {
    if (target.name !== '' || (served.namespaced && target.namespace === '')) throw methodNotAllowed();
    const how = this.representation(request, 'object');
    const context = this.writeContext(served, target, request, 'CreateOptions');
    const { object, warnings } = decodeBody(request.body, served, context.options.fieldValidation);
    for (const warning of warnings) addWarning(context.warnings, warning);
    const created = await this.creator.create(context, object);
    return objectResponse(201, served, served.view(created), how, context.warnings);
  }

  async #update(served: ServedKind, target: ResourceRequest, request: ApiRequest): Promise<ApiResponse> {
    const how = this.representation(request, 'object');
    const context = this.writeContext(served, target, request, 'UpdateOptions');
    const next = () => {
      const { object, warnings } = decodeBody(request.body, served, context.options.fieldValidation);
      for (const warning of warnings) addWarning(context.warnings, warning);
      return { object };
    };
    // What cannot be decoded is told before whether the object exists.
    const first = next();
    let used = false;
    const once = () => {
      if (used) return next();
      used = true;
      return first;
    };
    const createMissing = served.definition.createOnUpdate && target.subresource === '';
    const { object, created } = await this.updater.update({
      context,
      next: once,
      createMissing,
      uidIsPrecondition: true,
    });
    return objectResponse(created ? 201 : 200, served, served.view(object), how, context.warnings);
  }

  async #patch(served: ServedKind, target: ResourceRequest, request: ApiRequest): Promise<ApiResponse> {
    const how = this.representation(request, 'object');
    const { body } = request;
    const apply = isApply(body);
    const context = this.writeContext(served, target, request, 'PatchOptions', apply);
    const sent = body ?? { form: 'bytes', bytes: new Uint8Array(), contentType: '' };
    const next = apply ? applyStep(context, sent, how.now) : patchStep(context, sent);
    const createMissing = apply && target.subresource === '';
    const { object, created } = await this.updater.update({ context, next, createMissing });
    return objectResponse(created ? 201 : 200, served, served.view(object), how, context.warnings);
  }

  async #delete(served: ServedKind, target: ResourceRequest, request: ApiRequest): Promise<ApiResponse> {
    const how = this.representation(request, 'object');
    const options = deleteOptions(request.query, request.body);
    const context = this.#deleteContext(served, target, request, options.dryRun.length > 0);
    const deletion = await this.deleter.delete(context, options);
    const status = deletion.kind === 'pending' && options.orphanDependents === false ? 202 : 200;
    return this.deletionResponse(status, served, deletion, how, context.warnings);
  }

  /** Context of a deletion, whose options come from the body rather than from the query. */
  #deleteContext(served: ServedKind, target: ResourceRequest, request: ApiRequest, dryRun: boolean): WriteContext {
    const { namespace, name, subresource } = target;
    const options = { dryRun, fieldManager: '', fieldValidation: 'Ignore', force: false } as const;
    return { served, namespace, name, subresource, user: request.user, manager: '', options, warnings: [] };
  }

  deletionResponse(
    status: number,
    served: ServedKind,
    deletion: Deletion,
    how: Representation,
    warnings: readonly string[],
  ): ApiResponse {
    const object = served.view(deletion.object);
    if (deletion.kind === 'pending' || served.definition.returnsDeletedObject) {
      return objectResponse(status, served, object, how, warnings);
    }
    return respond(status, encodeValue(deletedStatus(served, object.value)), how.negotiated, warnings);
  }

  async #deleteCollection(served: ServedKind, target: ResourceRequest, request: ApiRequest): Promise<ApiResponse> {
    if (served.namespaced && target.namespace === '') throw methodNotAllowed();
    const how = this.representation(request, 'list');
    const selecting = listOptions(request.query, false);
    const deleting = deleteOptions(request.query, request.body);
    const selection = selectionOf(served, target.namespace, selecting);
    const { items, metadata } = await this.parts.reader.list(served, selection, selecting);
    const dryRun = deleting.dryRun.length > 0;
    const deleted: CachedObject[] = [];
    for (const item of items) {
      const { name } = item.value.metadata;
      const context = this.#deleteContext(served, { ...target, name }, request, dryRun);
      if (await this.deleter.deleteIfPresent(context, deleting)) deleted.push(item);
    }
    return listResponse(served, deleted, metadata, how);
  }
}

const VERB_OF_METHOD: Readonly<Record<string, readonly string[]>> = {
  GET: ['get'],
  HEAD: ['get'],
  OPTIONS: ['get'],
  POST: ['create', 'post'],
  PUT: ['update', 'put'],
  PATCH: ['patch'],
  DELETE: ['delete'],
};

function collectionKey({ group, version, resource }: ResourceRequest): string {
  return `${group}/${version}/${resource}`;
}
