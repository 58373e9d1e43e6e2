// What a volume is made of: for every source the name, the explanation and the fields that descriptions of pods and of
// persistent volumes show. Pure.
import type { Json, JsonObject } from '../../api/schema/json.ts';
import { at, has, isObject, list, number, object, objects, pairs, text, texts } from '../objects/access.ts';
import type { DescriptionWriter } from './writer.ts';

/** A label and its value; without one the label stands alone. */
type VolumeLine = readonly [label: string, value?: string];

/** kubectl forgot it here. */
const WITHOUT_COLON: ReadonlySet<string> = new Set(['ISCSIInterface']);

/** Longer attributes of a CSI volume are cut. */
const LONGEST_ATTRIBUTE = 140;

type Read = (source: JsonObject) => string;

interface SourceText {
  readonly type: string;
  readonly what: string;
  readonly fields: readonly (readonly [label: string, field: string | Read])[];
}

const disk = 'a Persistent Disk resource in';
const shared = "mount on the host that shares a pod's lifetime";

const SOURCES: Readonly<Record<string, SourceText>> = {
  hostPath: {
    type: 'HostPath',
    what: 'bare host directory volume',
    fields: [
      ['Path', 'path'],
      ['HostPathType', (source) => (has(source, 'type') ? text(source, 'type') : '<none>')],
    ],
  },
  emptyDir: {
    type: 'EmptyDir',
    what: "a temporary directory that shares a pod's lifetime",
    fields: [
      ['Medium', 'medium'],
      ['SizeLimit', (source) => (/^0*$/.test(text(source, 'sizeLimit')) ? '<unset>' : text(source, 'sizeLimit'))],
    ],
  },
  gcePersistentDisk: {
    type: 'GCEPersistentDisk',
    what: `${disk} Google Compute Engine`,
    fields: [['PDName', 'pdName'], ['FSType', 'fsType'], ['Partition', zero('partition')], readOnly()],
  },
  awsElasticBlockStore: {
    type: 'AWSElasticBlockStore',
    what: `${disk} AWS`,
    fields: [['VolumeID', 'volumeID'], ['FSType', 'fsType'], ['Partition', zero('partition')], readOnly()],
  },
  gitRepo: {
    type: 'GitRepo',
    what: 'a volume that is pulled from git when the pod is created',
    fields: [
      ['Repository', 'repository'],
      ['Revision', 'revision'],
    ],
  },
  secret: {
    type: 'Secret',
    what: 'a volume populated by a Secret',
    fields: [
      ['SecretName', 'secretName'],
      ['Optional', no('optional')],
    ],
  },
  configMap: {
    type: 'ConfigMap',
    what: 'a volume populated by a ConfigMap',
    fields: [
      ['Name', 'name'],
      ['Optional', no('optional')],
    ],
  },
  nfs: {
    type: 'NFS',
    what: 'an NFS mount that lasts the lifetime of a pod',
    fields: [['Server', 'server'], ['Path', 'path'], readOnly()],
  },
  iscsi: {
    type: 'ISCSI',
    what: "an ISCSI Disk resource that is attached to a kubelet's host machine and then exposed to the pod",
    fields: [
      ['TargetPortal', 'targetPortal'],
      ['IQN', 'iqn'],
      ['Lun', zero('lun')],
      ['ISCSIInterface', 'iscsiInterface'],
      ['FSType', 'fsType'],
      readOnly(),
      ['Portals', (source) => `[${texts(source, 'portals').join(' ')}]`],
      ['DiscoveryCHAPAuth', no('chapAuthDiscovery')],
      ['SessionCHAPAuth', no('chapAuthSession')],
      ['SecretRef', reference('secretRef')],
      ['InitiatorName', (source) => text(source, 'initiatorName') || '<none>'],
    ],
  },
  glusterfs: {
    type: 'Glusterfs',
    what: `a Glusterfs ${shared}`,
    fields: [['EndpointsName', 'endpoints'], ['Path', 'path'], readOnly()],
  },
  persistentVolumeClaim: {
    type: 'PersistentVolumeClaim',
    what: 'a reference to a PersistentVolumeClaim in the same namespace',
    fields: [['ClaimName', 'claimName'], readOnly()],
  },
  rbd: {
    type: 'RBD',
    what: `a Rados Block Device ${shared}`,
    fields: [
      ['CephMonitors', (source) => `[${texts(source, 'monitors').join(' ')}]`],
      ['RBDImage', 'image'],
      ['FSType', 'fsType'],
      ['RBDPool', 'pool'],
      ['RadosUser', 'user'],
      ['Keyring', 'keyring'],
      ['SecretRef', reference('secretRef')],
      readOnly(),
    ],
  },
  quobyte: {
    type: 'Quobyte',
    what: `a Quobyte ${shared}`,
    fields: [['Registry', 'registry'], ['Volume', 'volume'], readOnly()],
  },
  azureDisk: {
    type: 'AzureDisk',
    what: 'an Azure Data Disk mount on the host and bind mount to the pod',
    fields: [
      ['DiskName', 'diskName'],
      ['DiskURI', 'diskURI'],
      ['Kind', 'kind'],
      ['FSType', 'fsType'],
      ['CachingMode', 'cachingMode'],
      readOnly(),
    ],
  },
  vsphereVolume: {
    type: 'vSphereVolume',
    what: `${disk} vSphere`,
    fields: [
      ['VolumePath', 'volumePath'],
      ['FSType', 'fsType'],
      ['StoragePolicyName', 'storagePolicyName'],
    ],
  },
  cinder: {
    type: 'Cinder',
    what: `${disk} OpenStack`,
    fields: [['VolumeID', 'volumeID'], ['FSType', 'fsType'], readOnly(), ['SecretRef', reference('secretRef')]],
  },
  photonPersistentDisk: {
    type: 'PhotonPersistentDisk',
    what: `${disk} photon platform`,
    fields: [
      ['PdID', 'pdID'],
      ['FSType', 'fsType'],
    ],
  },
  portworxVolume: { type: 'PortworxVolume', what: 'a Portworx Volume resource', fields: [['VolumeID', 'volumeID']] },
  scaleIO: {
    type: 'ScaleIO',
    what: 'a persistent volume backed by a block device in ScaleIO',
    fields: [
      ['Gateway', 'gateway'],
      ['System', 'system'],
      ['Protection Domain', 'protectionDomain'],
      ['Storage Pool', 'storagePool'],
      ['Storage Mode', 'storageMode'],
      ['VolumeName', 'volumeName'],
      ['FSType', 'fsType'],
      readOnly(),
    ],
  },
  local: {
    type: 'LocalVolume',
    what: 'a persistent volume backed by local storage on a node',
    fields: [['Path', 'path']],
  },
  cephfs: {
    type: 'CephFS',
    what: `a CephFS ${shared}`,
    fields: [
      ['Monitors', (source) => `[${texts(source, 'monitors').join(' ')}]`],
      ['Path', 'path'],
      ['User', 'user'],
      ['SecretFile', 'secretFile'],
      ['SecretRef', reference('secretRef')],
      readOnly(),
    ],
  },
  storageos: {
    type: 'StorageOS',
    what: 'a StorageOS Persistent Disk resource',
    fields: [['VolumeName', 'volumeName'], ['VolumeNamespace', 'volumeNamespace'], ['FSType', 'fsType'], readOnly()],
  },
  fc: {
    type: 'FC',
    what: 'a Fibre Channel disk',
    fields: [
      ['TargetWWNs', (source) => texts(source, 'targetWWNs').join(', ')],
      ['LUN', (source) => (has(source, 'lun') ? text(source, 'lun') : '<none>')],
      ['FSType', 'fsType'],
      readOnly(),
    ],
  },
  azureFile: {
    type: 'AzureFile',
    what: 'an Azure File Service mount on the host and bind mount to the pod',
    fields: [['SecretName', 'secretName'], ['ShareName', 'shareName'], readOnly()],
  },
  flexVolume: {
    type: 'FlexVolume',
    what: 'a generic volume resource that is provisioned/attached using an exec based plugin',
    fields: [
      ['Driver', 'driver'],
      ['FSType', 'fsType'],
      ['SecretRef', reference('secretRef')],
      readOnly(),
      ['Options', (source) => mapText(at(source, 'options'))],
    ],
  },
  flocker: {
    type: 'Flocker',
    what: 'a Flocker volume mounted by the Flocker agent',
    fields: [
      ['DatasetName', 'datasetName'],
      ['DatasetUUID', 'datasetUUID'],
    ],
  },
  csi: {
    type: 'CSI',
    what: 'a Container Storage Interface (CSI) volume source',
    fields: [['Driver', 'driver'], ['FSType', 'fsType'], readOnly()],
  },
  image: {
    type: 'Image',
    what: 'a container image or OCI artifact',
    fields: [
      ['Reference', 'reference'],
      ['PullPolicy', 'pullPolicy'],
    ],
  },
};

