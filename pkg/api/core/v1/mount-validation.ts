// Validation of what containers mount: file systems and devices out of the pod's volumes.
import type { Faults } from '../../meta/field-faults.ts';
import { checkDescendingPath } from '../../meta/value-checks.ts';
import type { Container, Volume, VolumeMount } from '../../schema/generated/core.v1.gen.ts';

/** Mounts may name only these. */
type Volumes = ReadonlyMap<string, Volume>;

export function validateMounts(faults: Faults, container: Container, volumes: Volumes): void {
  const { volumeMounts, volumeDevices = [] } = container;
  const paths = new Set<string>();
  faults.each('volumeMounts', volumeMounts, (mount) => {
    const { subPath, subPathExpr } = mount;
    const [name, mountPath] = [mount.name ?? '', mount.mountPath ?? ''];
    if (name === '') faults.required('name');
    if (!volumes.has(name)) faults.notFound('name', name);
    if (mountPath === '') faults.required('mountPath');
    if (paths.has(mountPath)) faults.invalid('mountPath', mountPath, 'must be unique');
    paths.add(mountPath);
    if (volumeDevices.some((device) => device.name === name)) {
      faults.invalid('name', name, 'must not already exist in volumeDevices');
    }
    if (volumeDevices.some((device) => device.devicePath === mountPath)) {
      faults.invalid('mountPath', mountPath, 'must not already exist as a path in volumeDevices');
    }
    if (subPathExpr && subPath) {
      faults.invalid('subPathExpr', subPathExpr, 'subPathExpr and subPath are mutually exclusive');
    }
  });
  // Kubernetes names no position for these.
  faults.at('volumeMounts', () => {
    for (const mount of volumeMounts ?? []) {
      const { subPath, subPathExpr } = mount;
      if (subPath) checkDescendingPath(faults, 'subPath', subPath);
      if (subPathExpr) checkDescendingPath(faults, 'subPathExpr', subPathExpr);
      validatePropagation(faults, mount, container);
      validateRecursiveReadOnly(faults, mount);
    }
  });
}

function validatePropagation(faults: Faults, { mountPropagation }: VolumeMount, { securityContext }: Container): void {
  if (mountPropagation === undefined) return;
  const known = ['Bidirectional', 'HostToContainer', 'None'];
  if (!known.includes(mountPropagation)) faults.notSupported('mountPropagation', mountPropagation, known);
  if (mountPropagation === 'Bidirectional' && securityContext?.privileged !== true) {
    const sentence = 'Bidirectional mount propagation is available only to privileged containers';
    faults.forbidden('mountPropagation', sentence);
  }
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

export function validateDevices(faults: Faults, container: Container, volumes: Volumes): void {
  const { volumeDevices, volumeMounts = [] } = container;
  const paths = new Set<string>();
  const names = new Set<string>();
  faults.each('volumeDevices', volumeDevices, (device) => {
    const [name, path] = [device.name ?? '', device.devicePath ?? ''];
    if (name === '') faults.required('name');
    if (names.has(name)) faults.invalid('name', name, 'must be unique');
    const volume = volumes.get(name);
    if (volume === undefined) faults.notFound('name', name);
    else if (volume.persistentVolumeClaim === undefined && volume.ephemeral === undefined) {
      const sentence = 'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode';
      faults.invalid('name', name, sentence);
    }
    if (path === '') faults.required('devicePath');
    if (paths.has(path)) faults.invalid('devicePath', path, 'must be unique');
    if (path.split('/').includes('..')) faults.invalid('devicePath', path, "can not contain backsteps ('..')");
    else paths.add(path);
    if (volumeMounts.some((mount) => mount.name === name)) {
      faults.invalid('name', name, 'must not already exist in volumeMounts');
    }
    if (volumeMounts.some((mount) => mount.mountPath === path)) {
      faults.invalid('devicePath', path, 'must not already exist as a path in volumeMounts');
    }
    if (name !== '') names.add(name);
  });
}
