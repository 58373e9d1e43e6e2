// Validation of a pod's volumes: one source each, and what every source asks. Rules and sentences:
// pkg/apis/core/validation of Kubernetes.
import type { Faults } from '../../meta/field-faults.ts';
import { dnsSubdomainFaults } from '../../meta/names.ts';
import {
  checkDescendingPath,
  checkDnsLabel,
  checkMode,
  checkNoBacksteps,
  checkOneOf,
} from '../../meta/value-checks.ts';
import type {
  DownwardAPIVolumeFile,
  KeyToPath,
  ProjectedVolumeSource,
  Volume,
} from '../../schema/generated/core.v1.gen.ts';
import { validateFieldRef, validateResourceFieldRef, VOLUME_FIELD_PATHS } from './env-validation.ts';
import { validateClaimSpec } from './claim-validation.ts';
import { quantityIn } from './resource-amounts.ts';

/** The names of the volumes without a fault; mounts may name only these. */
export function validateVolumes(faults: Faults, volumes: readonly Volume[] | undefined): ReadonlyMap<string, Volume> {
  const good = new Map<string, Volume>();
  faults.each('volumes', volumes, (volume) => {
    const before = faults.errors.length;
    validateSource(faults, volume);
    if (!volume.name) faults.required('name');
    else checkDnsLabel(faults, 'name', volume.name);
    if (good.has(volume.name)) faults.duplicate('name', volume.name);
    if (faults.errors.length === before) good.set(volume.name, volume);
  });
  return good;
}

type Check<K extends keyof Volume> = (faults: Faults, source: NonNullable<Volume[K]>, volume: Volume) => void;
type Checks = { [K in Exclude<keyof Volume, 'name'>]-?: Check<K> };

const required =
  <T extends object>(...fields: readonly (keyof T & string)[]) =>
  (faults: Faults, source: T): void => {
    for (const field of fields) if (source[field] === undefined || source[field] === '') faults.required(field);
  };

/** In Kubernetes' order, which decides of two sources the one that is too many. */
const CHECKS: Checks = {
  emptyDir(faults, { sizeLimit }) {
    if (sizeLimit !== undefined && quantityIn(sizeLimit).nanos < 0n) {
      faults.forbidden('sizeLimit', 'SizeLimit field must be a valid resource quantity');
    }
  },
  hostPath(faults, { path, type }) {
    if (!path) return faults.required('path');
    checkNoBacksteps(faults, 'path', path);
    if (type !== undefined && !HOST_PATH_TYPES.includes(type)) faults.notSupported('type', type, HOST_PATH_TYPES);
  },
  gitRepo(faults, { repository, directory }) {
    if (!repository) faults.required('repository');
    if (directory) checkDescendingPath(faults, 'directory', directory);
  },
  gcePersistentDisk: required('pdName'),
  awsElasticBlockStore: required('volumeID'),
  secret(faults, { secretName, defaultMode, items }) {
    if (!secretName) faults.required('secretName');
    checkMode(faults, 'defaultMode', defaultMode);
    validateItems(faults, items);
  },
  nfs(faults, { server, path }) {
    if (!server) faults.required('server');
    if (!path) faults.required('path');
    else if (!path.startsWith('/')) faults.invalid('path', path, 'must be an absolute path');
  },
  iscsi: required('targetPortal', 'iqn'),
  glusterfs: required('endpoints', 'path'),
  flocker(faults, { datasetName, datasetUUID }) {
    if (!datasetName && !datasetUUID) faults.required('', 'one of datasetName and datasetUUID is required');
    if (datasetName && datasetUUID) {
      faults.invalid('', 'resource', 'datasetName and datasetUUID can not be specified simultaneously');
    }
  },
  persistentVolumeClaim: required('claimName'),
  rbd(faults, { monitors, image }) {
    if ((monitors ?? []).length === 0) faults.required('monitors');
    if (!image) faults.required('image');
  },
  cinder: required('volumeID'),
  cephfs(faults, { monitors }) {
    if ((monitors ?? []).length === 0) faults.required('monitors');
  },
  quobyte: required('registry', 'volume'),
  downwardAPI(faults, { defaultMode, items }) {
    checkMode(faults, 'defaultMode', defaultMode);
    for (const item of items ?? []) validateDownwardFile(faults, item);
  },
  fc(faults, { targetWWNs = [], lun, wwids = [] }) {
    if (targetWWNs.length === 0 && wwids.length === 0) {
      faults.required('targetWWNs', 'must specify either targetWWNs or wwids, but not both');
    }
    if (targetWWNs.length > 0 && lun === undefined)
      faults.required('lun', 'lun is required if targetWWNs is specified');
  },
  configMap(faults, { name, defaultMode, items }) {
    if (!name) faults.required('name');
    checkMode(faults, 'defaultMode', defaultMode);
    validateItems(faults, items);
  },
  azureFile: required('secretName', 'shareName'),
  flexVolume: required('driver'),
  vsphereVolume: required('volumePath'),
  photonPersistentDisk: required('pdID'),
  portworxVolume: required('volumeID'),
  azureDisk: required('diskName', 'diskURI'),
  storageos() {},
  projected(faults, source) {
    checkMode(faults, 'defaultMode', source.defaultMode);
    validateProjected(faults, source);
  },
  scaleIO: required('gateway', 'system', 'volumeName'),
  csi(faults, { driver }) {
    if (!driver) faults.required('driver');
    else faults.invalidAll('driver', driver, dnsSubdomainFaults(driver.toLowerCase()));
  },
  ephemeral(faults, { volumeClaimTemplate }) {
    if (volumeClaimTemplate === undefined) return faults.required('volumeClaimTemplate');
    const claim = volumeClaimTemplate.spec ?? {};
    faults.at('volumeClaimTemplate', () => faults.at('spec', () => validateClaimSpec(faults, claim)));
  },
  image(faults, { reference, pullPolicy }) {
    if (!reference) faults.required('reference');
    checkOneOf(faults, 'pullPolicy', pullPolicy, ['Always', 'IfNotPresent', 'Never']);
  },
};

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