/** What persistent volumes show otherwise than pods. */
const PERSISTENT: Readonly<Record<string, SourceText['fields']>> = {
  glusterfs: [
    ['EndpointsName', 'endpoints'],
    ['EndpointsNamespace', (source) => text(source, 'endpointsNamespace') || '<unset>'],
    ['Path', 'path'],
    readOnly(),
  ],
  scaleIO: [
    ['Gateway', 'gateway'],
    ['System', 'system'],
    ['Protection Domain', 'protectionDomain'],
    ['Storage Pool', 'storagePool'],
    ['Storage Mode', 'storageMode'],
    ['VolumeName', 'volumeName'],
    ['SecretName', (source) => text(source, 'secretRef', 'name')],
    ['SecretNamespace', (source) => text(source, 'secretRef', 'namespace')],
    ['FSType', 'fsType'],
    readOnly(),
  ],
  azureFile: [
    ['SecretName', 'secretName'],
    ['SecretNamespace', 'secretNamespace'],
    ['ShareName', 'shareName'],
    readOnly(),
  ],
  csi: [['Driver', 'driver'], ['FSType', 'fsType'], ['VolumeHandle', 'volumeHandle'], readOnly()],
};

/** `persistent`: of a PersistentVolume's spec instead of a pod's volume. */
export function writeVolumeSource(volume: JsonObject, persistent: boolean, out: DescriptionWriter): void {
  const lines = volumeSourceLines(volume, persistent);
  if (lines === undefined) return out.write(1, '<unknown>\n');
  for (const [label, value] of lines)
    out.write(2, value === undefined ? `${label}\n` : `${label}${WITHOUT_COLON.has(label) ? '' : ':'}\t${value}\n`);
}

