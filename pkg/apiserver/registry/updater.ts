// UPDATE, the way every change of an existing object goes, whether it came as a PUT, a patch or a subresource: compute the
// next object from the live one, check it, swap it in; when somebody else was faster, start again from what is there now.
// k8s.io/apiserver's registry/generic/registry/store.go and registry/rest/update.go.
import { validateObjectMetaUpdate } from '../../api/meta/object-meta-validation.ts';
import { ApiError, conflict, notFound, type FieldError } from '../../api/meta/status.ts';
import type { KubeObject } from '../../api/schema/resource-type.ts';
import { badRequest } from '../http-errors.ts';
import { trackManagedFields } from '../patch/managed-fields.ts';
import { CachedObject } from '../watchcache/cached-object.ts';
import { sameJson } from './copy-json.ts';
import type { Creator } from './creator.ts';
import {
  addWarning,
  admissionRequest,
  dropDuplicateOwners,
  hookOf,
  NO_RESERVATION,
  strategyContext,
  throwIfInvalid,
  type WriteContext,
  type WriteParts,
} from './write-parts.ts';
import { isReadyToGo } from './deletion-rules.ts';
import { updateStrategy } from './update-strategies.ts';

const MODIFIED = 'the object has been modified; please apply your changes to the latest version and try again';
/** Whoever loses the race this often is told so instead of trying forever. */
const MOST_ATTEMPTS = 50;
/** The time of an entry of managedFields alone is no change. */
const TIME_ONLY: ReadonlySet<string> = new Set(['time']);
const BOOKKEEPING: ReadonlySet<string> = new Set(['resourceVersion', 'managedFields']);

export interface Next {
  /** The caller's own: it is changed and stored. */
  readonly object: KubeObject;
  /** Its managedFields are already right (applies). */
  readonly tracked?: boolean;
}

export interface UpdateRequest {
  readonly context: WriteContext;
  /** Called again for every attempt; `live` must not be changed, and is undefined where a create is allowed. */
  next(live: KubeObject | undefined): Next | Promise<Next>;
  /** Creates what does not exist. */
  readonly createMissing: boolean;
  /** A uid that the body names must be the live one (PUT); otherwise it is a field that cannot change. */
  readonly uidIsPrecondition?: boolean;
}

export interface UpdateResult {
  readonly object: CachedObject;
  readonly created: boolean;
}

export class Updater {
  readonly #parts: WriteParts;
  readonly #creator: Creator;

  constructor(parts: WriteParts, creator: Creator) {
    this.#parts = parts;
    this.#creator = creator;
  }

  async update(request: UpdateRequest): Promise<UpdateResult> {
    const { context } = request;
    const { served, namespace, name } = context;
    let live = await this.#parts.reader.find(served, namespace, name);
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      if (live === undefined) {
        if (!request.createMissing) throw notFound(served.resource, name);
        return this.#create(request);
      }
      const outcome = await this.#attempt(request, live);
      if (outcome.ok) return { object: outcome.object, created: false };
      live = outcome.current;
    }
    throw conflict(served.resource, name, MODIFIED);
  }

  async #create(request: UpdateRequest): Promise<UpdateResult> {
    const { context } = request;
    const { object, tracked } = await request.next(undefined);
    checkName(context, object);
    const { uid } = object.metadata;
    if (uid) throw request.uidIsPrecondition === true ? uidMismatch(context, uid, '') : unknownUid(context, uid);
    // Whatever state the client knew, this is the first of a new object.
    object.metadata.resourceVersion = '';
    return { object: await this.#creator.create(context, object, tracked), created: true };
  }

  async #attempt(
    request: UpdateRequest,
    live: CachedObject,
  ): Promise<{ ok: true; object: CachedObject } | { ok: false; current: CachedObject | undefined }> {
    const { context } = request;
    const { served, options } = context;
    const now = this.#parts.clock.now();
    const old = served.view(live).value;
    const { object, tracked } = await request.next(old);
    checkName(context, object);
    served.definition.setDefaults(object);
    if (request.uidIsPrecondition === true) checkUid(context, object, old);
    dropDuplicateOwners(object, context.warnings);
    const namedRevision = carryOver(object, old);
    prepare(context, object, old, now);
    if (tracked !== true) track(context, object, old, now);
    const touched = await this.#parts.admission.admit(admissionRequest(context, 'UPDATE', now, { object, old }));
    checkRevision(context, namedRevision, old);
    if (touched) prepare(context, object, old, now);
    const hook = context.subresource === '' ? hookOf(this.#parts, served) : undefined;
    const reservation = hook === undefined ? NO_RESERVATION : await hook.begin({ object, old, dryRun: options.dryRun });
    let stored = false;
    try {
      throwIfInvalid(served, context.name, validationErrors(context, object, old));
      for (const warning of served.definition.warnings(object, old)) addWarning(context.warnings, warning);
      await this.#parts.admission.validate(admissionRequest(context, 'UPDATE', now, { object, old }));
      if (isUnchanged(object, old)) return { ok: true, object: live };
      const outcome = options.dryRun
        ? { ok: true as const, object: CachedObject.unstored(served.toStored(object), live.revision) }
        : await this.#commit(context, live, object);
      stored = outcome.ok && !options.dryRun;
      return outcome;
    } finally {
      if (stored) reservation.commit();
      else reservation.cancel();
    }
  }

  async #commit(context: WriteContext, live: CachedObject, object: KubeObject) {
    const { served } = context;
    if (!isReadyToGo(served, object)) return this.#parts.committer.replace(served, live, object);
    // The last finalizer of an object that waits for its end is gone: so is the object, in its last state.
    const removal = await this.#parts.committer.remove(live);
    if (!removal.ok) return removal;
    hookOf(this.#parts, served)?.removed(object);
    return { ok: true as const, object: CachedObject.unstored(served.toStored(object), removal.object.revision) };
  }
}

