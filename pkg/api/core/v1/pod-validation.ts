// Validation of pods beyond their spec: on create, on update of the pod and of its status. What may change of a running pod
// is ValidatePodUpdate's list in pkg/apis/core/validation of Kubernetes.
import { isDeepStrictEqual } from 'node:util';
import { Faults, key } from '../../meta/field-faults.ts';
import { jsonDifference } from '../../meta/json-difference.ts';
import { dnsSubdomainFaults } from '../../meta/names.ts';
import type { FieldError } from '../../meta/status.ts';
import { MAX_INT32 } from '../../meta/value-checks.ts';
import type { Container, ContainerStatus, Pod, PodSpec, Toleration } from '../../schema/generated/core.v1.gen.ts';
import { validatePodSpec } from './pod-spec-validation.ts';

const MIRROR_ANNOTATION = 'kubernetes.io/config.mirror';
const BLANKS_AROUND = 'must not have leading or trailing whitespace';
const UPDATABLE =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

export function validatePod(pod: Pod): FieldError[] {
  const faults = new Faults();
  validateMetadataAndSpec(faults, pod);
  const { spec } = pod;
  if ((spec.ephemeralContainers ?? []).length > 0) {
    faults.forbidden(['spec', 'ephemeralContainers'], 'cannot be set on create');
  }
  if (spec.nodeName && (spec.schedulingGates ?? []).length > 0) {
    faults.forbidden(['spec', 'nodeName'], 'cannot be set until all schedulingGates have been cleared');
  }
  return faults.errors;
}

function validateMetadataAndSpec(faults: Faults, pod: Pod): void {
  const mirror = pod.metadata.annotations?.[MIRROR_ANNOTATION];
  if (mirror !== undefined && !pod.spec.nodeName) {
    const at = ['metadata', 'annotations', key(MIRROR_ANNOTATION)];
    faults.invalid(at, mirror, 'must set spec.nodeName if mirror pod annotation is set');
  }
  faults.at('spec', () => {
    validatePodSpec(faults, pod.spec);
    validateImages(faults, 'containers', pod.spec.containers);
    validateImages(faults, 'initContainers', pod.spec.initContainers ?? []);
  });
}

/** Templates may have such images, pods may not. */
function validateImages(faults: Faults, segment: string, containers: readonly Container[]): void {
  containers.forEach(({ image = '' }, i) => {
    if (image !== image.trim()) faults.invalid([segment, i, 'image'], image, BLANKS_AROUND);
  });
}

export function validatePodUpdate(pod: Pod, old: Pod): FieldError[] {
  const faults = new Faults();
  validateMetadataAndSpec(faults, pod);
  faults.at('spec', () => {
    for (const segment of ['containers', 'initContainers'] as const) {
      if ((pod.spec[segment] ?? []).length !== (old.spec[segment] ?? []).length) {
        return faults.forbidden(segment, 'pod updates may not add or remove containers');
      }
    }
    if (!validateDeadlineUpdate(faults, pod.spec, old.spec)) return;
    validateTolerationsUpdate(faults, pod.spec.tolerations ?? [], old.spec.tolerations ?? []);
    validateGatesUpdate(faults, pod.spec, old.spec);
    const rest = withUpdatablesOf(pod.spec, old.spec);
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
    faults.forbidden('tolerations', 'existing toleration can not be modified except its tolerationSeconds');
  }
}

function validateGatesUpdate(faults: Faults, spec: PodSpec, old: PodSpec): void {
  const before = new Set((old.schedulingGates ?? []).map(({ name }) => name));
  (spec.schedulingGates ?? []).forEach(({ name }, i) => {
    if (before.has(name)) return;
    faults.forbidden(['schedulingGates', i], `only deletion is allowed, but found new scheduling gate '${name}'`);
  });
}

/** The new spec with everything that may change put back, so that what still differs may not. */
function withUpdatablesOf(spec: PodSpec, old: PodSpec): PodSpec {
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
  // A pod that is held back from scheduling may still be told more closely where to go.
  if ((old.schedulingGates ?? []).length > 0 && onlyAdds(rest.nodeSelector ?? {}, old.nodeSelector ?? {})) {
    keepOld(rest, old, 'nodeSelector');
  }
  return rest;
}

function keepOld(spec: PodSpec, old: PodSpec, field: keyof PodSpec): void {
  if (old[field] === undefined) delete spec[field];
  else Object.assign(spec, { [field]: old[field] });
}

function onlyAdds(next: Readonly<Record<string, string>>, before: Readonly<Record<string, string>>): boolean {
  return Object.entries(before).every(([name, value]) => next[name] === value);
}

export function validatePodStatusUpdate(pod: Pod, old: Pod): FieldError[] {
  const faults = new Faults();
  faults.at('status', () => {
    if ((pod.spec.nodeName ?? '') !== (old.spec.nodeName ?? '')) {
      faults.forbidden('nodeName', 'may not be changed directly');
    }
    const { nominatedNodeName } = pod.status;
    if (nominatedNodeName && nominatedNodeName !== old.status.nominatedNodeName) {
      faults.invalidAll('nominatedNodeName', nominatedNodeName, dnsSubdomainFaults(nominatedNodeName));
    }
    const [now, before] = [pod.status, old.status];
    validateTransitions(faults, 'containerStatuses', now.containerStatuses, before.containerStatuses, old.spec);
    const regularInit = (before.initContainerStatuses ?? []).filter(
      ({ name }) => old.spec.initContainers?.find((one) => one.name === name)?.restartPolicy !== 'Always',
    );
    validateTransitions(faults, 'initContainerStatuses', now.initContainerStatuses, regularInit, old.spec);
    if (old.status.qosClass && pod.status.qosClass !== old.status.qosClass) {
      faults.invalid('qosClass', pod.status.qosClass, 'field is immutable');
    }
  });
  return faults.errors;
}

/** A container that has ended for good does not come back. */
function validateTransitions(
  faults: Faults,
  segment: string,
  now: readonly ContainerStatus[] | undefined,
  before: readonly ContainerStatus[] | undefined,
  { restartPolicy }: PodSpec,
): void {
  if (restartPolicy === 'Always') return;
  (before ?? []).forEach(({ name, state }, i) => {
    const ended = state?.terminated;
    if (ended === undefined || (ended.exitCode !== 0 && restartPolicy === 'OnFailure')) return;
    const next = now?.find((status) => status.name === name);
    if (next !== undefined && next.state?.terminated === undefined) {
      faults.forbidden([segment, i, 'state'], 'may not be transitioned to non-terminated state');
    }
  });
}
