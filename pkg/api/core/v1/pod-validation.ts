// Validation of pods beyond their spec: on create, and on update of the pod, of its ephemeral containers and of its resources.
// What may change of a running pod is ValidatePodUpdate's list in pkg/apis/core/validation of Kubernetes.
import { isDeepStrictEqual } from 'node:util';
import { Faults } from '../../meta/field-faults.ts';
import { jsonDifference } from '../../meta/json-difference.ts';
import type { FieldError } from '../../meta/status.ts';
import { MAX_INT32 } from '../../meta/value-checks.ts';
import type { Container, Pod, PodSpec, Toleration } from '../../schema/generated/core.v1.gen.ts';
import { validateTolerations } from './affinity-validation.ts';
import { checkImageSpace } from './container-validation.ts';
import { addsToNodeAffinity, addsToNodeSelector, withNodeAffinityOf } from './gated-pod-validation.ts';
import {
  validatePodAnnotations,
  validatePodAnnotationsUpdate,
  validateProfilesMatch,
} from './pod-annotations-validation.ts';
import { validatePodSpec } from './pod-spec-validation.ts';

const UPDATABLE =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

export function validatePod(pod: Pod): FieldError[] {
  const faults = new Faults();
  validatePodContent(faults, pod);
  const { spec } = pod;
  faults.at('spec', () => {
    if ((spec.ephemeralContainers ?? []).length > 0) faults.forbidden('ephemeralContainers', 'cannot be set on create');
    if (spec.nodeName && (spec.schedulingGates ?? []).length > 0) {
      faults.forbidden('nodeName', 'cannot be set until all schedulingGates have been cleared');
    }
    validateProfilesMatch(faults, pod.metadata.annotations, spec);
  });
  return faults.errors;
}

/** Of every pod, new or changed. */
export function validatePodContent(faults: Faults, { metadata, spec }: Pod): void {
  faults.at('metadata', () => {
    faults.at('annotations', () => validatePodAnnotations(faults, metadata.annotations, spec));
  });
  faults.at('spec', () => {
    validatePodSpec(faults, spec, metadata);
    if (!spec.serviceAccountName) refuseTokens(faults, spec);
    for (const segment of ['containers', 'initContainers'] as const) {
      faults.each(segment, spec[segment], ({ image }) => checkImageSpace(faults, image));
    }
  });
}

/** Whose token would it be? */
function refuseTokens(faults: Faults, { volumes }: PodSpec): void {
  faults.each('volumes', volumes, ({ projected }) => {
    (projected?.sources ?? []).forEach(({ serviceAccountToken }, i) => {
      if (serviceAccountToken === undefined) return;
      const at = ['projected', 'sources', i, 'serviceAccountToken'];
      faults.forbidden(at, 'must not be specified when serviceAccountName is not set');
    });
  });
}

export function validatePodUpdate(pod: Pod, old: Pod): FieldError[] {
  const faults = new Faults();
  validatePodContent(faults, pod);
  faults.at('metadata', () => {
    faults.at('annotations', () =>
      validatePodAnnotationsUpdate(faults, pod.metadata.annotations, old.metadata.annotations),
    );
  });
  faults.at('spec', () => {
    for (const segment of ['containers', 'initContainers'] as const) {
      if ((pod.spec[segment] ?? []).length !== (old.spec[segment] ?? []).length) {
        return faults.forbidden(segment, 'pod updates may not add or remove containers');
      }
    }
    if (!validateDeadlineUpdate(faults, pod.spec, old.spec)) return;
    validateTolerationsUpdate(faults, pod.spec.tolerations ?? [], old.spec.tolerations ?? []);
    validateGatesUpdate(faults, pod.spec, old.spec);
    const rest = withUpdatablesOf(faults, pod.spec, old.spec);
    if (!isDeepStrictEqual(rest, old.spec)) {
      faults.forbidden('', `${UPDATABLE}\n${jsonDifference(old.spec, rest)}`);
    }
  });
  return faults.errors;
}

/** A deadline may be set, or brought nearer. */
function validateDeadlineUpdate(faults: Faults, spec: PodSpec, old: PodSpec): boolean {
  const [next, before] = [spec.activeDeadlineSeconds, old.activeDeadlineSeconds];
  const at = 'activeDeadlineSeconds';
  if (next === undefined) {
    if (before !== undefined) faults.invalid(at, undefined, 'must not update from a positive integer to nil value');
    return true;
  }
  if (next < 0 || next > MAX_INT32) {
    faults.invalid(at, next, `must be between 0 and ${MAX_INT32}, inclusive`);
    return false;
  }
  if (before === undefined || next <= before) return true;
  faults.invalid(at, next, 'must be less than or equal to previous value');
  return false;
}

function validateTolerationsUpdate(faults: Faults, next: readonly Toleration[], before: readonly Toleration[]): void {
  const gone = before.some(
    (old) => !next.some((one) => isDeepStrictEqual({ ...one, tolerationSeconds: 0 }, { ...old, tolerationSeconds: 0 })),
  );
  if (gone) {
    return faults.forbidden('tolerations', 'existing toleration can not be modified except its tolerationSeconds');
  }
  validateTolerations(faults, next);
}

function validateGatesUpdate(faults: Faults, spec: PodSpec, old: PodSpec): void {
  const before = new Set((old.schedulingGates ?? []).map(({ name }) => name));
  (spec.schedulingGates ?? []).forEach(({ name }, i) => {
    if (before.has(name)) return;
    const at = ['schedulingGates', i, 'name'];
    faults.forbidden(at, `only deletion is allowed, but found new scheduling gate '${name}'`);
  });
}

/** The new spec with everything that may change put back, so that what still differs may not. */
function withUpdatablesOf(faults: Faults, spec: PodSpec, old: PodSpec): PodSpec {
  const images = <C extends Container>(containers: readonly C[], before: readonly C[]): C[] =>
    containers.map((container, i) => ({ ...container, image: before[i]?.image }));
  const rest: PodSpec = { ...spec, containers: images(spec.containers, old.containers) };
  if (spec.initContainers !== undefined) {
    rest.initContainers = images(spec.initContainers, old.initContainers ?? []);
  }
  for (const field of ['activeDeadlineSeconds', 'tolerations', 'schedulingGates'] as const) {
    keepOld(rest, old, field);
  }
  const grace = old.terminationGracePeriodSeconds;
  if (grace !== undefined && grace < 0 && rest.terminationGracePeriodSeconds === 1) {
    rest.terminationGracePeriodSeconds = grace;
  }
  if ((old.schedulingGates ?? []).length === 0) return rest;
  // A pod that is held back from scheduling may still be told more closely where to go.
  addsToNodeSelector(faults, rest.nodeSelector ?? {}, old.nodeSelector ?? {});
  keepOld(rest, old, 'nodeSelector');
  addsToNodeAffinity(faults, rest.affinity?.nodeAffinity, old.affinity?.nodeAffinity);
  return withNodeAffinityOf(rest, old);
}

function keepOld(spec: PodSpec, old: PodSpec, field: keyof PodSpec): void {
  if (old[field] === undefined) delete spec[field];
  else Object.assign(spec, { [field]: old[field] });
}
