import { expect, test } from 'vitest';
import type { ConfigMap, Secret, Service } from '../../api/schema/generated/core.v1.gen.ts';
import { container, pod } from '../testing/pods.ts';
import { environmentOf, type EnvSources } from './env.ts';
import { expand } from './env-expansion.ts';
import { serviceVariables } from './service-env.ts';

const meta = (name: string, namespace = 'default') => ({
  name,
  namespace,
  uid: name,
  creationTimestamp: '',
  resourceVersion: '1',
});
const map: ConfigMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: meta('conf'), data: { a: '1', b: '2' } };
const secret: Secret = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: meta('keys'),
  data: { token: Buffer.from('geheim').toString('base64') },
};

const sources: EnvSources = {
  configMap: (name) => (name === 'conf' ? map : undefined),
  secret: (name) => (name === 'keys' ? secret : undefined),
  services: { DB_SERVICE_HOST: '10.96.0.7' },
  place: { podIps: ['10.0.0.9'], hostIps: ['192.168.0.1'], nodeName: 'n1', allocatable: { cpu: '2', memory: '1Gi' } },
};

test.each([
  ['$(A)', 'one'],
  ['$$(A)', '$(A)'],
  ['$(NONE) $(A', '$(NONE) $(A'],
  ['$', '$'],
  ['a$b$(A)c', 'a$bonec'],
])('%s expands to %s', (text, want) => {
  expect(expand(text, (name) => (name === 'A' ? 'one' : undefined))).toBe(want);
});

test('a container gets its variables from every kind of source, later ones seeing earlier ones', () => {
  const spec = container('web', {
    envFrom: [{ prefix: 'C_', configMapRef: { name: 'conf' } }, { secretRef: { name: 'none', optional: true } }],
    env: [
      { name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
      { name: 'LABEL', valueFrom: { fieldRef: { fieldPath: "metadata.labels['app']" } } },
      { name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'keys', key: 'token' } } },
      { name: 'B', valueFrom: { configMapKeyRef: { name: 'conf', key: 'b' } } },
      { name: 'GONE', valueFrom: { configMapKeyRef: { name: 'conf', key: 'z', optional: true } } },
      { name: 'CPUS', valueFrom: { resourceFieldRef: { resource: 'limits.cpu' } } },
      { name: 'MEMORY', valueFrom: { resourceFieldRef: { resource: 'limits.memory', divisor: '1Mi' } } },
      { name: 'URL', value: 'http://$(IP):$(C_a)/$(DB_SERVICE_HOST)' },
      { name: 'C_b', value: 'own' },
    ],
    resources: { limits: { memory: '64Mi' } },
  });
  const wanted = pod({ containers: [spec] }, { metadata: { ...meta('web'), labels: { app: 'shop' } } });
  expect(Object.fromEntries(environmentOf(wanted, spec, sources))).toEqual({
    C_a: '1',
    C_b: 'own',
    IP: '10.0.0.9',
    LABEL: 'shop',
    TOKEN: 'geheim',
    B: '2',
    CPUS: '2',
    MEMORY: '64',
    URL: 'http://10.0.0.9:1/10.96.0.7',
    DB_SERVICE_HOST: '10.96.0.7',
  });
});

test.each([
  { from: { configMapKeyRef: { name: 'none', key: 'a' } }, want: 'configmap "none" not found' },
  { from: { configMapKeyRef: { name: 'conf', key: 'z' } }, want: "couldn't find key z in ConfigMap default/conf" },
  { from: { secretKeyRef: { name: 'none', key: 'a' } }, want: 'secret "none" not found' },
])('a missing source says $want', ({ from, want }) => {
  const spec = container('web', { env: [{ name: 'A', valueFrom: from }] });
  expect(() => environmentOf(pod({ containers: [spec] }), spec, sources)).toThrow(want);
});

test('services of the namespace are told of, and the API server even without links', () => {
  const service = (name: string, namespace: string, clusterIP: string): Service => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: meta(name, namespace),
    spec: { clusterIP, ports: [{ name: 'http', port: 80, protocol: 'TCP' }] },
    status: {},
  });
  const all = [
    service('kubernetes', 'default', '10.96.0.1'),
    service('my-db', 'shop', '10.96.0.7'),
    service('headless', 'shop', 'None'),
    service('other', 'elsewhere', '10.96.0.8'),
  ];
  const linked = serviceVariables(all, 'shop', true);
  expect(linked).toMatchObject({
    KUBERNETES_SERVICE_HOST: '10.96.0.1',
    MY_DB_SERVICE_HOST: '10.96.0.7',
    MY_DB_SERVICE_PORT: '80',
    MY_DB_SERVICE_PORT_HTTP: '80',
    MY_DB_PORT: 'tcp://10.96.0.7:80',
    MY_DB_PORT_80_TCP: 'tcp://10.96.0.7:80',
    MY_DB_PORT_80_TCP_PROTO: 'tcp',
    MY_DB_PORT_80_TCP_PORT: '80',
    MY_DB_PORT_80_TCP_ADDR: '10.96.0.7',
  });
  expect(Object.keys(linked).some((name) => name.startsWith('HEADLESS') || name.startsWith('OTHER'))).toBe(false);
  expect(Object.keys(serviceVariables(all, 'shop', false)).every((name) => name.startsWith('KUBERNETES'))).toBe(true);
});
