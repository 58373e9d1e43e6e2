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
import { validateWindowsOptions } from './windows-validation.ts';

const PROFILE_TYPES = ['Localhost', 'RuntimeDefault', 'Unconfined'];
/** Of Linux, without the byte that ends it. */
const LONGEST_PATH = 4095;
const SYSCTL = /^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$/;
const SYSCTL_MESSAGE =
  'must have at most 253 characters and match regex ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$';

/** Of a container; `hostUsers` says whether its users are those of the host. */
export function validateSecurityContext(
  faults: Faults,
  context: SecurityContext | undefined,
  hostUsers: boolean,
): void {
  if (context === undefined) return;
  faults.at('securityContext', () => {
    checkId(faults, 'runAsUser', context.runAsUser);
    checkId(faults, 'runAsGroup', context.runAsGroup);
    checkOptionalOneOf(faults, 'procMount', context.procMount, ['Default', 'Unmasked']);
    if (hostUsers && context.procMount === 'Unmasked') {
      faults.invalid('procMount', context.procMount, '`hostUsers` must be false to use `Unmasked`');
    }
    validateSeccomp(faults, context.seccompProfile);
    validateEscalation(faults, context);
    validateWindowsOptions(faults, context.windowsOptions);
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
    if (!profile.type) faults.required('type', 'type is required when seccompProfile is set');
    else checkOneOf(faults, 'type', profile.type, PROFILE_TYPES);
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
    const { type, localhostProfile: file } = profile;
    if (!type) return faults.required('type', 'type is required when appArmorProfile is set');
    checkOneOf(faults, 'type', type, PROFILE_TYPES);
    if (type === 'RuntimeDefault' || type === 'Unconfined') {
      if (file === undefined) return;
      return faults.invalid('localhostProfile', file, 'can only be set when AppArmor type is Localhost');
    }
    if (type !== 'Localhost') return;
    if (file === undefined || file === '') {
      return faults.required('localhostProfile', 'must be set when AppArmor type is Localhost');
    }
    if (file !== file.trim()) faults.invalid('localhostProfile', file, 'must not be padded with whitespace');
    if (Buffer.byteLength(file) > LONGEST_PATH) faults.tooLong('localhostProfile', LONGEST_PATH);
  });
}

/** Of a pod, with the host's namespaces that belong to it; the current path is the pod's spec. */
export function validatePodSecurity(faults: Faults, spec: PodSpec): void {
  const { securityContext: context } = spec;
  if (context === undefined) return;
  faults.at('securityContext', () => validatePodContext(faults, context, spec));
}

function validatePodContext(faults: Faults, context: PodSecurityContext, spec: PodSpec): void {
  checkId(faults, 'fsGroup', context.fsGroup);
  checkId(faults, 'runAsUser', context.runAsUser);
  checkId(faults, 'runAsGroup', context.runAsGroup);
  (context.supplementalGroups ?? []).forEach((id, i) => checkId(faults, ['supplementalGroups', i], id));
  // Kubernetes keeps the spec's flag here, and reports it so.
  if (spec.hostPID === true && spec.shareProcessNamespace === true) {
    faults.invalid('shareProcessNamespace', true, 'ShareProcessNamespace and HostPID cannot both be enabled');
  }
  const seen = new Set<string>();
  faults.each('sysctls', context.sysctls, ({ name }) => {
    if (!name) faults.required('name');
    else if (name.length > 253 || !SYSCTL.test(name)) faults.invalid('name', name, SYSCTL_MESSAGE);
    else if (seen.has(name)) faults.duplicate('name', name);
    validateHostSysctl(faults, name ?? '', spec);
    seen.add(name);
  });
  checkOptionalOneOf(faults, 'fsGroupChangePolicy', context.fsGroupChangePolicy, ['Always', 'OnRootMismatch']);
  validateSeccomp(faults, context.seccompProfile);
  validateWindowsOptions(faults, context.windowsOptions);
  validateAppArmor(faults, context.appArmorProfile);
  checkOptionalOneOf(faults, 'supplementalGroupsPolicy', context.supplementalGroupsPolicy, ['Merge', 'Strict']);
  checkOptionalOneOf(faults, 'seLinuxChangePolicy', context.seLinuxChangePolicy, ['MountOption', 'Recursive']);
}

/** What belongs to a namespace of the kernel is not set in a pod that has the host's. */
function validateHostSysctl(faults: Faults, name: string, { hostNetwork, hostIPC }: PodSpec): void {
  const dotted = name.replaceAll('/', '.');
  if (hostNetwork === true && dotted.startsWith('net.')) {
    faults.invalid('name', name, "may not be specified when 'hostNetwork' is true");
  } else if (hostIPC === true && IPC_SYSCTL.test(dotted)) {
    faults.invalid('name', name, "may not be specified when 'hostIPC' is true");
  }
}

const IPC_SYSCTL = /^(kernel\.(sem|shm.*|msg.*)|fs\.mqueue\..*)$/;

/** A user namespace of its own and the host's other namespaces exclude each other. The current path is the spec's. */
export function validateHostUsers(faults: Faults, spec: PodSpec): void {
  if (spec.hostUsers !== false) return;
  const sentence = 'when `pod.Spec.HostUsers` is false';
  if (spec.hostNetwork === true) faults.forbidden('hostNetwork', sentence);
  // Kubernetes spells these two as its own code does.
  if (spec.hostPID === true) faults.forbidden('HostPID', sentence);
  if (spec.hostIPC === true) faults.forbidden('HostIPC', sentence);
}
