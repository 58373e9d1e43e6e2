// Validation of the annotations by which pods and their templates say something to Kubernetes itself.
import { key, type Faults } from '../../meta/field-faults.ts';
import { checkDescendingPath } from '../../meta/value-checks.ts';
import type { AppArmorProfile, PodSpec, SeccompProfile } from '../../schema/generated/core.v1.gen.ts';

const MIRROR = 'kubernetes.io/config.mirror';
const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost';
const SECCOMP_OF_POD = 'seccomp.security.alpha.kubernetes.io/pod';
const SECCOMP_OF_CONTAINER = 'container.seccomp.security.alpha.kubernetes.io/';
const APP_ARMOR = 'container.apparmor.security.beta.kubernetes.io/';
const LOCAL = 'localhost/';
const SECCOMP_PROFILES = ['runtime/default', 'docker/default', 'unconfined'];

type Annotations = Readonly<Record<string, string>>;

/** The current path is that of the annotations. */
export function validatePodAnnotations(faults: Faults, annotations: Annotations | undefined, spec: PodSpec): void {
  if (annotations === undefined) return;
  const mirror = annotations[MIRROR];
  if (mirror !== undefined && !spec.nodeName) {
    faults.invalid(key(MIRROR), mirror, 'must set spec.nodeName if mirror pod annotation is set');
  }
  const cost = annotations[DELETION_COST];
  if (cost !== undefined && !isInt32(cost)) faults.invalid(key(DELETION_COST), cost, 'must be a 32bit integer');
  for (const [name, value] of Object.entries(annotations)) {
    if (name === SECCOMP_OF_POD || name.startsWith(SECCOMP_OF_CONTAINER)) validateSeccompName(faults, name, value);
    if (name.startsWith(APP_ARMOR)) validateAppArmorName(faults, name, value, spec);
  }
}

/** Written as Go writes it: no plus, no leading zeros. */
function isInt32(text: string): boolean {
  const value = Number(text);
  return /^(0|-?[1-9][0-9]*)$/.test(text) && value >= -(2 ** 31) && value < 2 ** 31;
}

function validateSeccompName(faults: Faults, annotation: string, profile: string): void {
  if (SECCOMP_PROFILES.includes(profile)) return;
  if (profile.startsWith(LOCAL)) checkDescendingPath(faults, annotation, profile.slice(LOCAL.length));
  else faults.invalid(annotation, profile, 'must be a valid seccomp profile');
}

function validateAppArmorName(faults: Faults, annotation: string, profile: string, spec: PodSpec): void {
  const container = annotation.slice(APP_ARMOR.length);
  if (!containersOf(spec).some(({ name }) => name === container)) {
    faults.invalid(key(annotation), container, 'container not found');
  }
  if (['', 'runtime/default', 'unconfined'].includes(profile) || profile.startsWith(LOCAL)) return;
  faults.invalid(key(annotation), profile, `invalid AppArmor profile name: ${JSON.stringify(profile)}`);
}

function containersOf({ initContainers = [], containers, ephemeralContainers = [] }: PodSpec) {
  return [...initContainers, ...containers, ...ephemeralContainers];
}

/** Where a profile is both annotated and in the spec, they are the same. The current path is that of the spec. */
export function validateProfilesMatch(faults: Faults, annotations: Annotations | undefined, spec: PodSpec): void {
  if (annotations === undefined) return;
  const { securityContext } = spec;
  matchSeccomp(faults, annotations[SECCOMP_OF_POD], securityContext?.seccompProfile);
  for (const segment of ['initContainers', 'containers', 'ephemeralContainers'] as const) {
    faults.each(segment, spec[segment], ({ name, securityContext: own }) => {
      matchSeccomp(faults, annotations[`${SECCOMP_OF_CONTAINER}${name}`], own?.seccompProfile);
      if (spec.os?.name === 'windows') return;
      const appArmor = own?.appArmorProfile ?? securityContext?.appArmorProfile;
      matchAppArmor(faults, annotations[`${APP_ARMOR}${name}`], appArmor);
    });
  }
}

function matchSeccomp(faults: Faults, annotated: string | undefined, profile: SeccompProfile | undefined): void {
  if (annotated === undefined || profile === undefined) return;
  const names = profile.type === 'RuntimeDefault' ? ['runtime/default', 'docker/default'] : ['unconfined'];
  matchProfile(faults, 'seccomp', annotated, profile, names);
}

function matchAppArmor(faults: Faults, annotated: string | undefined, profile: AppArmorProfile | undefined): void {
  if (annotated === undefined || profile === undefined) return;
  const names = profile.type === 'RuntimeDefault' ? ['runtime/default'] : ['unconfined'];
  matchProfile(faults, 'apparmor', annotated, profile, names);
}

function matchProfile(
  faults: Faults,
  what: 'seccomp' | 'apparmor',
  annotated: string,
  { type, localhostProfile }: SeccompProfile,
  names: readonly string[],
): void {
  const at = ['securityContext', what === 'seccomp' ? 'seccompProfile' : 'appArmorProfile'];
  const local = type === 'Localhost';
  if (local ? !annotated.startsWith(LOCAL) : !names.includes(annotated)) {
    faults.forbidden([...at, 'type'], `${what} type in annotation and field must match`);
  } else if (local && annotated.slice(LOCAL.length) !== localhostProfile) {
    faults.forbidden([...at, 'localhostProfile'], `${what} profile in annotation and field must match`);
  }
}

/** Some annotations are there from the beginning or never. The current path is that of the annotations. */
export function validatePodAnnotationsUpdate(faults: Faults, next: Annotations = {}, before: Annotations = {}): void {
  for (const [name, value] of Object.entries(before)) {
    if (next[name] === value) continue;
    if (name.startsWith(APP_ARMOR)) faults.forbidden(key(name), 'may not remove or update AppArmor annotations');
    if (name === MIRROR) faults.forbidden(key(name), 'may not remove or update mirror pod annotation');
  }
  for (const name of Object.keys(next)) {
    if (Object.hasOwn(before, name)) continue;
    if (name.startsWith(APP_ARMOR)) faults.forbidden(key(name), 'may not add AppArmor annotations');
    if (name === MIRROR) faults.forbidden(key(name), 'may not add mirror pod annotation');
  }
}

export function isMirrorPod(annotations: Annotations | undefined): boolean {
  return annotations?.[MIRROR] !== undefined;
}
