import { expect, test } from 'vitest';
import type { Pod, PodSpec, ServiceAccount } from '../../api/schema/generated/core.v1.gen.ts';
import { refusedOfMirror, refusedSecret } from './pod-secrets.ts';

const META = { name: 'm', namespace: 'ns', uid: 'u', resourceVersion: '1', creationTimestamp: '2024-01-01T00:00:00Z' };

function pod(spec: Partial<PodSpec>): Pod {
  const containers = [{ name: 'c', image: 'i' }];
  return { apiVersion: 'v1', kind: 'Pod', metadata: META, spec: { containers, ...spec }, status: {} };
}

function account(enforced: string | undefined): ServiceAccount {
  return {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: {
      ...META,
      ...(enforced !== undefined && { annotations: { 'kubernetes.io/enforce-mountable-secrets': enforced } }),
    },
    secrets: [{ name: 'ok' }],
    imagePullSecrets: [{ name: 'pull' }],
  };
}

const secretEnv = (name: string) => [{ name: 'A', valueFrom: { secretKeyRef: { name, key: 'k' } } }];
const BAD = { name: 'c', image: 'i', env: secretEnv('bad') };
const WHY = 'is not allowed because service account m does not reference that';

test.each<{ uses: string; spec: Partial<PodSpec>; want: string | undefined }>([
  { uses: 'nothing', spec: {}, want: undefined },
  {
    uses: 'a volume that is listed',
    spec: { volumes: [{ name: 'v', secret: { secretName: 'ok' } }] },
    want: undefined,
  },
  {
    uses: 'a volume that is not',
    spec: { volumes: [{ name: 'v', secret: { secretName: 'bad' } }] },
    want: `volume with secret.secretName="bad" ${WHY} secret`,
  },
  {
    uses: 'a variable of an init container',
    spec: { initContainers: [BAD] },
    want: `init container c with envVar A referencing secret.secretName="bad" ${WHY} secret`,
  },
  {
    uses: 'all variables of a secret',
    spec: { containers: [{ name: 'c', image: 'i', envFrom: [{ secretRef: { name: 'bad' } }] }] },
    want: `container c with envFrom referencing secret.secretName="bad" ${WHY} secret`,
  },
  {
    uses: 'a pull secret',
    spec: { imagePullSecrets: [{ name: 'pull' }, { name: 'ok' }] },
    want: `imagePullSecrets[1].name="ok" ${WHY} imagePullSecret`,
  },
])('an account that enforces its secrets and a pod that uses $uses', ({ spec, want }) => {
  expect(refusedSecret(pod(spec), account('true'), 'all')).toBe(want);
  expect(refusedSecret(pod(spec), account('false'), 'all')).toBeUndefined();
  expect(refusedSecret(pod(spec), account(undefined), 'all')).toBeUndefined();
});

test('containers that come later are asked by themselves', () => {
  const late = pod({ containers: [BAD], ephemeralContainers: [{ name: 'e', image: 'i', env: secretEnv('bad') }] });
  expect(refusedSecret(late, account('true'), 'ephemeral')).toBe(
    `ephemeral container e with envVar A referencing secret.secretName="bad" ${WHY} secret`,
  );
  expect(refusedSecret(pod({ containers: [BAD] }), account('true'), 'ephemeral')).toBeUndefined();
});

test.each<{ names: string; spec: Partial<PodSpec>; want: string | undefined }>([
  { names: 'nothing', spec: { volumes: [{ name: 'v', hostPath: { path: '/x' } }] }, want: undefined },
  {
    names: 'an account',
    spec: { serviceAccountName: 'a' },
    want: 'a mirror pod may not reference service accounts',
  },
  {
    names: 'a secret in a volume of its own',
    spec: { volumes: [{ name: 'v', projected: { sources: [{ secret: { name: 's' } }] } }] },
    want: 'a mirror pod may not reference secrets',
  },
  { names: 'a secret in a variable', spec: { containers: [BAD] }, want: 'a mirror pod may not reference secrets' },
  {
    names: 'a secret for a share',
    spec: { volumes: [{ name: 'v', azureFile: { secretName: 's', shareName: 'x' } }] },
    want: 'a mirror pod may not reference secrets',
  },
  {
    names: 'a token',
    spec: { volumes: [{ name: 'v', projected: { sources: [{ serviceAccountToken: { path: 't' } }] } }] },
    want: 'a mirror pod may not use ServiceAccountToken volume projections',
  },
])('a mirror pod that names $names', ({ spec, want }) => {
  expect(refusedOfMirror(pod(spec))).toBe(want);
});