function validateSource(faults: Faults, volume: Volume): void {
  let sources = 0;
  for (const [segment, check] of CHECK_LIST) {
    const source = volume[segment];
    if (source === undefined) continue;
    if (sources++ > 0) faults.forbidden(segment, 'may not specify more than 1 volume type');
    else faults.at(segment, () => check(faults, source, volume));
  }
  if (sources === 0) faults.required('', 'must specify a volume type');
}

function validateItems(faults: Faults, items: readonly KeyToPath[] | undefined): void {
  faults.each('items', items, (item) => {
    if (!item.key) faults.required('key');
    if (!item.path) faults.required('path');
    validateFilePath(faults, item.path);
    checkMode(faults, 'mode', item.mode);
  });
}

/** A path of a file in a volume; names that begin with `..` are the writer's own. */
function validateFilePath(faults: Faults, path: string | undefined): void {
  if (!path) return;
  checkDescendingPath(faults, 'path', path);
  if (path.startsWith('..') && !path.startsWith('../')) faults.invalid('path', path, "must not start with '..'");
}

/** Kubernetes names no position of the item. */
function validateDownwardFile(faults: Faults, item: DownwardAPIVolumeFile): void {
  if (!item.path) faults.required('path');
  validateFilePath(faults, item.path);
  const { fieldRef, resourceFieldRef } = item;
  if (fieldRef !== undefined) {
    faults.at('fieldRef', () => validateFieldRef(faults, fieldRef, VOLUME_FIELD_PATHS));
    if (resourceFieldRef !== undefined) {
      faults.invalid('', 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously');
    }
  } else if (resourceFieldRef !== undefined) {
    faults.at('resourceFieldRef', () => validateResourceFieldRef(faults, resourceFieldRef, 'volume'));
  } else faults.required('', 'one of fieldRef and resourceFieldRef is required');
  checkMode(faults, 'mode', item.mode);
}

const TOKEN_SECONDS_MIN = 600;
const TOKEN_SECONDS_MAX = 2 ** 32;

function validateProjected(faults: Faults, { sources }: ProjectedVolumeSource): void {
  const paths = new Set<string>();
  const conflicts: string[] = [];
  const takePath = (path: string | undefined, owner: string) => {
    if (!path) return;
    if (paths.has(path)) conflicts.push(owner);
    paths.add(path);
  };
  faults.each('sources', sources, (source) => {
    let kinds = 0;
    const one = (segment: string, check: () => void) => {
      if (kinds++ > 0) faults.forbidden(segment, 'may not specify more than 1 volume type');
      else faults.at(segment, check);
    };
    const { secret, configMap, downwardAPI, serviceAccountToken: token, clusterTrustBundle: bundle } = source;
    if (secret !== undefined) {
      one('secret', () => {
        if (!secret.name) faults.required('name');
        validateItems(faults, secret.items);
        for (const item of secret.items ?? []) takePath(item.path, secret.name ?? '');
      });
    }
    if (configMap !== undefined) {
      one('configMap', () => {
        if (!configMap.name) faults.required('name');
        validateItems(faults, configMap.items);
        for (const item of configMap.items ?? []) takePath(item.path, configMap.name ?? '');
      });
    }
    if (downwardAPI !== undefined) {
      one('downwardAPI', () => {
        for (const item of downwardAPI.items ?? []) {
          validateDownwardFile(faults, item);
          takePath(item.path, item.path);
        }
      });
    }
    if (token !== undefined) {
      one('serviceAccountToken', () => {
        const seconds = token.expirationSeconds ?? 3600;
        if (seconds < TOKEN_SECONDS_MIN) {
          faults.invalid('expirationSeconds', seconds, 'may not specify a duration less than 10 minutes');
        }
        if (seconds > TOKEN_SECONDS_MAX) {
          faults.invalid('expirationSeconds', seconds, 'may not specify a duration larger than 2^32 seconds');
        }
        if (!token.path) faults.required('path');
        validateFilePath(faults, token.path);
        takePath(token.path, token.path);
      });
    }
    if (bundle !== undefined) {
      one('clusterTrustBundle', () => {
        if (!bundle.path) faults.required('path');
        takePath(bundle.path, bundle.path);
      });
    }
  });
  for (const owner of conflicts) faults.invalid('', owner, 'conflicting duplicate paths');
}
