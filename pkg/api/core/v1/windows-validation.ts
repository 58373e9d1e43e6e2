// Validation of what pods say for Windows, and of what no pod may say for the operating system that it names.
import type { Faults } from '../../meta/field-faults.ts';
import { dnsSubdomainFaults } from '../../meta/names.ts';
import type {
  Container,
  PodSecurityContext,
  PodSpec,
  SecurityContext,
  WindowsSecurityContextOptions,
} from '../../schema/generated/core.v1.gen.ts';

const LARGEST_CREDENTIAL_KIB = 64;
const LONGEST_DOMAIN = 256;
const LONGEST_USER = 104;
const NET_BIOS_DOMAIN = /^[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}$/;
const DNS_PART = '[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?';
const DNS_DOMAIN = new RegExp(`^${DNS_PART}(?:\\.${DNS_PART})*$`);

/** Of a pod or a container; the current path is that of its security context. */
export function validateWindowsOptions(faults: Faults, options: WindowsSecurityContextOptions | undefined): void {
  if (options === undefined) return;
  const { gmsaCredentialSpecName: name, gmsaCredentialSpec: credential, runAsUserName } = options;
  faults.at('windowsOptions', () => {
    if (name !== undefined) faults.invalidAll('gmsaCredentialSpecName', name, dnsSubdomainFaults(name));
    if (credential === '') {
      faults.invalid('gmsaCredentialSpec', credential, 'gmsaCredentialSpec cannot be an empty string');
    } else if (credential !== undefined && Buffer.byteLength(credential) > LARGEST_CREDENTIAL_KIB * 1024) {
      const sentence = `gmsaCredentialSpec size must be under ${LARGEST_CREDENTIAL_KIB} KiB`;
      faults.invalid('gmsaCredentialSpec', credential, sentence);
    }
    if (runAsUserName === undefined) return;
    for (const fault of userNameFaults(runAsUserName)) faults.invalid('runAsUserName', runAsUserName, fault);
  });
}

/** `user` or `domain\user`. */
function userNameFaults(name: string): string[] {
  if (name === '') return ['runAsUserName cannot be an empty string'];
  if (/\p{Cc}/u.test(name)) return ['runAsUserName cannot contain control characters'];
  const parts = name.split('\\');
  if (parts.length > 2) return ['runAsUserName cannot contain more than one backslash'];
  const faults: string[] = [];
  const user = parts.at(-1) ?? '';
  const domain = parts.length === 2 ? (parts[0] ?? '') : undefined;
  if (domain !== undefined && domain.length >= LONGEST_DOMAIN) {
    faults.push(`runAsUserName's Domain length must be under ${LONGEST_DOMAIN} characters`);
  }
  if (domain !== undefined && !NET_BIOS_DOMAIN.test(domain) && !DNS_DOMAIN.test(domain)) {
    faults.push("runAsUserName's Domain doesn't match the NetBios nor the DNS format");
  }
  if (user === '') faults.push("runAsUserName's User cannot be empty");
  else if (user.length > LONGEST_USER) {
    faults.push(`runAsUserName's User length must not be longer than ${LONGEST_USER} characters`);
  }
  if (/^[. ]+$/.test(user)) faults.push("runAsUserName's User cannot contain only periods or spaces");
  if (/["/\\:;|=,+*?<>@[\]]/.test(user)) {
    faults.push('runAsUserName\'s User cannot contain the following characters: "/\\:;|=,+*?<>@[]');
  }
  return faults;
}

type AnyContainer = Pick<Container, 'name' | 'securityContext'>;

function eachContainer(faults: Faults, spec: PodSpec, check: (container: AnyContainer) => void): void {
  faults.each('initContainers', spec.initContainers, check);
  faults.each('containers', spec.containers, check);
  faults.each('ephemeralContainers', spec.ephemeralContainers, check);
}

/** Containers that are processes of a Windows host: all of a pod or none. The current path is the spec's. */
export function validateHostProcesses(faults: Faults, spec: PodSpec): void {
  const ofPod = spec.securityContext?.windowsOptions?.hostProcess;
  let [containers, hostProcesses] = [0, 0];
  eachContainer(faults, spec, ({ securityContext }) => {
    containers++;
    const own = securityContext?.windowsOptions?.hostProcess;
    if (own ?? ofPod ?? false) hostProcesses++;
    if (ofPod === undefined || own === undefined || own === ofPod) return;
    const sentence = `pod hostProcess value must be identical if both are specified, was ${ofPod}`;
    faults.invalid(['securityContext', 'windowsOptions', 'hostProcess'], own, sentence);
  });
  if (hostProcesses === 0) return;
  if (hostProcesses !== containers) {
    const sentence = 'If pod contains any hostProcess containers then all containers must be HostProcess containers';
    faults.invalid('', '', sentence);
  }
  if (spec.hostNetwork !== true) {
    faults.invalid('hostNetwork', false, 'hostNetwork must be true if pod contains any hostProcess containers');
  }
}

const NOT_ON_WINDOWS: readonly (keyof PodSecurityContext)[] = [
  'appArmorProfile',
  'seLinuxOptions',
  'seccompProfile',
  'fsGroup',
  'fsGroupChangePolicy',
  'sysctls',
  'runAsUser',
  'runAsGroup',
  'supplementalGroups',
  'supplementalGroupsPolicy',
  'seLinuxChangePolicy',
];
const NOT_IN_WINDOWS_CONTAINERS: readonly (keyof SecurityContext)[] = [
  'appArmorProfile',
  'seLinuxOptions',
  'seccompProfile',
  'capabilities',
  'readOnlyRootFilesystem',
  'privileged',
  'allowPrivilegeEscalation',
  'procMount',
  'runAsUser',
  'runAsGroup',
];

/** The current path is the spec's. */
export function validateOs(faults: Faults, spec: PodSpec): void {
  const { os } = spec;
  if (os === undefined) return;
  switch (os.name) {
    case 'linux':
      return refuseWindowsOptions(faults, spec);
    case 'windows':
      return refuseLinuxOptions(faults, spec);
    default:
      if (!os.name) faults.required(['os', 'name'], 'cannot be empty');
      else faults.notSupported('os', os.name, ['linux', 'windows']);
  }
}

function refuseWindowsOptions(faults: Faults, spec: PodSpec): void {
  const refuse = ({ securityContext }: Pick<PodSpec, 'securityContext'> | AnyContainer) => {
    if (securityContext?.windowsOptions === undefined) return;
    faults.forbidden(['securityContext', 'windowsOptions'], 'windows options cannot be set for a linux pod');
  };
  refuse(spec);
  eachContainer(faults, spec, refuse);
}

function refuseLinuxOptions(faults: Faults, spec: PodSpec): void {
  const sentence = 'cannot be set for a windows pod';
  const { securityContext = {} } = spec;
  for (const field of NOT_ON_WINDOWS) {
    if (securityContext[field] !== undefined) faults.forbidden(['securityContext', field], sentence);
  }
  if (spec.hostUsers !== undefined) faults.forbidden('hostUsers', sentence);
  if (spec.hostPID === true) faults.forbidden('hostPID', sentence);
  if (spec.hostIPC === true) faults.forbidden('hostIPC', sentence);
  if (spec.shareProcessNamespace !== undefined) faults.forbidden('shareProcessNamespace', sentence);
  eachContainer(faults, spec, ({ securityContext: own = {} }) => {
    for (const field of NOT_IN_WINDOWS_CONTAINERS) {
      if (own[field] !== undefined) faults.forbidden(['securityContext', field], sentence);
    }
  });
}
