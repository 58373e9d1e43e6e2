// What CSI drivers say of themselves, of nodes and of capacity, and the attachments of their volumes.
import { isDeepStrictEqual } from 'node:util';
import { Faults, IMMUTABLE } from '../../meta/field-faults.ts';
import { dnsSubdomainFaults } from '../../meta/names.ts';
import { validateLabelSelector } from '../../meta/label-selector-validation.ts';
import { checkNotNegative, checkOptionalOneOf } from '../../meta/value-checks.ts';
import {
  csiDrivers,
  csiNodes,
  csiStorageCapacities,
  volumeAttachments,
  volumeAttributesClasses,
} from '../../resources.ts';
import { age, columns, integer, text } from '../../schema/columns.ts';
import { defineKind } from '../../schema/define-kind.ts';
import type {
  CSIDriver,
  CSINode,
  CSIStorageCapacity,
  VolumeAttachment,
  VolumeAttributesClass,
} from '../../schema/generated/storage.v1.gen.ts';

export const csiDriverKind = defineKind<CSIDriver>({
  type: csiDrivers,
  schema: 'storage.v1.CSIDriver',
  generation: true,
  returnsDeletedObject: true,
  columns: columns(
    text(
      'AttachRequired',
      'attachRequired indicates this CSI volume driver requires an attach operation.',
      ({ spec }) => spec.attachRequired ?? true,
    ),
    text(
      'PodInfoOnMount',
      'podInfoOnMount indicates this CSI volume driver requires additional pod information during mount operations.',
      ({ spec }) => spec.podInfoOnMount ?? false,
    ),
    text(
      'StorageCapacity',
      'storageCapacity indicates that the CSI volume driver wants pod scheduling to consider the storage capacity that the driver deployment will report.',
      ({ spec }) => spec.storageCapacity ?? false,
    ),
    text(
      'TokenRequests',
      "tokenRequests indicates the CSI driver needs pods' service account tokens it is mounting volume for to do necessary authentication.",
      ({ spec }) => (spec.tokenRequests ?? []).map(({ audience }) => audience).join(',') || '<unset>',
    ),
    text(
      'RequiresRepublish',
      'requiresRepublish indicates the CSI driver wants `NodePublishVolume` being periodically called to reflect any possible change in the mounted volume.',
      ({ spec }) => spec.requiresRepublish ?? false,
    ),
    text(
      'Modes',
      'volumeLifecycleModes defines what kind of volumes this CSI volume driver supports.',
      ({ spec }) => (spec.volumeLifecycleModes ?? []).join(',') || '<none>',
    ),
    age(),
  ),
  setDefaults(driver) {
    driver.spec ??= {};
    const { spec } = driver;
    spec.attachRequired ??= true;
    spec.podInfoOnMount ??= false;
    spec.storageCapacity ??= false;
    spec.fsGroupPolicy ??= 'ReadWriteOnceWithFSType';
    spec.volumeLifecycleModes ??= ['Persistent'];
    spec.requiresRepublish ??= false;
    spec.seLinuxMount ??= false;
  },
  validate({ spec }) {
    const faults = new Faults();
    checkOptionalOneOf(faults, ['spec', 'fsGroupPolicy'], spec.fsGroupPolicy, [
      'File',
      'None',
      'ReadWriteOnceWithFSType',
    ]);
    (spec.volumeLifecycleModes ?? []).forEach((mode, i) =>
      checkOptionalOneOf(faults, ['spec', 'volumeLifecycleModes', i], mode, ['Ephemeral', 'Persistent']),
    );
    return faults.errors;
  },
});

export const csiNodeKind = defineKind<CSINode>({
  type: csiNodes,
  schema: 'storage.v1.CSINode',
  returnsDeletedObject: true,
  columns: columns(
    integer(
      'Drivers',
      'drivers is a list of information of all CSI Drivers existing on a node.',
      ({ spec }) => spec.drivers.length,
    ),
    age(),
  ),
  setDefaults(node) {
    node.spec ??= { drivers: [] };
    node.spec.drivers ??= [];
  },
  validate({ spec }) {
    const faults = new Faults();
    const names = new Set<string>();
    faults.at('spec', () =>
      faults.each('drivers', spec.drivers, ({ name, nodeID, allocatable }) => {
        if (!name) faults.required('name');
        else faults.invalidAll('name', name, dnsSubdomainFaults(name.toLowerCase()));
        if (names.has(name)) faults.duplicate('name', name);
        names.add(name);
        if (!nodeID) faults.required('nodeID');
        checkNotNegative(faults, ['allocatable', 'count'], allocatable?.count);
      }),
    );
    return faults.errors;
  },
});

