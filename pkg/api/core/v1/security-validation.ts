// Validation of the security contexts of pods and containers.
import type { Faults } from '../../meta/field-faults.ts';
import { checkDescendingPath, checkId, checkOneOf, checkOptionalOneOf } from '../../meta/value-checks.ts';
import type {
  AppArmorProfile,
  PodSecurityContext,
  PodSpec,
  SeccompProfile,
  SecurityContext,
} from '../../schema/generated/core.v1.gen.ts';

const SYSCTL = /^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$/;
const SYSCTL_MESSAGE =
  'must have at most 253 characters and match regex ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$';

/** Of a container. */
export function validateSecurityContext(faults: Faults, context: SecurityContext | undefined): void {
  if (context === undefined) return;
  faults.at('securityContext', () => {
    checkId(faults, 'runAsUser', context.runAsUser);
    checkId(faults, 'runAsGroup', context.runAsGroup);
    checkOptionalOneOf(faults, 'procMount', context.procMount, ['Default', 'Unmasked']);
    validateEscalation(faults, context);
    validateSeccomp(faults, context.seccompProfile);
    validateAppArmor(faults, context.appArmorProfile);
  });
}

function validateEscalation(faults: Faults, context: SecurityContext): void {
  if (context.allowPrivilegeEscalation !== false) return;
  if (context.privileged === true) {
    faults.invalid('', context, 'cannot set `allowPrivilegeEscalation` to false and `privileged` to true');
  }
  if (context.capabilities?.add?.includes('CAP_SYS_ADMIN')) {
    faults.invalid('', context, 'cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN');
  }
}

function validateSeccomp(faults: Faults, profile: SeccompProfile | undefined): void {
  if (profile === undefined) return;
  faults.at('seccompProfile', () => {
    const types = ['Localhost', 'RuntimeDefault', 'Unconfined'];
    if (!profile.type) faults.required('type', 'type is required when seccompProfile is set');
    else checkOneOf(faults, 'type', profile.type, types);
    if (profile.type === 'Localhost') {
      if (profile.localhostProfile === undefined) {
        faults.required('localhostProfile', 'must be set when seccomp type is Localhost');
      } else checkDescendingPath(faults, 'localhostProfile', profile.localhostProfile);
    } else if (profile.localhostProfile !== undefined) {
      faults.invalid('localhostProfile', profile, 'can only be set when seccomp type is Localhost');
    }
  });
}

function validateAppArmor(faults: Faults, profile: AppArmorProfile | undefined): void {
  if (profile === undefined) return;
  faults.at('appArmorProfile', () => {
    if (!profile.type) faults.required('type', 'type is required when appArmorProfile is set');
    else checkOneOf(faults, 'type', profile.type, ['Localhost', 'RuntimeDefault', 'Unconfined']);
    if (profile.type === 'Localhost') {
      if (!profile.localhostProfile?.trim()) {
        faults.required('localhostProfile', 'must be set when AppArmor type is Localhost');
      }
    } else if (profile.localhostProfile !== undefined) {
      faults.invalid('localhostProfile', profile.localhostProfile, 'can only be set when AppArmor type is Localhost');
    }
  });
}

/** Of a pod, with the host's namespaces that belong to it; the current path is the pod's spec. */
export function validatePodSecurity(faults: Faults, spec: PodSpec): void {
  if (spec.hostPID === true && spec.shareProcessNamespace === true) {
    faults.invalid('shareProcessNamespace', true, 'ShareProcessNamespace and HostPID cannot both be enabled');
  }
  validateHostUsers(faults, spec);
  const { securityContext: context } = spec;
  if (context === undefined) return;
  faults.at('securityContext', () => validatePodContext(faults, context));
}

function validatePodContext(faults: Faults, context: PodSecurityContext): void {
  checkId(faults, 'fsGroup', context.fsGroup);
  checkId(faults, 'runAsUser', context.runAsUser);
  checkId(faults, 'runAsGroup', context.runAsGroup);
  (context.supplementalGroups ?? []).forEach((id, i) => checkId(faults, ['supplementalGroups', i], id));
  const seen = new Set<string>();
  faults.each('sysctls', context.sysctls, ({ name }) => {
    if (!name) faults.required('name');
    else if (name.length > 253 || !SYSCTL.test(name)) faults.invalid('name', name, SYSCTL_MESSAGE);
    else if (seen.has(name)) faults.duplicate('name', name);
    seen.add(name);
  });
  checkOptionalOneOf(faults, 'fsGroupChangePolicy', context.fsGroupChangePolicy, ['Always', 'OnRootMismatch']);
  checkOptionalOneOf(faults, 'supplementalGroupsPolicy', context.supplementalGroupsPolicy, ['Merge', 'Strict']);
  checkOptionalOneOf(faults, 'seLinuxChangePolicy', context.seLinuxChangePolicy, ['MountOption', 'Recursive']);
  validateSeccomp(faults, context.seccompProfile);
  validateAppArmor(faults, context.appArmorProfile);
}

/** A user namespace of its own and the host's other namespaces exclude each other. */
function validateHostUsers(faults: Faults, spec: PodSpec): void {
  if (spec.hostUsers !== false) return;
  for (const field of ['hostNetwork', 'hostPID', 'hostIPC'] as const) {
    if (spec[field] === true) faults.forbidden(field, 'when `hostUsers` is false');
  }
}
