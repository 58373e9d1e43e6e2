// DELETE of one object and of collections. deletion-rules.ts decides; this carries it out against whatever is in the store
// by then.
import { schemaOf } from '../../api/schema/object-schema.ts';
import { conflict, isApiError, notFound, type Status } from '../../api/meta/status.ts';
import { formatTime } from '../../api/meta/time.ts';
import type { KubeObject } from '../../api/schema/resource-type.ts';
import type { RequestBody } from '../request.ts';
import { CachedObject } from '../watchcache/cached-object.ts';
import {
  checkPreconditions,
  deleteOptionsFaults,
  deletionStep,
  namespaceFinalizers,
  type DeleteOptions,
  type DeletionStep,
} from './deletion-rules.ts';
import { invalidOptions } from './options-error.ts';
import { booleanOf, integerOf } from './query-values.ts';
import { decodeBody, isEmpty } from './request-body.ts';
import type { ServedKind } from './served-kind.ts';
import { addWarning, admissionRequest, hookOf, type WriteContext, type WriteParts } from './write-parts.ts';

export type Deletion =
  /** Gone, or already on its way: answered with a Status (or the object, for kinds that say so). */
  | { readonly kind: 'done'; readonly object: CachedObject }
  /** Still there, marked. */
  | { readonly kind: 'pending'; readonly object: CachedObject };

const MOST_ATTEMPTS = 50;

export class Deleter {
  readonly #parts: WriteParts;

  constructor(parts: WriteParts) {
    this.#parts = parts;
  }

  async delete(context: WriteContext, options: DeleteOptions): Promise<Deletion> {
    const { served, namespace, name } = context;
    const now = this.#parts.clock.now();
    const found = await this.#parts.reader.find(served, namespace, name);
    await this.#parts.admission.admit(
      admissionRequest(context, 'DELETE', now, { object: undefined, old: found?.value }),
    );
    if (found === undefined) throw notFound(served.resource, name);
    let live = found;
    warnOfOrphans(context, options);
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      const old = served.view(live).value;
      checkPreconditions(served, old, options);
      await this.#parts.admission.validate(admissionRequest(context, 'DELETE', now, { object: undefined, old }));
      const step = stepFor(served, old, options, now);
      const outcome: Outcome = context.options.dryRun
        ? pretend(served, live, step)
        : await this.#carryOut(context, live, step);
      if (outcome.ok) return outcome.deletion;
      if (outcome.current === undefined) {
        if (attempt === 0) throw notFound(served.resource, name);
        return { kind: 'done', object: live };
      }
      live = outcome.current;
    }
    throw conflict(served.resource, name, 'the object is changed too often to be deleted');
  }

  /** For collections: what is gone by now needs no deletion. */
  async deleteIfPresent(context: WriteContext, options: DeleteOptions): Promise<boolean> {
    try {
      await this.delete(context, options);
      return true;
    } catch (error) {
      if (isApiError(error, 'NotFound')) return false;
      throw error;
    }
  }

  async #carryOut(context: WriteContext, live: CachedObject, step: DeletionStep): Promise<Outcome> {
    const { served } = context;
    if (step.do === 'wait') return { ok: true, deletion: { kind: 'done', object: live } };
    if (step.do === 'stay') return { ok: true, deletion: { kind: 'pending', object: live } };
    if (step.do === 'remove') return this.#remove(served, live);
    const marked = await this.#parts.committer.replace(served, live, step.object);
    if (!marked.ok) return marked;
    if (!step.thenRemove) return { ok: true, deletion: { kind: 'pending', object: marked.object } };
    const removed = await this.#remove(served, marked.object);
    // Somebody finished it in between: that is what was asked for.
    if (!removed.ok && removed.current === undefined)
      return { ok: true, deletion: { kind: 'done', object: marked.object } };
    return removed;
  }

  async #remove(served: ServedKind, live: CachedObject): Promise<Outcome> {
    const commit = await this.#parts.committer.remove(live);
    if (!commit.ok) return commit;
    hookOf(this.#parts, served)?.removed(live.value);
    return { ok: true, deletion: { kind: 'done', object: commit.object } };
  }
}

