// Validation of where a PersistentVolume's storage is: one source, for good. Most are those of pods; what differs are the
// references to secrets, which name a namespace here.
import type { Faults } from '../../meta/field-faults.ts';
import { dnsLabelFaults, dnsSubdomainFaults } from '../../meta/names.ts';
import { checkNoBacksteps } from '../../meta/value-checks.ts';
import type {
  CSIPersistentVolumeSource,
  GlusterfsPersistentVolumeSource,
  ISCSIPersistentVolumeSource,
  PersistentVolumeSpec,
  SecretReference,
} from '../../schema/generated/core.v1.gen.ts';
import {
  checkPartition,
  required,
  validateAzureDisk,
  validateDriverName,
  validateFibreChannel,
  validateFlexVolume,
  validateFlocker,
  validateIscsi,
  validateNfs,
  validateQuobyte,
  validateStorageOs,
} from './storage-source-validation.ts';
import { validateHostPath } from './volume-validation.ts';

type Source = Exclude<
  keyof PersistentVolumeSpec,
  | 'accessModes'
  | 'capacity'
  | 'claimRef'
  | 'mountOptions'
  | 'nodeAffinity'
  | 'persistentVolumeReclaimPolicy'
  | 'storageClassName'
  | 'volumeAttributesClassName'
  | 'volumeMode'
>;
type Check<K extends Source> = (faults: Faults, source: NonNullable<PersistentVolumeSpec[K]>, around: Around) => void;
type Checks = { [K in Source]-?: Check<K> };

interface Around {
  readonly name: string;
  readonly spec: PersistentVolumeSpec;
}

/** In Kubernetes' order, which decides of two sources the one that is too many. */
const CHECKS: Checks = {
  hostPath: validateHostPath,
  gcePersistentDisk(faults, { pdName, partition }) {
    if (!pdName) faults.required('pdName');
    checkPartition(faults, partition);
  },
  awsElasticBlockStore(faults, { volumeID, partition }) {
    if (!volumeID) faults.required('volumeID');
    checkPartition(faults, partition);
  },
  glusterfs: validateGlusterfs,
  flocker: validateFlocker,
  nfs: validateNfs,
  rbd(faults, { monitors, image }) {
    if ((monitors ?? []).length === 0) faults.required('monitors');
    if (!image) faults.required('image');
  },
  quobyte: validateQuobyte,
  cephfs(faults, { monitors }) {
    if ((monitors ?? []).length === 0) faults.required('monitors');
  },
  iscsi: validateIscsiVolume,
  cinder(faults, { volumeID, secretRef }) {
    if (!volumeID) faults.required('volumeID');
    checkFullReference(faults, secretRef);
  },
  fc: validateFibreChannel,
  flexVolume: validateFlexVolume,
  azureFile(faults, source) {
    required<typeof source>('secretName', 'shareName')(faults, source);
    if (source.secretNamespace === '') faults.required('secretNamespace');
  },
  vsphereVolume: required('volumePath'),
  photonPersistentDisk: required('pdID'),
  portworxVolume: required('volumeID'),
  azureDisk: validateAzureDisk,
  scaleIO: required('gateway', 'system', 'volumeName'),
  local(faults, { path }) {
    if (!path) faults.required('path');
    else checkNoBacksteps(faults, 'path', path);
  },
  storageos(faults, source) {
    validateStorageOs(faults, source);
    if (source.secretRef !== undefined && !source.secretRef.namespace) faults.required(['secretRef', 'namespace']);
  },
  csi: validateCsiVolume,
};

const CHECK_LIST = Object.entries(CHECKS) as [Source, Check<Source>][]; // Keys and checks belong together by the table's type.

/** Where the path that Kubernetes reports is not the field's name. */
const REPORTED_AS: Partial<Record<Source, string>> = { gcePersistentDisk: 'persistentDisk' };

/** The sources alone, for comparing. */
export function sourcesOf(spec: PersistentVolumeSpec): Pick<PersistentVolumeSpec, Source> {
  return Object.fromEntries(CHECK_LIST.flatMap(([name]) => (spec[name] === undefined ? [] : [[name, spec[name]]])));
}

/** The current path is the spec's. */
export function validateVolumeSource(faults: Faults, spec: PersistentVolumeSpec, name: string): void {
  let sources = 0;
  for (const [segment, check] of CHECK_LIST) {
    const source = spec[segment];
    if (source === undefined) continue;
    if (sources++ > 0 && segment !== 'flexVolume') {
      faults.forbidden(segment === 'cephfs' ? 'cephFS' : segment, 'may not specify more than 1 volume type');
      continue;
    }
    faults.at(REPORTED_AS[segment] ?? segment, () => check(faults, source, { name, spec }));
    if (segment === 'local' && spec.nodeAffinity === undefined) {
      faults.required('nodeAffinity', 'Local volume requires node affinity');
    }
  }
  if (sources === 0) faults.required('', 'must specify a volume type');
}

function validateGlusterfs(faults: Faults, source: GlusterfsPersistentVolumeSource): void {
  required<GlusterfsPersistentVolumeSource>('endpoints', 'path')(faults, source);
  const { endpointsNamespace: namespace } = source;
  if (namespace === undefined) return;
  const at = 'endpointsNamespace';
  if (namespace !== '') return faults.invalidAll(at, namespace, dnsLabelFaults(namespace));
  faults.invalid(at, namespace, 'if the endpointnamespace is set, it must be a valid namespace name');
}

function validateIscsiVolume(faults: Faults, source: ISCSIPersistentVolumeSource, { name }: Around): void {
  validateIscsi(faults, source);
  if (source.secretRef !== undefined && !source.secretRef.name) faults.required(['secretRef', 'name']);
  const { initiatorName, targetPortal } = source;
  if (initiatorName === undefined || `${name}:${targetPortal ?? ''}`.length <= 64) return;
  const sentence =
    'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.';
  faults.invalid('targetportal', targetPortal, sentence);
}

function checkFullReference(faults: Faults, reference: SecretReference | undefined): void {
  if (reference === undefined) return;
  if (!reference.name) faults.required(['secretRef', 'name']);
  if (!reference.namespace) faults.required(['secretRef', 'namespace']);
}

const CSI_SECRETS = [
  'controllerPublishSecretRef',
  'controllerExpandSecretRef',
  'nodePublishSecretRef',
  'nodeExpandSecretRef',
] as const;

function validateCsiVolume(faults: Faults, source: CSIPersistentVolumeSource): void {
  validateDriverName(faults, source.driver ?? '');
  if (!source.volumeHandle) faults.required('volumeHandle');
  for (const field of CSI_SECRETS) {
    const reference = source[field];
    if (reference === undefined) continue;
    const { name, namespace } = reference;
    if (!name) faults.required([field, 'name']);
    else faults.invalidAll([field, 'name'], name, dnsSubdomainFaults(name));
    if (!namespace) faults.required([field, 'namespace']);
    else faults.invalidAll([field, 'namespace'], namespace, dnsLabelFaults(namespace));
  }
}
