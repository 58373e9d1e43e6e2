import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { settingsOf } from './settings.ts';

const directory = mkdtempSync(join(tmpdir(), 'kubelet-settings-'));
afterAll(() => rmSync(directory, { recursive: true }));

function file(fields: string): string {
  const path = join(directory, `${fields.length}-${Math.abs(fields.length * 31)}.yaml`);
  writeFileSync(path, `kind: KubeletConfiguration\napiVersion: kubelet.config.k8s.io/v1beta1\n${fields}`);
  return path;
}

test('what no flag says is Kubernetes’ default', async () => {
  expect(await settingsOf({ hostnameOverride: 'N1' })).toMatchObject({
    nodeName: 'n1',
    port: 10_250,
    maxPods: 110,
    clusterDomain: 'cluster.local',
    rootDir: '/var/lib/kubelet',
    runtimeEndpoint: 'unix:///var/run/docker.sock',
  });
});

test('flags count more than the file', async () => {
  const config = file('maxPods: 20\nclusterDNS: [10.96.0.10]\nclusterDomain: file.local\n');
  const settings = await settingsOf({
    config,
    clusterDomain: 'flag.local',
    nodeLabels: 'a=1,b=',
    registerWithTaints: 'k=v:NoSchedule,x:NoExecute',
  });
  expect(settings).toMatchObject({
    maxPods: 20,
    clusterDns: ['10.96.0.10'],
    clusterDomain: 'flag.local',
    labels: { a: '1', b: '' },
    taints: [
      { key: 'k', value: 'v', effect: 'NoSchedule' },
      { key: 'x', effect: 'NoExecute' },
    ],
  });
});

test.each([
  { name: "are Kubernetes' own unless said", flags: () => ({}), want: [40, 10_000, 300_000] },
  {
    name: 'come from the file',
    flags: () => ({
      config: file('nodeLeaseDurationSeconds: 8\nnodeStatusUpdateFrequency: 2s\nnodeStatusReportFrequency: 1m\n'),
    }),
    want: [8, 2000, 60_000],
  },
  {
    name: 'come from flags before the file',
    flags: () => ({
      config: file('nodeLeaseDurationSeconds: 8\nnodeStatusUpdateFrequency: 2s\n'),
      nodeLeaseDurationSeconds: '4',
      nodeStatusUpdateFrequency: '1500ms',
    }),
    want: [4, 1500, 300_000],
  },
])('the periods of the heartbeat $name', async ({ flags, want }) => {
  const { leaseSeconds, statusUpdateMs, statusReportMs } = (await settingsOf(flags())).heartbeat;
  expect([leaseSeconds, statusUpdateMs, statusReportMs]).toEqual(want);
});

test.each([
  {
    name: 'a heartbeat without end',
    flags: () => ({ nodeStatusUpdateFrequency: '1ms' }),
    want: '--node-status-update-frequency must be at least 100ms',
  },
  {
    name: 'a period that is none',
    flags: () => ({ config: file('nodeStatusReportFrequency: soon\n') }),
    want: '--config: nodeStatusReportFrequency is a duration such as 15s or 1m30s, not "soon"',
  },
  {
    name: 'a field that is not known',
    flags: () => ({ config: file('maxPods: 1\nevictionHrd: {}\n') }),
    want: '--config: unknown field "evictionHrd"',
  },
  {
    name: 'a field of the wrong type',
    flags: () => ({ config: file('maxPods: "many"\n') }),
    want: '--config: field "maxPods" must be of the type number',
  },
  { name: 'a file that is not there', flags: () => ({ config: '/none' }), want: '--config: cannot read /none' },
  {
    name: 'a threshold of nothing known',
    flags: () => ({ evictionHard: 'disk.available<1Gi' }),
    want: 'unknown eviction signal "disk.available"',
  },
  {
    name: 'a threshold without a bound',
    flags: () => ({ evictionHard: 'memory.available' }),
    want: '"memory.available" is not <signal><<quantity or percentage>',
  },
  {
    name: 'a port that is none',
    flags: () => ({ port: '70000' }),
    want: '--port must be a whole number from 1 to 65535, not "70000"',
  },
  { name: 'a certificate without its key', flags: () => ({ tlsCertFile: '/c' }), want: 'are given together' },
  {
    name: 'a taint without effect',
    flags: () => ({ registerWithTaints: 'k=v' }),
    want: '"k=v" is not <key>=<value>:<effect>',
  },
])('$name is refused in one sentence', async ({ flags, want }) => {
  await expect(settingsOf(flags())).rejects.toThrow(want);
});

test.each([
  ['nothing', {}, undefined, { rotateCertificates: false, rotateServerCertificates: false, certDir: '/r/pki' }],
  [
    'a file',
    {},
    'rotateCertificates: true\nserverTLSBootstrap: true\n',
    { rotateCertificates: true, rotateServerCertificates: true },
  ],
  [
    'flags',
    { rotateCertificates: 'false', certDir: '/c' },
    'rotateCertificates: true\n',
    { rotateCertificates: false, certDir: '/c' },
  ],
])('certificates are renewed as %s says', async (_, flags, fields, want) => {
  const config = fields === undefined ? {} : { config: file(fields) };
  expect(await settingsOf({ rootDir: '/r', ...flags, ...config })).toMatchObject(want);
});

test('whether certificates are renewed is true or false', async () => {
  await expect(settingsOf({ rotateCertificates: 'maybe' })).rejects.toThrow(
    '--rotate-certificates is true or false, not "maybe"',
  );
});

test.each([
  { name: 'callers are asked about unless said', given: {}, want: { webhookTokens: true, authorization: 'Webhook' } },
  {
    name: 'a file says whether callers are asked about',
    given: { config: file('authentication: {webhook: {enabled: false}}\nauthorization: {mode: AlwaysAllow}\n') },
    want: { webhookTokens: false, authorization: 'AlwaysAllow' },
  },
  {
    name: 'flags say it before the file',
    given: {
      config: file('authentication: {webhook: {enabled: false}}\nauthorization: {mode: AlwaysAllow}   \n'),
      authenticationTokenWebhook: 'true',
      authorizationMode: 'Webhook',
    },
    want: { webhookTokens: true, authorization: 'Webhook' },
  },
])('$name', async ({ given, want }) => {
  expect(await settingsOf(given)).toMatchObject(want);
});

test('a way of authorization that does not exist is refused', async () => {
  await expect(settingsOf({ authorizationMode: 'RBAC' })).rejects.toThrow(
    '--authorization-mode is Webhook or AlwaysAllow, not "RBAC"',
  );
});
