// Validation of containers, init containers and ephemeral containers.
import type { Faults } from '../../meta/field-faults.ts';
import { portNameFaults, portNumberFaults } from '../../meta/names.ts';
import { checkDescendingPath, checkDnsLabel, checkOneOf } from '../../meta/value-checks.ts';
import type {
  Container,
  ContainerPort,
  EphemeralContainer,
  PodSpec,
  Volume,
  VolumeMount,
} from '../../schema/generated/core.v1.gen.ts';
import { validateEnv, validateEnvFrom } from './env-validation.ts';
import { validateLifecycle, validateProbes } from './probe-validation.ts';
import { validateContainerResources } from './resources-validation.ts';
import { validateSecurityContext } from './security-validation.ts';

interface Surroundings {
  readonly volumes: ReadonlyMap<string, Volume>;
  readonly claims: ReadonlySet<string>;
  readonly gracePeriod: number;
}

export function validateContainers(faults: Faults, spec: PodSpec, volumes: ReadonlyMap<string, Volume>): void {
  const around: Surroundings = {
    volumes,
    claims: new Set((spec.resourceClaims ?? []).map((claim) => claim.name)),
    gracePeriod: spec.terminationGracePeriodSeconds ?? 30,
  };
  if (spec.containers.length === 0) faults.required('containers');
  const names = new Set<string>();
  faults.each('containers', spec.containers, (container) => {
    validateCommon(faults, container, around);
    takeName(faults, names, container.name);
    validateLifecycle(faults, container.lifecycle, around.gracePeriod);
    validateProbes(faults, container);
    validateRestartPolicy(faults, container);
  });
  validateHostPorts(faults, 'containers', spec.containers);
  faults.each('initContainers', spec.initContainers, (container) => {
    validateCommon(faults, container, around);
    takeName(faults, names, container.name);
    validateInit(faults, container, around);
  });
  validateHostPorts(faults, 'initContainers', spec.initContainers ?? []);
  faults.each('ephemeralContainers', spec.ephemeralContainers, (container) => {
    validateCommon(faults, container, around);
    takeName(faults, names, container.name);
    validateEphemeral(faults, container, spec);
  });
}

function takeName(faults: Faults, names: Set<string>, name: string): void {
  if (names.has(name)) faults.duplicate('name', name);
  names.add(name);
}

function validateCommon(faults: Faults, container: Container | EphemeralContainer, around: Surroundings): void {
  if (!container.name) faults.required('name');
  else checkDnsLabel(faults, 'name', container.name);
  if (!container.image) faults.required('image');
  const policies = ['FallbackToLogsOnError', 'File'];
  if (!container.terminationMessagePolicy) faults.required('terminationMessagePolicy');
  else checkOneOf(faults, 'terminationMessagePolicy', container.terminationMessagePolicy, policies);
  validatePorts(faults, container.ports);
  validateEnv(faults, container.env);
  validateEnvFrom(faults, container.envFrom);
  validateMounts(faults, container, around.volumes);
  validateDevices(faults, container, around.volumes);
  checkOneOf(faults, 'imagePullPolicy', container.imagePullPolicy, ['Always', 'IfNotPresent', 'Never']);
  faults.at('resources', () => validateContainerResources(faults, container.resources, around.claims));
  validateResizePolicy(faults, container);
  validateSecurityContext(faults, container.securityContext);
}

function validatePorts(faults: Faults, ports: readonly ContainerPort[] | undefined): void {
  const names = new Set<string>();
  faults.each('ports', ports, ({ name, containerPort, hostPort, protocol }) => {
    if (name) {
      const bad = portNameFaults(name);
      faults.invalidAll('name', name, bad);
      if (bad.length === 0 && names.has(name)) faults.duplicate('name', name);
      names.add(name);
    }
    if (!containerPort) faults.required('containerPort');
    else faults.invalidAll('containerPort', containerPort, portNumberFaults(containerPort));
    if (hostPort) faults.invalidAll('hostPort', hostPort, portNumberFaults(hostPort));
    checkOneOf(faults, 'protocol', protocol, ['SCTP', 'TCP', 'UDP']);
  });
}

/** A port of the host is given once. */
function validateHostPorts(faults: Faults, segment: string, containers: readonly Container[]): void {
  const taken = new Set<string>();
  containers.forEach((container, i) => {
    (container.ports ?? []).forEach(({ hostPort, protocol, hostIP }, j) => {
      if (!hostPort) return;
      const port = `${protocol}/${hostIP ?? ''}/${hostPort}`;
      if (taken.has(port)) faults.duplicate([segment, i, 'ports', j, 'hostPort'], port);
      taken.add(port);
    });
  });
}