type Outcome = { ok: true; deletion: Deletion } | { ok: false; current: CachedObject | undefined };

function pretend(served: ServedKind, live: CachedObject, step: DeletionStep): Outcome {
  if (step.do === 'stay') return { ok: true, deletion: { kind: 'pending', object: live } };
  if (step.do !== 'mark') return { ok: true, deletion: { kind: 'done', object: live } };
  const object = CachedObject.unstored(served.toStored(step.object), live.revision);
  return { ok: true, deletion: step.thenRemove ? { kind: 'done', object } : { kind: 'pending', object } };
}

function stepFor(served: ServedKind, old: KubeObject, options: DeleteOptions, now: number): DeletionStep {
  const { group, resource } = served.definition.type;
  if (group === '' && resource === 'namespaces') return namespaceStep(served, old, options, now);
  return deletionStep(served, old, options, now);
}

/** A namespace is first terminating; it goes when its spec has no finalizers any more. */
function namespaceStep(
  served: ServedKind,
  old: KubeObject & { spec?: unknown; status?: object },
  options: DeleteOptions,
  now: number,
): DeletionStep {
  if (old.metadata.deletionTimestamp === undefined) {
    const object = {
      ...old,
      metadata: { ...old.metadata, deletionTimestamp: formatTime(now) },
      status: { ...old.status, phase: 'Terminating' },
    };
    return { do: 'mark', object, thenRemove: false };
  }
  if (namespaceFinalizers(old).length > 0) return { do: 'stay' };
  return deletionStep(served, old, options, now);
}

/** Jobs alone keep their pods unless told otherwise, and say so. */
function warnOfOrphans({ served, warnings }: WriteContext, options: DeleteOptions): void {
  const { group, kind } = served.definition.type;
  if (group !== 'batch' || kind !== 'Job') return;
  if (options.propagationPolicy !== undefined || options.orphanDependents !== undefined) return;
  addWarning(
    warnings,
    'child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning',
  );
}

/** From the body, or else from the query. Throws 400 and 422. */
export function deleteOptions(query: URLSearchParams, body: RequestBody | undefined): DeleteOptions {
  const options = isEmpty(body) ? optionsOfQuery(query) : optionsOfBody(body);
  const faults = deleteOptionsFaults(options);
  if (faults.length > 0) throw invalidOptions('DeleteOptions', faults);
  return options;
}

function optionsOfQuery(query: URLSearchParams): DeleteOptions {
  return {
    gracePeriodSeconds: integerOf(query, 'gracePeriodSeconds'),
    propagationPolicy: query.get('propagationPolicy') ?? undefined,
    orphanDependents: booleanOf(query, 'orphanDependents'),
    preconditions: {},
    dryRun: query.getAll('dryRun').filter((value) => value !== ''),
  };
}

function optionsOfBody(body: RequestBody | undefined): DeleteOptions {
  const type = {
    schema: schemaOf('meta.v1.DeleteOptions'),
    groupVersionKind: { group: '', version: 'v1', kind: 'DeleteOptions' },
  };
  // The decoder has checked the types of the fields named here.
  const options = decodeBody(withoutVersion(body), type, 'Ignore').object as unknown as Partial<DeleteOptions>;
  return {
    gracePeriodSeconds: options.gracePeriodSeconds,
    propagationPolicy: options.propagationPolicy,
    orphanDependents: options.orphanDependents,
    preconditions: options.preconditions ?? {},
    dryRun: options.dryRun ?? [],
  };
}

/** Every group has DeleteOptions of its own name and of the same form. */
function withoutVersion(body: RequestBody | undefined): RequestBody | undefined {
  if (body?.form !== 'value' || typeof body.value !== 'object' || body.value === null) return body;
  return { ...body, value: { ...body.value, apiVersion: 'v1' } };
}

export function deletedStatus({ definition }: ServedKind, object: KubeObject): Omit<Status, 'code'> {
  const { group, resource } = definition.type;
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: { name: object.metadata.name, ...(group !== '' && { group }), kind: resource, uid: object.metadata.uid },
  };
}