export const csiStorageCapacityKind = defineKind<CSIStorageCapacity>({
  type: csiStorageCapacities,
  schema: 'storage.v1.CSIStorageCapacity',
  returnsDeletedObject: true,
  columns: columns(
    text(
      'StorageClassName',
      'storageClassName represents the name of the StorageClass that the reported capacity applies to.',
      ({ storageClassName }) => storageClassName,
    ),
    text(
      'Capacity',
      'capacity is the value reported by the CSI driver in its GetCapacityResponse.',
      ({ capacity }) => capacity ?? '<unset>',
    ),
  ),
  validate({ storageClassName, nodeTopology }) {
    const faults = new Faults();
    faults.invalidAll('storageClassName', storageClassName ?? '', dnsSubdomainFaults(storageClassName ?? ''));
    faults.at('nodeTopology', () => validateLabelSelector(faults, nodeTopology));
    return faults.errors;
  },
  validateUpdate(capacity, old) {
    const faults = new Faults();
    for (const field of ['nodeTopology', 'storageClassName'] as const) {
      if (!isDeepStrictEqual(capacity[field], old[field])) faults.invalid(field, capacity[field], IMMUTABLE);
    }
    return faults.errors;
  },
});

export const volumeAttachmentKind = defineKind<VolumeAttachment>({
  type: volumeAttachments,
  schema: 'storage.v1.VolumeAttachment',
  hasStatus: true,
  returnsDeletedObject: true,
  columns: columns(
    text(
      'Attacher',
      'attacher indicates the name of the volume driver that MUST handle this request.',
      ({ spec }) => spec.attacher,
    ),
    text(
      'PV',
      'persistentVolumeName represents the name of the persistent volume to attach.',
      ({ spec }) => spec.source.persistentVolumeName ?? '',
    ),
    text('Node', 'nodeName represents the node that the volume should be attached to.', ({ spec }) => spec.nodeName),
    text('Attached', 'attached indicates the volume is successfully attached.', ({ status }) => status.attached),
    age(),
  ),
  setDefaults(attachment) {
    attachment.spec ??= { attacher: '', nodeName: '', source: {} };
    attachment.spec.source ??= {};
    attachment.status ??= { attached: false };
    attachment.status.attached ??= false;
  },
  prepareForCreate(attachment) {
    attachment.status = { attached: false };
  },
  validate({ spec }) {
    const faults = new Faults();
    faults.at('spec', () => {
      if (!spec.attacher) faults.required('attacher');
      if (!spec.nodeName) faults.required('nodeName');
      const { persistentVolumeName: name, inlineVolumeSpec } = spec.source;
      if (name === undefined && inlineVolumeSpec === undefined) faults.required('source');
      if (name === '')
        faults.required(['source', 'persistentVolumeName'], 'must specify non empty persistentVolumeName');
    });
    return faults.errors;
  },
  validateUpdate(attachment, old) {
    const faults = new Faults();
    if (!isDeepStrictEqual(attachment.spec, old.spec)) faults.invalid('spec', attachment.spec, IMMUTABLE);
    return faults.errors;
  },
});

export const volumeAttributesClassKind = defineKind<VolumeAttributesClass>({
  type: volumeAttributesClasses,
  schema: 'storage.v1.VolumeAttributesClass',
  returnsDeletedObject: true,
  columns: columns(
    text('DriverName', 'Name of the CSI driver', ({ driverName }) => driverName),
    age(),
  ),
  validate({ driverName, parameters = {} }) {
    const faults = new Faults();
    if (!driverName) faults.required('driverName');
    if (Object.keys(parameters).length === 0) faults.required('parameters', 'must contain at least one key/value pair');
    return faults.errors;
  },
  validateUpdate(attributes, old) {
    const faults = new Faults();
    if (attributes.driverName !== old.driverName)
      faults.forbidden('driverName', 'updates to driverName are forbidden.');
    if (!isDeepStrictEqual(attributes.parameters, old.parameters)) {
      faults.forbidden('parameters', 'updates to parameters are forbidden.');
    }
    return faults.errors;
  },
});
