// What Kubernetes refuses in volumes and claims of the cluster, rule by rule.
import { expect, test } from 'vitest';
import type {
  PersistentVolume,
  PersistentVolumeClaim,
  PersistentVolumeClaimSpec,
  PersistentVolumeSpec,
} from '../../schema/generated/core.v1.gen.ts';
import { persistentVolumeClaimKind } from './persistent-volume-claim.ts';
import { persistentVolumeKind } from './persistent-volume.ts';

const METADATA = { name: 'x', uid: 'u', resourceVersion: '1', creationTimestamp: '2024-01-01T00:00:00Z' };

function volume(spec: PersistentVolumeSpec): PersistentVolume {
  const made: PersistentVolume = {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: METADATA,
    spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], ...spec },
    status: {},
  };
  persistentVolumeKind.setDefaults(made);
  return made;
}

function claim(spec: PersistentVolumeClaimSpec, phase = 'Pending'): PersistentVolumeClaim {
  const made: PersistentVolumeClaim = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { ...METADATA, namespace: 'ns' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '2Gi' } }, ...spec },
    status: { phase, capacity: { storage: '1Gi' } },
  };
  persistentVolumeClaimKind.setDefaults(made);
  return made;
}

const lines = (errors: readonly { field: string; body: string }[]) =>
  errors.map(({ field, body }) => `${field}: ${body}`);

test.each<{ rule: string; spec: PersistentVolumeSpec; want: string }>([
  {
    rule: 'a local volume is on some node',
    spec: { local: { path: '/a' } },
    want: 'spec.nodeAffinity: Required value: Local volume requires node affinity',
  },
  {
    rule: 'a secret of a driver is in a namespace',
    spec: { csi: { driver: 'a.b', volumeHandle: 'h', nodePublishSecretRef: { name: 's' } } },
    want: 'spec.csi.nodePublishSecretRef.namespace: Required value',
  },
  {
    rule: 'attributes are those of a driver',
    spec: { hostPath: { path: '/a' }, volumeAttributesClassName: 'fast' },
    want: 'spec.csi: Required value: has to be specified when using volumeAttributesClassName',
  },
  {
    rule: 'a share has a server',
    spec: { azureFile: { secretName: 's', shareName: '' } },
    want: 'spec.azureFile.shareName: Required value',
  },
  {
    rule: 'the root by another name is the root',
    spec: { hostPath: { path: '//' }, persistentVolumeReclaimPolicy: 'Recycle' },
    want: "spec.persistentVolumeReclaimPolicy: Forbidden: may not be 'recycle' for a hostPath mount of '/'",
  },
])('volumes: $rule', ({ spec, want }) => {
  expect(lines(persistentVolumeKind.validate(volume(spec)))).toContain(want);
});

test('the secret for growing may be named later, the handle may not change', () => {
  const csi = { driver: 'a.b', volumeHandle: 'h' };
  const secret = { controllerExpandSecretRef: { name: 's', namespace: 'n' } };
  const update = (next: object) =>
    lines(persistentVolumeKind.validateUpdate(volume({ csi: { ...csi, ...next } }), volume({ csi })));
  expect(update(secret)).toEqual([]);
  expect(update({ volumeHandle: 'i' })).toEqual([
    expect.stringContaining('spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable'),
  ]);
});

test.each<{ rule: string; spec: PersistentVolumeClaimSpec; want: string }>([
  {
    rule: 'a source without a group is a claim',
    spec: { dataSource: { kind: 'Pod', name: 'a' } },
    want: `spec.dataSource: Invalid value: "Pod": must be 'PersistentVolumeClaim' when referencing the default apiGroup`,
  },
  {
    rule: 'two names of the source agree',
    spec: {
      dataSource: { kind: 'PersistentVolumeClaim', name: 'a' },
      dataSourceRef: { kind: 'PersistentVolumeClaim', name: 'b' },
    },
    want: 'spec: Invalid value: "spec.dataSource": must match dataSourceRef',
  },
  {
    rule: 'one pod is no several',
    spec: { accessModes: ['ReadWriteOncePod', 'ReadWriteMany'] },
    want: 'spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes',
  },
])('claims: $rule', ({ spec, want }) => {
  expect(lines(persistentVolumeClaimKind.validate(claim(spec)))).toContain(want);
});

test.each<{ what: string; next: string; want: string[] }>([
  { what: 'grows', next: '3Gi', want: [] },
  { what: 'takes back what it has not got yet', next: '1500Mi', want: [] },
  {
    what: 'does not shrink',
    next: '1Gi',
    want: ['spec.resources.requests.storage: Forbidden: field can not be less than status.capacity'],
  },
])('a bound claim $what', ({ next, want }) => {
  const before = claim({ volumeName: 'v' }, 'Bound');
  const after = claim({ volumeName: 'v', resources: { requests: { storage: next } } }, 'Bound');
  expect(lines(persistentVolumeClaimKind.validateUpdate(after, before))).toEqual(want);
});

test('a claim may choose its class later', () => {
  const errors = persistentVolumeClaimKind.validateUpdate(claim({ storageClassName: 'fast' }), claim({}));
  expect(lines(errors)).toEqual([]);
});
