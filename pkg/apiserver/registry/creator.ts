// CREATE: one fixed order of steps, whatever the kind. k8s.io/apiserver's handlers/create.go and registry/rest/create.go.
import { validateObjectMeta } from '../../api/meta/object-meta-validation.ts';
import { alreadyExists } from '../../api/meta/status.ts';
import { formatTime } from '../../api/meta/time.ts';
import type { KubeObject } from '../../api/schema/resource-type.ts';
import { plainServerError } from '../http-errors.ts';
import { trackManagedFields } from '../patch/managed-fields.ts';
import { CachedObject } from '../watchcache/cached-object.ts';
import { generatedName, newUid } from './identity.ts';
import {
  addWarning,
  admissionRequest,
  dropDuplicateOwners,
  hasStatus,
  hookOf,
  NO_RESERVATION,
  settleNamespace,
  strategyContext,
  throwIfInvalid,
  withoutStatus,
  type WriteContext,
  type WriteParts,
} from './write-parts.ts';

/** A generated name that is taken is made anew this often. */
const NAME_ATTEMPTS = 8;

export class Creator {
  readonly #parts: WriteParts;

  constructor(parts: WriteParts) {
    this.#parts = parts;
  }

  /** Takes `object` over, which must be the caller's own. `tracked`: its managedFields are already right (applies). */
  async create(context: WriteContext, object: KubeObject, tracked = false): Promise<CachedObject> {
    const { served, options, warnings } = context;
    const { definition } = served;
    const now = this.#parts.clock.now();
    settleNamespace(object.metadata, served.namespaced ? context.namespace : '');
    definition.setDefaults(object);
    dropDuplicateOwners(object, warnings);
    if (!tracked) this.#track(context, object, now);
    await this.#parts.admission.admit(admissionRequest(context, 'CREATE', now, { object, old: undefined }));
    const generated = this.#fillSystemFields(object, now);
    const hook = hookOf(this.#parts, served);
    const reservation =
      hook === undefined ? NO_RESERVATION : await hook.begin({ object, old: undefined, dryRun: options.dryRun });
    let stored = false;
    try {
      definition.prepareForCreate(object, strategyContext(context, now));
      const faults = validateObjectMeta(object.metadata, served);
      throwIfInvalid(served, object.metadata.name, [...faults, ...definition.validate(object)]);
      for (const warning of definition.warnings(object, undefined)) addWarning(warnings, warning);
      await this.#parts.admission.validate(admissionRequest(context, 'CREATE', now, { object, old: undefined }));
      const { resourceVersion } = object.metadata;
      if (resourceVersion && resourceVersion !== '0') {
        throw plainServerError('resourceVersion should not be set on objects to be created');
      }
      const result = options.dryRun
        ? await this.#pretend(context, object)
        : await this.#commit(context, object, generated);
      stored = !options.dryRun;
      return result;
    } finally {
      if (stored) reservation.commit();
      else reservation.cancel();
    }
  }

  #track(context: WriteContext, object: KubeObject, now: number): void {
    const { served, manager, subresource } = context;
    const track = () =>
      trackManagedFields({
        schema: served.schema,
        apiVersion: served.apiVersion,
        live: undefined,
        next: object,
        manager,
        operation: 'Update',
        subresource,
        now,
      });
    if (hasStatus(served)) withoutStatus(object, undefined, track);
    else track();
  }

  /** Whether the name was made here. */
  #fillSystemFields(object: KubeObject, now: number): boolean {
    const { metadata } = object;
    metadata.uid = newUid(this.#parts.random);
    metadata.creationTimestamp = formatTime(now);
    delete metadata.deletionTimestamp;
    delete metadata.deletionGracePeriodSeconds;
    delete metadata.selfLink;
    if (metadata.name || !metadata.generateName) return false;
    metadata.name = generatedName(metadata.generateName, this.#parts.random);
    return true;
  }

  async #commit({ served, namespace }: WriteContext, object: KubeObject, generated: boolean): Promise<CachedObject> {
    const { metadata } = object;
    for (let attempt = 1; ; attempt++) {
      const key = served.keyOf(namespace, metadata.name);
      const commit = await this.#parts.committer.create(served, key, object);
      if (commit.ok) return commit.object;
      if (!generated || attempt >= NAME_ATTEMPTS) throw taken(served.resource, metadata.name, commit.current);
      metadata.name = generatedName(metadata.generateName ?? '', this.#parts.random);
    }
  }

  async #pretend({ served, namespace }: WriteContext, object: KubeObject): Promise<CachedObject> {
    const existing = await this.#parts.reader.find(served, namespace, object.metadata.name);
    if (existing !== undefined) throw taken(served.resource, object.metadata.name, existing);
    return CachedObject.unstored(served.toStored(object), 0);
  }
}

function taken(resource: { group: string; resource: string }, name: string, existing: CachedObject | undefined) {
  const error = alreadyExists(resource, name);
  if (existing?.value.metadata.deletionTimestamp !== undefined) {
    error.status.message = `object is being deleted: ${error.status.message}`;
  }
  return error;
}
