// Validation of volume sources outside the node: disks and shares of storage systems. Pods and PersistentVolumes name most of
// them alike. The current path is always that of the source; rules and sentences are pkg/apis/core/validation's of Kubernetes.
import type { Faults } from '../../meta/field-faults.ts';
import { dnsSubdomainFaults } from '../../meta/names.ts';
import { checkDnsLabel, checkOptionalOneOf } from '../../meta/value-checks.ts';
import type {
  AzureDiskVolumeSource,
  CSIVolumeSource,
  FCVolumeSource,
  FlexVolumeSource,
  FlockerVolumeSource,
  ISCSIVolumeSource,
  NFSVolumeSource,
  QuobyteVolumeSource,
  StorageOSVolumeSource,
} from '../../schema/generated/core.v1.gen.ts';

const LONGEST_DRIVER_NAME = 63;
const LONGEST_TENANT = 64;
const MOST_PARTITIONS = 255;
const BYTE_RANGE = 'must be between 0 and 255, inclusive';

/** The fields must be there and say something. */
export const required =
  <T extends object>(...fields: readonly (keyof T & string)[]) =>
  (faults: Faults, source: T): void => {
    for (const field of fields) if (source[field] === undefined || source[field] === '') faults.required(field);
  };

interface SecretReference {
  readonly name?: string;
}

/** A reference to a secret that is given must have a name. */
export function checkSecretReference(faults: Faults, reference: SecretReference | undefined): void {
  if (reference !== undefined && !reference.name) faults.required(['secretRef', 'name']);
}

export function checkPartition(faults: Faults, partition = 0): void {
  if (partition < 0 || partition > MOST_PARTITIONS) {
    faults.invalid('partition', partition, `must be between 1 and ${MOST_PARTITIONS}, inclusive`);
  }
}

export function validateNfs(faults: Faults, { server, path }: NFSVolumeSource): void {
  if (!server) faults.required('server');
  if (!path) faults.required('path');
  if (!path?.startsWith('/')) faults.invalid('path', path ?? '', 'must be an absolute path');
}

export function validateIscsi(faults: Faults, source: ISCSIVolumeSource): void {
  if (!source.targetPortal) faults.required('targetPortal');
  if (!source.iqn) faults.required('iqn');
  else validateIscsiName(faults, 'iqn', source.iqn);
  const { lun, initiatorName } = source;
  if (lun !== undefined && (lun < 0 || lun > 255)) faults.invalid('lun', lun, BYTE_RANGE);
  const authenticated = source.chapAuthDiscovery === true || source.chapAuthSession === true;
  if (authenticated && source.secretRef === undefined) faults.required('secretRef');
  if (initiatorName !== undefined) validateIscsiName(faults, 'initiatorname', initiatorName);
}

const ISCSI_NAMES: Readonly<Record<string, RegExp>> = {
  iqn: /iqn\.\d{4}-\d{2}\.([A-Za-z0-9\-.]+)(:[^,;*&$|\s]+)$/,
  eui: /^eui.[A-Za-z0-9]{16}$/,
  naa: /^naa.[A-Za-z0-9]{32}$/,
};

function validateIscsiName(faults: Faults, field: string, name: string): void {
  const form = ISCSI_NAMES[name.slice(0, 3)];
  if (form === undefined) faults.invalid(field, name, 'must be valid format starting with iqn, eui, or naa');
  else if (!form.test(name)) faults.invalid(field, name, 'must be valid format');
}

export function validateFlocker(faults: Faults, { datasetName = '', datasetUUID }: FlockerVolumeSource): void {
  if (!datasetName && !datasetUUID) faults.required('', 'one of datasetName and datasetUUID is required');
  if (datasetName && datasetUUID) {
    faults.invalid('', 'resource', 'datasetName and datasetUUID can not be specified simultaneously');
  }
  if (datasetName.includes('/')) faults.invalid('datasetName', datasetName, "must not contain '/'");
}

