// Validation of metadata, the same for every kind: names, labels, annotations, owners, finalizers, and on updates what may
// not change. Rules and sentences are k8s.io/apimachinery/pkg/api/validation's (objectmeta.go) and of its meta/v1 part.
import type { ManagedFieldsEntry, ObjectMeta, OwnerReference } from '../schema/generated/meta.v1.gen.ts';
import { Faults, IMMUTABLE, NOT_NEGATIVE } from './field-faults.ts';
import { dnsLabelFaults, labelValueFaults, qualifiedNameFaults, type NameRule } from './names.ts';
import type { FieldError } from './status.ts';

/** All annotations of an object together, keys and values, in bytes. */
const ANNOTATIONS_LIMIT = 256 * 1024;

export interface MetaRules {
  readonly namespaced: boolean;
  readonly validateName: NameRule;
}

export function validateObjectMeta(meta: ObjectMeta, rules: MetaRules): FieldError[] {
  const faults = new Faults();
  faults.at('metadata', () => {
    if (meta.generateName)
      faults.invalidAll('generateName', meta.generateName, rules.validateName(meta.generateName, true));
    if (!meta.name) faults.required('name', 'name or generateName is required');
    else faults.invalidAll('name', meta.name, rules.validateName(meta.name, false));
    if (!rules.namespaced) {
      if (meta.namespace) faults.forbidden('namespace', 'not allowed on this type');
    } else if (!meta.namespace) faults.required('namespace');
    else faults.invalidAll('namespace', meta.namespace, dnsLabelFaults(meta.namespace));
    validateAccessor(faults, meta);
    validateFinalizers(faults, meta.finalizers);
    faults.each('finalizers', meta.finalizers, (name) => validateStandardFinalizer(faults, name));
  });
  return faults.errors;
}

/** `meta` must already have what the registry carries over from the old object (uid, creationTimestamp, ...). */
export function validateObjectMetaUpdate(meta: ObjectMeta, old: ObjectMeta): FieldError[] {
  const faults = new Faults();
  faults.at('metadata', () => {
    // Clients that build objects by hand leave these out on updates; the registry fills them in before this runs.
    validateFinalizerUpdate(faults, meta, old);
    if (!meta.resourceVersion)
      faults.invalid('resourceVersion', meta.resourceVersion, 'must be specified for an update');
    if ((meta.generation ?? 0) < (old.generation ?? 0)) {
      faults.invalid('generation', meta.generation ?? 0, 'must not be decremented');
    }
    for (const field of IMMUTABLE_FIELDS) {
      if ((meta[field] ?? '') !== (old[field] ?? '')) faults.invalid(field, meta[field], IMMUTABLE);
    }
    if ((meta.deletionGracePeriodSeconds ?? -1) !== (old.deletionGracePeriodSeconds ?? -1)) {
      faults.invalid('deletionGracePeriodSeconds', meta.deletionGracePeriodSeconds, IMMUTABLE);
    }
    validateAccessor(faults, meta);
    faults.each('finalizers', meta.finalizers, (name) => validateStandardFinalizer(faults, name));
  });
  return faults.errors;
}

const IMMUTABLE_FIELDS = ['name', 'namespace', 'uid', 'creationTimestamp', 'deletionTimestamp'] as const;

function validateAccessor(faults: Faults, meta: ObjectMeta): void {
  if ((meta.generation ?? 0) < 0) faults.invalid('generation', meta.generation, NOT_NEGATIVE);
  validateLabels(faults, 'labels', meta.labels);
  validateAnnotations(faults, meta.annotations);
  validateOwners(faults, meta.ownerReferences);
  faults.each('managedFields', meta.managedFields, (entry) => validateManagedFields(faults, entry));
}

/** Label keys and values of a map at `segment` of the current path. Also for selectors and templates. */
export function validateLabels(
  faults: Faults,
  segment: string,
  labels: Readonly<Record<string, string>> | undefined,
): void {
  for (const name in labels) {
    const value = labels[name] ?? '';
    if (isPlainLabel(name) && isPlainLabel(value)) continue;
    faults.invalidAll(segment, name, qualifiedNameFaults(name));
    faults.invalidAll(segment, value, labelValueFaults(value));
  }
}

const PLAIN_LABEL = /^[a-z0-9]([-a-z0-9]{0,40}[a-z0-9])?$/;

