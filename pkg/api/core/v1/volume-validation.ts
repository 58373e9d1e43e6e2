// Validation of a pod's volumes: one source each, and what every source asks. Rules and sentences:
// pkg/apis/core/validation of Kubernetes.
import type { Faults } from '../../meta/field-faults.ts';
import { dnsSubdomainFaults } from '../../meta/names.ts';
import { validateAnnotations, validateLabels } from '../../meta/object-meta-validation.ts';
import {
  checkDescendingPath,
  checkDnsLabel,
  checkMode,
  checkNoBacksteps,
  checkOneOf,
} from '../../meta/value-checks.ts';
import type { EphemeralVolumeSource, HostPathVolumeSource, Volume } from '../../schema/generated/core.v1.gen.ts';
import { validateClaimSpec } from './claim-validation.ts';
import { validateProjected } from './projected-volume-validation.ts';
import { quantityIn } from './resource-amounts.ts';
import {
  checkPartition,
  checkSecretReference,
  required,
  validateAzureDisk,
  validateCsi,
  validateFibreChannel,
  validateFlexVolume,
  validateFlocker,
  validateIscsi,
  validateNfs,
  validateQuobyte,
  validateStorageOs,
} from './storage-source-validation.ts';
import { validateDownwardFile, validateItems } from './volume-files-validation.ts';

/** What the volumes stand in: a pod, whose name may be known, or a template of one. */
export interface VolumeSurroundings {
  readonly inPod: boolean;
  readonly podName: string;
}

/** The volumes without a fault; mounts may name only these. */
export function validateVolumes(
  faults: Faults,
  volumes: readonly Volume[] | undefined,
  around: VolumeSurroundings,
): ReadonlyMap<string, Volume> {
  const good = new Map<string, Volume>();
  const created = new Set<string>();
  for (const { name, ephemeral } of volumes ?? []) {
    if (ephemeral !== undefined && around.podName !== '') created.add(`${around.podName}-${name}`);
  }
  faults.each('volumes', volumes, (volume) => {
    const before = faults.errors.length;
    validateSource(faults, volume, around);
    if (!volume.name) faults.required('name');
    else checkDnsLabel(faults, 'name', volume.name);
    if (good.has(volume.name)) faults.duplicate('name', volume.name);
    if (faults.errors.length === before) good.set(volume.name, volume);
    const claim = volume.persistentVolumeClaim?.claimName;
    if (claim !== undefined && created.has(claim)) {
      const sentence = 'must not reference a PVC that gets created for an ephemeral volume';
      faults.invalid(['persistentVolumeClaim', 'claimName'], claim, sentence);
    }
  });
  return good;
}

type Check<K extends keyof Volume> = (
  faults: Faults,
  source: NonNullable<Volume[K]>,
  around: VolumeSurroundings,
) => void;
type Checks = { [K in Exclude<keyof Volume, 'name'>]-?: Check<K> };

/** In Kubernetes' order, which decides of two sources the one that is too many. */
const CHECKS: Checks = {
  emptyDir(faults, { sizeLimit }) {
    if (sizeLimit !== undefined && quantityIn(sizeLimit).nanos < 0n) {
      faults.forbidden('sizeLimit', 'SizeLimit field must be a valid resource quantity');
    }
  },
  hostPath: validateHostPath,
  gitRepo(faults, { repository, directory }) {
    if (!repository) faults.required('repository');
    if (directory) checkDescendingPath(faults, 'directory', directory);
  },
  gcePersistentDisk(faults, { pdName, partition }) {
    if (!pdName) faults.required('pdName');
    checkPartition(faults, partition);
  },
  awsElasticBlockStore(faults, { volumeID, partition }) {
    if (!volumeID) faults.required('volumeID');
    checkPartition(faults, partition);
  },
  secret(faults, { secretName, defaultMode, items }) {
    if (!secretName) faults.required('secretName');
    checkMode(faults, 'defaultMode', defaultMode);
    validateItems(faults, items);
  },
  nfs: validateNfs,
  iscsi: validateIscsi,
  glusterfs: required('endpoints', 'path'),
  flocker: validateFlocker,
  persistentVolumeClaim: required('claimName'),
  rbd(faults, { monitors, image }) {
    if ((monitors ?? []).length === 0) faults.required('monitors');
    if (!image) faults.required('image');
  },
  cinder(faults, { volumeID, secretRef }) {
    if (!volumeID) faults.required('volumeID');
    checkSecretReference(faults, secretRef);
  },
  cephfs(faults, { monitors }) {
    if ((monitors ?? []).length === 0) faults.required('monitors');
  },
  quobyte: validateQuobyte,
  downwardAPI(faults, { defaultMode, items }) {
    checkMode(faults, 'defaultMode', defaultMode);
    for (const item of items ?? []) validateDownwardFile(faults, item);
  },
  fc: validateFibreChannel,
  flexVolume: validateFlexVolume,
  configMap(faults, { name, defaultMode, items }) {
    if (!name) faults.required('name');
    checkMode(faults, 'defaultMode', defaultMode);
    validateItems(faults, items);
  },
  azureFile: required('secretName', 'shareName'),
  vsphereVolume: required('volumePath'),
  photonPersistentDisk: required('pdID'),
  portworxVolume: required('volumeID'),
  azureDisk: validateAzureDisk,
  storageos: validateStorageOs,
  projected: validateProjected,
  scaleIO: required('gateway', 'system', 'volumeName'),
  csi: validateCsi,
  ephemeral: validateEphemeral,
  image(faults, { reference, pullPolicy }, { inPod }) {
    if (inPod && !reference) faults.required('reference');
    checkOneOf(faults, 'pullPolicy', pullPolicy, ['Always', 'IfNotPresent', 'Never']);
  },
};