export function validateQuobyte(faults: Faults, { registry, tenant = '', volume }: QuobyteVolumeSource): void {
  const form = 'must be a host:port pair or multiple pairs separated by commas';
  if (!registry) faults.required('registry', form);
  else if (tenant.length > LONGEST_TENANT) {
    faults.required('tenant', `must be a UUID and may not exceed a length of ${LONGEST_TENANT} characters`);
  } else {
    for (const pair of registry.split(',')) {
      if (!/^(\[[^[\]]*\]|[^:[\]]*):[^:[\]]*$/.test(pair)) faults.invalid('registry', registry, form);
    }
  }
  if (!volume) faults.required('volume');
}

export function validateFibreChannel(faults: Faults, { targetWWNs = [], lun, wwids = [] }: FCVolumeSource): void {
  if (targetWWNs.length === 0 && wwids.length === 0) {
    faults.required('targetWWNs', 'must specify either targetWWNs or wwids, but not both');
  }
  if (targetWWNs.length > 0 && wwids.length > 0) {
    faults.invalid('targetWWNs', targetWWNs, 'targetWWNs and wwids can not be specified simultaneously');
  }
  if (targetWWNs.length === 0) return;
  if (lun === undefined) faults.required('lun', 'lun is required if targetWWNs is specified');
  else if (lun < 0 || lun > 255) faults.invalid('lun', lun, BYTE_RANGE);
}

export function validateFlexVolume(faults: Faults, { driver, options = {} }: FlexVolumeSource): void {
  if (!driver) faults.required('driver');
  for (const name of Object.keys(options)) {
    const [namespace = ''] = name.split('/');
    if (!/\.(kubernetes|k8s)\.io$/i.test(`.${namespace}`)) continue;
    faults.invalid(['options', `[${name}]`], name, 'kubernetes.io and k8s.io namespaces are reserved');
  }
}

export function validateAzureDisk(faults: Faults, source: AzureDiskVolumeSource): void {
  const { diskName, cachingMode, kind } = source;
  const diskURI = source.diskURI ?? '';
  if (!diskName) faults.required('diskName');
  if (diskURI === '') faults.required('diskURI');
  checkOptionalOneOf(faults, 'cachingMode', cachingMode, ['None', 'ReadOnly', 'ReadWrite']);
  checkOptionalOneOf(faults, 'kind', kind, ['Dedicated', 'Managed', 'Shared']);
  if (kind === 'Managed' && !diskURI.startsWith('/subscriptions/')) {
    faults.notSupported('diskURI', diskURI, [
      '/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}',
    ]);
  }
  if (kind !== undefined && kind !== 'Managed' && !diskURI.startsWith('https://')) {
    const form = 'https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd';
    faults.notSupported('diskURI', diskURI, [form]);
  }
}

export function validateStorageOs(faults: Faults, source: StorageOSVolumeSource): void {
  const { volumeName, volumeNamespace, secretRef } = source;
  if (!volumeName) faults.required('volumeName');
  else checkDnsLabel(faults, 'volumeName', volumeName);
  if (volumeNamespace) checkDnsLabel(faults, 'volumeNamespace', volumeNamespace);
  checkSecretReference(faults, secretRef);
}

export function validateCsi(faults: Faults, { driver, nodePublishSecretRef }: CSIVolumeSource): void {
  validateDriverName(faults, driver ?? '');
  if (nodePublishSecretRef === undefined) return;
  const { name } = nodePublishSecretRef;
  if (!name) faults.required(['nodePublishSecretRef', 'name']);
  else faults.invalidAll('name', name, dnsSubdomainFaults(name));
}

export function validateDriverName(faults: Faults, driver: string): void {
  if (driver === '') faults.required('driver');
  if (driver.length > LONGEST_DRIVER_NAME) faults.tooLong('driver', LONGEST_DRIVER_NAME);
  faults.invalidAll('driver', driver, dnsSubdomainFaults(driver.toLowerCase()));
}