function prepare(context: WriteContext, object: KubeObject, old: KubeObject, now: number): void {
  const { served, subresource } = context;
  updateStrategy(subresource).prepare(served.definition, object, old, strategyContext(context, now));
}

function validationErrors({ served, subresource }: WriteContext, object: KubeObject, old: KubeObject): FieldError[] {
  const faults = validateObjectMetaUpdate(object.metadata, old.metadata);
  return [...faults, ...updateStrategy(subresource).validate(served.definition, object, old)];
}

function track(context: WriteContext, object: KubeObject, old: KubeObject, now: number): void {
  const { served, manager, subresource } = context;
  trackManagedFields({
    schema: served.schema,
    apiVersion: served.apiVersion,
    live: old,
    next: object,
    manager,
    operation: 'Update',
    subresource,
    now,
  });
}

/** The name and namespace of the body are those of the path. Texts: handlers/rest.go, checkName. */
export function checkName({ served, namespace, name }: WriteContext, object: KubeObject): void {
  const { metadata } = object;
  if (!metadata.name) {
    throw badRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`);
  }
  if (metadata.name !== name) {
    throw badRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${name})`);
  }
  if (!served.namespaced) return;
  if (metadata.namespace && metadata.namespace !== namespace) {
    throw badRequest(
      `the namespace of the object (${metadata.namespace}) does not match the namespace on the request (${namespace})`,
    );
  }
  metadata.namespace = namespace;
}

function checkUid(context: WriteContext, object: KubeObject, old: KubeObject): void {
  const { uid } = object.metadata;
  if (uid && uid !== old.metadata.uid) throw uidMismatch(context, uid, old.metadata.uid);
}

function uidMismatch({ served, namespace, name }: WriteContext, asked: string, live: string): ApiError {
  return conflict(
    served.resource,
    name,
    `StorageError: invalid object, Code: 4, Key: ${served.keyOf(namespace, name)}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: ${asked}, UID in object meta: ${live}`,
  );
}

function unknownUid({ served, name }: WriteContext, uid: string): ApiError {
  const why = `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`;
  return conflict(served.resource, name, why);
}

/** Fills in what clients may leave out and cannot change. Answers with the revision that the client named, if any. */
function carryOver(object: KubeObject, old: KubeObject): string {
  const { metadata } = object;
  const before = old.metadata;
  const named = metadata.resourceVersion ?? '';
  metadata.uid ||= before.uid;
  metadata.creationTimestamp = before.creationTimestamp;
  metadata.resourceVersion = before.resourceVersion;
  if (before.generation === undefined) delete metadata.generation;
  else metadata.generation = before.generation;
  if (before.deletionTimestamp !== undefined) metadata.deletionTimestamp = before.deletionTimestamp;
  if (before.deletionGracePeriodSeconds !== undefined) {
    metadata.deletionGracePeriodSeconds ??= before.deletionGracePeriodSeconds;
  }
  delete metadata.selfLink;
  return named;
}

function checkRevision({ served, name }: WriteContext, named: string, old: KubeObject): void {
  if (named === '' || named === '0') {
    if (served.definition.unconditionalUpdate) return;
    throwIfInvalid(served, name, [
      {
        type: 'Invalid',
        field: 'metadata.resourceVersion',
        body: 'Invalid value: 0: must be specified for an update',
      },
    ]);
  }
  if (named !== old.metadata.resourceVersion) throw conflict(served.resource, name, MODIFIED);
}

function isUnchanged(object: KubeObject, old: KubeObject): boolean {
  if (!sameJson(object.metadata.managedFields, old.metadata.managedFields, TIME_ONLY)) return false;
  return sameJson(object, old, BOOKKEEPING);
}
