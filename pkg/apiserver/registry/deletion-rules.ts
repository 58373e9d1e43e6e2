// What a DELETE does to an object, decided without doing it: mark it, wait, remove it. k8s.io/apiserver's
// registry/rest/delete.go and registry/generic/registry/store.go.
import { ApiError, type FieldError } from '../../api/meta/status.ts';
import { formatTime, instantOf } from '../../api/meta/time.ts';
import type { KubeObject } from '../../api/schema/resource-type.ts';
import { invalidField, unsupportedField } from './options-error.ts';
import type { ServedKind } from './served-kind.ts';
import { dryRunFaults } from './write-options.ts';

export interface DeleteOptions {
  readonly gracePeriodSeconds: number | undefined;
  readonly propagationPolicy: string | undefined;
  readonly orphanDependents: boolean | undefined;
  readonly preconditions: { readonly uid?: string; readonly resourceVersion?: string };
  readonly dryRun: readonly string[];
}

export type DeletionStep =
  /** The object is already on its way out and nothing changes. */
  | { readonly do: 'wait' }
  /** As `wait`, answered with the object. */
  | { readonly do: 'stay' }
  | { readonly do: 'remove' }
  /** Write `object`, and remove it at once when nothing holds it any more. */
  | { readonly do: 'mark'; readonly object: KubeObject; readonly thenRemove: boolean };

const ORPHAN = 'orphan';
const FOREGROUND = 'foregroundDeletion';

export function deleteOptionsFaults(options: DeleteOptions): FieldError[] {
  const { propagationPolicy: policy, orphanDependents } = options;
  const faults: FieldError[] = [];
  if (policy !== undefined && orphanDependents !== undefined) {
    faults.push(
      invalidField(
        'propagationPolicy',
        JSON.stringify(policy),
        'orphanDependents and deletionPropagation cannot be both set',
      ),
    );
  }
  if (policy !== undefined && !['Foreground', 'Background', 'Orphan'].includes(policy)) {
    faults.push(unsupportedField('propagationPolicy', policy, ['Foreground', 'Background', 'Orphan', 'nil']));
  }
  return [...faults, ...dryRunFaults(options.dryRun)];
}

