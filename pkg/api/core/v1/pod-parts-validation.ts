// Validation of the updates that have a path of their own beside the pod's: its ephemeral containers and its resources.
import { isDeepStrictEqual } from 'node:util';
import { Faults } from '../../meta/field-faults.ts';
import { jsonDifference } from '../../meta/json-difference.ts';
import type { FieldError } from '../../meta/status.ts';
import type { Container, Pod, ResourceRequirements } from '../../schema/generated/core.v1.gen.ts';
import { isMirrorPod, validatePodAnnotationsUpdate } from './pod-annotations-validation.ts';
import { qosClassOf } from './pod-qos.ts';
import { validatePodContent } from './pod-validation.ts';

/** PUT and PATCH pods/<name>/ephemeralcontainers: containers are added, and stay as they are. */
export function validateEphemeralContainersUpdate(pod: Pod, old: Pod): FieldError[] {
  if (isMirrorPod(old.metadata.annotations)) return refuse('static pods do not support ephemeral containers');
  const faults = new Faults();
  validatePodContent(faults, pod);
  faults.at('metadata', () => {
    faults.at('annotations', () =>
      validatePodAnnotationsUpdate(faults, pod.metadata.annotations, old.metadata.annotations),
    );
  });
  const now = new Map((pod.spec.ephemeralContainers ?? []).map((container) => [container.name, container]));
  for (const container of old.spec.ephemeralContainers ?? []) {
    const next = now.get(container.name);
    const name = JSON.stringify(container.name);
    const at = ['spec', 'ephemeralContainers'];
    if (next === undefined) faults.forbidden(at, `existing ephemeral containers ${name} may not be removed\n`);
    else if (!isDeepStrictEqual(next, container)) {
      const difference = jsonDifference(container, next);
      faults.forbidden(at, `existing ephemeral containers ${name} may not be changed\n${difference}`);
    }
  }
  return faults.errors;
}

/** PUT and PATCH pods/<name>/resize: processor and memory change, and what was asked is not withdrawn. */
export function validateResize(pod: Pod, old: Pod): FieldError[] {
  if (isMirrorPod(old.metadata.annotations)) return refuse('static pods cannot be resized');
  if (old.spec.os?.name === 'windows') return refuse('windows pods cannot be resized');
  const faults = new Faults();
  validatePodContent(faults, pod);
  if ((old.status.qosClass ?? qosClassOf(old)) !== qosClassOf(pod)) {
    const sentence = 'Pod QOS Class may not change as a result of resizing';
    faults.invalid('spec', pod.status.qosClass ?? '', sentence);
  }
  for (const segment of ['initContainers', 'containers'] as const) {
    const before = old.spec[segment] ?? [];
    (pod.spec[segment] ?? []).forEach((container, i) => {
      const was = before[i];
      if (was !== undefined) validateContainerResize(faults, [segment, i], container, was);
    });
  }
  return faults.errors;
}

function refuse(why: string): FieldError[] {
  const faults = new Faults();
  // Kubernetes names no field here and shows that as an empty index.
  faults.forbidden('[]', why);
  return faults.errors;
}

function validateContainerResize(
  faults: Faults,
  [segment, i]: readonly ['containers' | 'initContainers', number],
  container: Container,
  was: Container,
): void {
  if (segment === 'initContainers' && container.restartPolicy !== 'Always') {
    if (!isDeepStrictEqual(container, was)) {
      faults.forbidden('spec', 'resources for non-sidecar init containers are immutable');
    }
    return;
  }
  const [now, before] = [container.resources ?? {}, was.resources ?? {}];
  for (const which of ['requests', 'limits'] as const) {
    const gone = Object.keys(before[which] ?? {}).some((name) => now[which]?.[name] === undefined);
    if (!gone) continue;
    faults.forbidden(['spec', segment, i, 'resources', which], `resource ${which} cannot be removed`);
  }
  if (isDeepStrictEqual(immutableOf(now), immutableOf(before))) return;
  const whose = segment === 'initContainers' ? ' for sidecar containers' : '';
  faults.forbidden('spec', `only cpu and memory resources${whose} are mutable`);
}

function immutableOf({ limits = {}, requests = {}, claims = [] }: ResourceRequirements): unknown {
  const rest = (list: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(list).filter(([name]) => name !== 'cpu' && name !== 'memory'));
  return { limits: rest(limits), requests: rest(requests), claims };
}