/** Undefined for a source that nobody knows. */
function volumeSourceLines(volume: JsonObject, persistent: boolean): VolumeLine[] | undefined {
  if (has(volume, 'projected'))
    return [
      ['Type', 'Projected (a volume that contains injected data from multiple sources)'],
      ...objects(volume, 'projected', 'sources').flatMap(projectedLines),
    ];
  if (has(volume, 'downwardAPI'))
    return [
      ['Type', 'DownwardAPI (a volume populated by information about the pod)'],
      ['Items:'],
      ...objects(volume, 'downwardAPI', 'items').map((item): VolumeLine => {
        const from = text(item, 'fieldRef', 'fieldPath') || text(item, 'resourceFieldRef', 'resource');
        return [`  ${from} -> ${text(item, 'path')}`];
      }),
    ];
  const found = Object.entries(SOURCES).find(([field]) => has(volume, field));
  if (found === undefined) return undefined;
  const [field, { type, what, fields }] = found;
  const source = object(volume, field);
  const shown = (persistent ? PERSISTENT[field] : undefined) ?? fields;
  return [
    ['Type', `${type} (${what})`],
    ...shown.map(([label, read]): VolumeLine => [label, typeof read === 'string' ? text(source, read) : read(source)]),
    ...(field === 'csi' ? attributeLines(source) : []),
  ];
}

function attributeLines(source: JsonObject): VolumeLine[] {
  const attributes = pairs(source, 'volumeAttributes').map(([key, value]) => {
    const line = `${key}=${value}`;
    return line.length > LONGEST_ATTRIBUTE ? `${line.slice(0, LONGEST_ATTRIBUTE)}...` : line;
  });
  if (attributes.length === 0) return [['VolumeAttributes', '<none>']];
  // kubectl indents the first attribute once more than its label, and the others once more again.
  return attributes.map((line, index): VolumeLine =>
    index === 0 ? ['VolumeAttributes', `    ${line}`] : [`    \t    ${line}`],
  );
}

function projectedLines(source: JsonObject): VolumeLine[] {
  if (has(source, 'secret'))
    return [
      ['SecretName', text(source, 'secret', 'name')],
      ['Optional', no('optional')(object(source, 'secret'))],
    ];
  if (has(source, 'downwardAPI')) return [['DownwardAPI', 'true']];
  if (has(source, 'configMap'))
    return [
      ['ConfigMapName', text(source, 'configMap', 'name')],
      ['Optional', no('optional')(object(source, 'configMap'))],
    ];
  if (has(source, 'serviceAccountToken'))
    return [['TokenExpirationSeconds', String(number(source, 'serviceAccountToken', 'expirationSeconds'))]];
  return [];
}

function no(field: string): Read {
  return (source) => text(source, field) || 'false';
}

function zero(field: string): Read {
  return (source) => text(source, field) || '0';
}

function readOnly(): readonly [string, Read] {
  return ['ReadOnly', no('readOnly')];
}

/** A pointer to a struct of names, as Go prints it. */
function reference(field: string): Read {
  return (source) => {
    const target = at(source, field);
    if (!isObject(target)) return 'nil';
    // Pods refer within their namespace, persistent volumes into any.
    return has(target, 'namespace')
      ? `&SecretReference{Name:${text(target, 'name')},Namespace:${text(target, 'namespace')},}`
      : `&LocalObjectReference{Name:${text(target, 'name')},}`;
  };
}

/** A map as Go prints it. */
function mapText(value: Json | undefined): string {
  return `map[${pairs(value)
    .map(([key, item]) => `${key}:${item}`)
    .join(' ')}]`;
}

/** `RWO,ROX,RWX,RWOP`, each at most once and in this order. */
export function accessModesText(modes: Json | undefined): string {
  const given = new Set(list(modes).map((mode) => text(mode)));
  const short = { ReadWriteOnce: 'RWO', ReadOnlyMany: 'ROX', ReadWriteMany: 'RWX', ReadWriteOncePod: 'RWOP' };
  return Object.entries(short)
    .flatMap(([mode, abbreviation]) => (given.has(mode) ? [abbreviation] : []))
    .join(',');
}