/** Throws 409 when the object is not the one that the client means. */
export function checkPreconditions(served: ServedKind, live: KubeObject, { preconditions }: DeleteOptions): void {
  const { uid, resourceVersion } = preconditions;
  const { metadata } = live;
  if (uid !== undefined && uid !== metadata.uid) {
    throw mismatch(
      served,
      metadata.name,
      `the UID in the precondition (${uid}) does not match the UID in record (${metadata.uid}). The object might have been deleted and then recreated`,
    );
  }
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) {
    throw mismatch(
      served,
      metadata.name,
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${metadata.resourceVersion}). The object might have been modified`,
    );
  }
}

/** Kubernetes names the kind here, where other conflicts name the resource. */
function mismatch(served: ServedKind, name: string, why: string): ApiError {
  const { group, kind } = served.definition.type;
  const qualified = group === '' ? kind : `${kind}.${group}`;
  return new ApiError('Conflict', `Operation cannot be fulfilled on ${qualified} ${JSON.stringify(name)}: ${why}`, {
    details: { name, ...(group !== '' && { group }), kind },
  });
}

/** The next step of deleting `live`, which is not changed. */
export function deletionStep(served: ServedKind, live: KubeObject, options: DeleteOptions, now: number): DeletionStep {
  const grace = gracefulStep(served, live, options, now);
  if (grace === 'wait') return { do: 'wait' };
  const finalizers = finalizersFor(served, live, options);
  if (grace !== 'none') {
    const object = { ...live, metadata: { ...live.metadata, ...grace } };
    setFinalizers(object, finalizers);
    return { do: 'mark', object, thenRemove: finalizers.length === 0 && grace.deletionGracePeriodSeconds === 0 };
  }
  if (finalizers.length === 0) return { do: 'remove' };
  const object = { ...live, metadata: { ...live.metadata, ...marked(live, now) } };
  setFinalizers(object, finalizers);
  return { do: 'mark', object, thenRemove: false };
}

type Marks = { deletionTimestamp: string; deletionGracePeriodSeconds: number; generation?: number };

function gracefulStep(
  served: ServedKind,
  live: KubeObject,
  options: DeleteOptions,
  now: number,
): Marks | 'wait' | 'none' {
  const { metadata } = live;
  const requested = options.gracePeriodSeconds === undefined ? undefined : atLeastOne(options.gracePeriodSeconds);
  const started = metadata.deletionTimestamp;
  if (started !== undefined) {
    const current = metadata.deletionGracePeriodSeconds;
    // Zero: marked by a deletion that did not live to remove the object, so nobody else will.
    if (current === undefined || current === 0) return 'none';
    if (served.definition.gracefulDeletion === undefined) return 'none';
    if (requested === undefined || requested >= current) return 'wait';
    const at = (instantOf(started) ?? now) - current * 1000 + requested * 1000;
    return { deletionTimestamp: formatTime(at), deletionGracePeriodSeconds: requested };
  }
  const seconds = served.definition.gracefulDeletion?.(live, requested);
  if (seconds === undefined) return 'none';
  return {
    deletionTimestamp: formatTime(now + seconds * 1000),
    deletionGracePeriodSeconds: seconds,
    ...nextGeneration(live),
  };
}

/** Negative periods count as one second. */
function atLeastOne(seconds: number): number {
  return seconds < 0 ? 1 : seconds;
}

function marked(live: KubeObject, now: number): Marks {
  const { deletionTimestamp } = live.metadata;
  const keep = deletionTimestamp !== undefined && (instantOf(deletionTimestamp) ?? now) <= now;
  return {
    deletionTimestamp: keep ? deletionTimestamp : formatTime(now),
    deletionGracePeriodSeconds: 0,
    ...(deletionTimestamp === undefined && nextGeneration(live)),
  };
}

function nextGeneration({ metadata }: KubeObject): { generation?: number } {
  return metadata.generation !== undefined && metadata.generation > 0 ? { generation: metadata.generation + 1 } : {};
}

function setFinalizers(object: KubeObject, finalizers: readonly string[]): void {
  if (finalizers.length > 0) object.metadata.finalizers = [...finalizers];
  else delete object.metadata.finalizers;
}

/** The object's finalizers with those of the garbage collector as the policy asks for. */
function finalizersFor(served: ServedKind, live: KubeObject, options: DeleteOptions): readonly string[] {
  const existing = live.metadata.finalizers ?? [];
  if (served.definition.type.kind === 'Event') return existing;
  const orphan = wantsOrphan(served, existing, options);
  const foreground = wantsForeground(existing, options);
  const others = existing.filter((name) => name !== ORPHAN && name !== FOREGROUND);
  return [...others, ...(orphan ? [ORPHAN] : []), ...(foreground ? [FOREGROUND] : [])];
}

function wantsOrphan(served: ServedKind, existing: readonly string[], options: DeleteOptions): boolean {
  if (options.orphanDependents !== undefined) return options.orphanDependents;
  if (options.propagationPolicy !== undefined) return options.propagationPolicy === 'Orphan';
  if (existing.includes(ORPHAN)) return true;
  if (existing.includes(FOREGROUND)) return false;
  return served.definition.defaultPropagation === 'orphan';
}

function wantsForeground(existing: readonly string[], options: DeleteOptions): boolean {
  if (options.orphanDependents !== undefined) return false;
  if (options.propagationPolicy !== undefined) return options.propagationPolicy === 'Foreground';
  return existing.includes(FOREGROUND);
}

/** An update that leaves a marked object without finalizers and without grace completes its deletion. */
export function isReadyToGo(served: ServedKind, object: KubeObject & { spec?: unknown }): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds, finalizers } = object.metadata;
  if (deletionTimestamp === undefined || (finalizers ?? []).length > 0) return false;
  if (served.definition.type.resource === 'namespaces' && served.definition.type.group === '') {
    return namespaceFinalizers(object).length === 0;
  }
  return deletionGracePeriodSeconds === 0;
}

/** The finalizers in a namespace's spec, which hold it as long as it has contents. */
export function namespaceFinalizers({ spec }: { spec?: unknown }): readonly unknown[] {
  const held = typeof spec === 'object' && spec !== null && 'finalizers' in spec ? spec.finalizers : undefined;
  return Array.isArray(held) ? held : [];
}