/** Where the path that Kubernetes reports is not the field's name. */
const REPORTED_AS: Partial<Record<keyof Volume, string>> = { gcePersistentDisk: 'persistentDisk' };
const REPORTED_EXTRA_AS: Partial<Record<keyof Volume, string>> = { cephfs: 'cephFS', downwardAPI: 'downwarAPI' };

const HOST_PATH_TYPES = [
  '',
  'BlockDevice',
  'CharDevice',
  'Directory',
  'DirectoryOrCreate',
  'File',
  'FileOrCreate',
  'Socket',
];

const CHECK_LIST = Object.entries(CHECKS) as [Exclude<keyof Volume, 'name'>, Check<keyof Volume>][]; // Keys and checks belong together by the table's type.

function validateSource(faults: Faults, volume: Volume, around: VolumeSurroundings): void {
  let sources = 0;
  for (const [segment, check] of CHECK_LIST) {
    const source = volume[segment];
    if (source === undefined) continue;
    if (sources++ > 0) {
      faults.forbidden(REPORTED_EXTRA_AS[segment] ?? segment, 'may not specify more than 1 volume type');
    } else faults.at(REPORTED_AS[segment] ?? segment, () => check(faults, source, around));
  }
  if (sources === 0) faults.required('', 'must specify a volume type');
  validateNameWithSource(faults, volume, around);
}

/** Some sources make names of their own out of the volume's. */
function validateNameWithSource(
  faults: Faults,
  { name, iscsi, ephemeral }: Volume,
  { podName }: VolumeSurroundings,
): void {
  if (iscsi?.initiatorName !== undefined && `${name}:${iscsi.targetPortal ?? ''}`.length > 64) {
    const sentence =
      'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.';
    faults.invalid('name', name, sentence);
  }
  if (ephemeral === undefined || podName === '' || !name) return;
  const claim = `${podName}-${name}`;
  for (const fault of dnsSubdomainFaults(claim)) faults.invalid('name', name, `PVC name "${claim}": ${fault}`);
}

export function validateHostPath(faults: Faults, { path, type }: HostPathVolumeSource): void {
  if (!path) return faults.required('path');
  checkNoBacksteps(faults, 'path', path);
  if (type !== undefined && !HOST_PATH_TYPES.includes(type)) faults.notSupported('type', type, HOST_PATH_TYPES);
}

function validateEphemeral(faults: Faults, { volumeClaimTemplate }: EphemeralVolumeSource): void {
  if (volumeClaimTemplate === undefined) return faults.required('volumeClaimTemplate');
  const { metadata, spec } = volumeClaimTemplate;
  faults.at('volumeClaimTemplate', () => {
    faults.at('metadata', () => {
      validateAnnotations(faults, metadata?.annotations);
      validateLabels(faults, 'labels', metadata?.labels);
      // Only these two go over to the claim.
      for (const [field, value] of Object.entries(metadata ?? {})) {
        if (field === 'annotations' || field === 'labels' || value === '') continue;
        faults.forbidden(field, 'cannot be set');
      }
    });
    faults.at('spec', () => validateClaimSpec(faults, spec ?? {}));
  });
}