function validateMounts(
  faults: Faults,
  { volumeMounts, volumeDevices, securityContext }: Container,
  volumes: ReadonlyMap<string, Volume>,
): void {
  const paths = new Set<string>();
  faults.each('volumeMounts', volumeMounts, (mount) => {
    if (!mount.name) faults.required('name');
    if (!volumes.has(mount.name ?? '')) faults.notFound('name', mount.name ?? '');
    if (!mount.mountPath) faults.required('mountPath');
    if (paths.has(mount.mountPath)) faults.invalid('mountPath', mount.mountPath, 'must be unique');
    paths.add(mount.mountPath);
    if (volumeDevices?.some((device) => device.name === mount.name)) {
      faults.invalid('name', mount.name, 'must not already exist in volumeDevices');
    }
    if (volumeDevices?.some((device) => device.devicePath === mount.mountPath)) {
      faults.invalid('mountPath', mount.mountPath, 'must not already exist as a path in volumeDevices');
    }
    if (mount.subPathExpr && mount.subPath) {
      faults.invalid('subPathExpr', mount.subPathExpr, 'subPathExpr and subPath are mutually exclusive');
    }
    validateRecursiveReadOnly(faults, mount);
  });
  // Kubernetes names no position for these.
  faults.at('volumeMounts', () => {
    for (const { subPath, subPathExpr, mountPropagation } of volumeMounts ?? []) {
      if (subPath) checkDescendingPath(faults, 'subPath', subPath);
      if (subPathExpr) checkDescendingPath(faults, 'subPathExpr', subPathExpr);
      if (mountPropagation === undefined) continue;
      checkOneOf(faults, 'mountPropagation', mountPropagation, ['Bidirectional', 'HostToContainer', 'None']);
      if (mountPropagation === 'Bidirectional' && securityContext?.privileged !== true) {
        const sentence = 'Bidirectional mount propagation is available only to privileged containers';
        faults.forbidden('mountPropagation', sentence);
      }
    }
  });
}

function validateRecursiveReadOnly(faults: Faults, mount: VolumeMount): void {
  const { recursiveReadOnly } = mount;
  if (recursiveReadOnly === undefined || recursiveReadOnly === 'Disabled') return;
  if (recursiveReadOnly !== 'Enabled' && recursiveReadOnly !== 'IfPossible') {
    faults.notSupported('recursiveReadOnly', recursiveReadOnly, ['Disabled', 'Enabled', 'IfPossible']);
    return;
  }
  if (mount.readOnly !== true) faults.forbidden('recursiveReadOnly', 'may only be specified when readOnly is true');
  if (mount.mountPropagation !== undefined && mount.mountPropagation !== 'None') {
    const sentence = 'may only be specified when mountPropagation is None or not specified';
    faults.forbidden('recursiveReadOnly', sentence);
  }
}

function validateDevices(faults: Faults, { volumeDevices }: Container, volumes: ReadonlyMap<string, Volume>): void {
  const paths = new Set<string>();
  faults.each('volumeDevices', volumeDevices, ({ name, devicePath }) => {
    if (!name) faults.required('name');
    if (!devicePath) faults.required('devicePath');
    if (paths.has(devicePath)) faults.invalid('devicePath', devicePath, 'must be unique');
    paths.add(devicePath);
    const volume = volumes.get(name ?? '');
    if (volume === undefined) faults.notFound('name', name ?? '');
    else if (volume.persistentVolumeClaim === undefined && volume.ephemeral === undefined) {
      faults.invalid(
        'name',
        name,
        'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode',
      );
    }
  });
}

function validateResizePolicy(faults: Faults, { resizePolicy }: Container): void {
  const seen = new Set<string>();
  faults.each('resizePolicy', resizePolicy, ({ resourceName, restartPolicy }) => {
    if (seen.has(resourceName)) faults.duplicate('', resourceName);
    seen.add(resourceName);
    checkOneOf(faults, 'resourceName', resourceName, ['cpu', 'memory']);
    checkOneOf(faults, 'restartPolicy', restartPolicy, ['NotRequired', 'RestartContainer']);
  });
}

function validateRestartPolicy(faults: Faults, { restartPolicy }: Container): void {
  if (restartPolicy === undefined) return;
  checkOneOf(faults, 'restartPolicy', restartPolicy, ['Always', 'Never', 'OnFailure']);
}

/** Init containers run to their end, so nothing may wait for them; those that restart always run beside the others. */
function validateInit(faults: Faults, container: Container, around: Surroundings): void {
  if (container.restartPolicy !== undefined) {
    checkOneOf(faults, 'restartPolicy', container.restartPolicy, ['Always', 'Never', 'OnFailure']);
  }
  if (container.restartPolicy === 'Always') {
    validateLifecycle(faults, container.lifecycle, around.gracePeriod);
    return validateProbes(faults, container);
  }
  for (const field of ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const) {
    if (container[field] !== undefined) {
      faults.forbidden(field, 'may not be set for init containers without restartPolicy=Always');
    }
  }
}

const NOT_FOR_EPHEMERAL = [
  'ports',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'lifecycle',
  'restartPolicy',
] as const;

function validateEphemeral(faults: Faults, container: EphemeralContainer, spec: PodSpec): void {
  const { targetContainerName: target } = container;
  const known = [...spec.containers, ...(spec.initContainers ?? [])];
  if (target && !known.some(({ name }) => name === target)) faults.notFound('targetContainerName', target);
  for (const field of NOT_FOR_EPHEMERAL) {
    if (container[field] !== undefined) faults.forbidden(field, 'cannot be set for an Ephemeral Container');
  }
  const { limits, requests } = container.resources ?? {};
  if (limits !== undefined || requests !== undefined) {
    faults.forbidden('resources', 'cannot be set for an Ephemeral Container');
  }
}