/** The common case at the price of one match: good as a key without prefix and as a value. */
function isPlainLabel(text: string): boolean {
  return PLAIN_LABEL.test(text);
}

/** Annotations of metadata at the current path; keys are checked in lower case, as Kubernetes does. */
export function validateAnnotations(
  faults: Faults,
  annotations: Readonly<Record<string, string>> | undefined,
  segment = 'annotations',
): void {
  if (annotations === undefined) return;
  let size = 0;
  for (const name in annotations) {
    faults.invalidAll(segment, name, qualifiedNameFaults(name.toLowerCase()));
    size += Buffer.byteLength(name) + Buffer.byteLength(annotations[name] ?? '');
  }
  if (size > ANNOTATIONS_LIMIT) faults.tooLong(segment, ANNOTATIONS_LIMIT);
}

function validateOwners(faults: Faults, owners: readonly OwnerReference[] | undefined): void {
  let controller: string | undefined;
  // Kubernetes names no position here: every fault is one of `metadata.ownerReferences`.
  faults.at('ownerReferences', () => {
    for (const owner of owners ?? []) {
      validateOwner(faults, owner);
      if (owner.controller !== true) continue;
      const name = `${owner.kind}/${owner.name}`;
      if (controller === undefined) controller = name;
      else {
        const both = `Found "true" in references for ${controller} and ${name}`;
        faults.invalid('', owners, `Only one reference can have Controller set to true. ${both}`);
      }
    }
  });
}

function validateOwner(faults: Faults, owner: OwnerReference): void {
  const version = (owner.apiVersion ?? '').split('/');
  if (version.length > 2 || version.at(-1) === '') {
    faults.invalid('apiVersion', owner.apiVersion ?? '', 'version must not be empty');
  }
  for (const field of ['kind', 'name', 'uid'] as const) {
    if (!owner[field]) faults.invalid(field, '', 'must not be empty');
  }
  if (owner.apiVersion === 'v1' && owner.kind === 'Event') {
    faults.invalid('', owner, '/v1, Kind=Event is disallowed from being an owner');
  }
}

function validateFinalizers(faults: Faults, finalizers: readonly string[] | undefined): void {
  for (const name of finalizers ?? []) faults.invalidAll('finalizers', name, qualifiedNameFaults(name));
  if (finalizers?.includes('orphan') && finalizers.includes('foregroundDeletion')) {
    faults.invalid('finalizers', finalizers, 'finalizer orphan and foregroundDeletion cannot be both set');
  }
}

/** Without a slash it must be a finalizer that Kubernetes itself knows. The path is that of one finalizer. */
export function validateStandardFinalizer(faults: Faults, name: string): void {
  if (name.includes('/') || STANDARD_FINALIZERS.includes(name)) return;
  faults.invalid('', name, 'name is neither a standard finalizer name nor is it fully qualified');
}

const STANDARD_FINALIZERS: readonly string[] = ['kubernetes', 'foregroundDeletion', 'orphan'];

function validateFinalizerUpdate(faults: Faults, meta: ObjectMeta, old: ObjectMeta): void {
  if (old.deletionTimestamp === undefined) return;
  const before = new Set(old.finalizers);
  const added = (meta.finalizers ?? []).filter((finalizer) => !before.has(finalizer));
  if (added.length === 0) return;
  const list = [...new Set(added)].sort().map((name) => JSON.stringify(name));
  faults.forbidden(
    'finalizers',
    `no new finalizers can be added if the object is being deleted, found new finalizers []string{${list.join(', ')}}`,
  );
}

function validateManagedFields(faults: Faults, entry: ManagedFieldsEntry): void {
  if (entry.operation !== 'Apply' && entry.operation !== 'Update') {
    faults.invalid('operation', entry.operation ?? '', 'must be `Apply` or `Update`');
  }
  if (entry.fieldsType !== undefined && entry.fieldsType !== '' && entry.fieldsType !== 'FieldsV1') {
    faults.invalid('fieldsType', entry.fieldsType, 'must be `FieldsV1`');
  }
  if ((entry.manager?.length ?? 0) > 128) faults.tooLong('manager', 128);
  if ((entry.subresource?.length ?? 0) > 256) faults.tooLong('subresource', 256);
}
