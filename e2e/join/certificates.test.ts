// Certificates that live for seconds: a node renews its own while it works, and people get theirs by request and approval.
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { connect } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ensureBuilt } from '../../hack/ensure-built.ts';
import { ensureSampleImage, SAMPLE_IMAGE } from '../../hack/sample-image.ts';
import { certificateSigningRequests, nodes, pods } from '../../pkg/api/resources.ts';
import { kubectlPath } from '../support/kubectl.ts';
import { projectRoot } from '../support/test-cluster.ts';
import { createJoinCluster, type JoinCluster } from './cluster.ts';
import { Machines, run, type Machine } from './machines.ts';

const LIVES_SECONDS = 30;
const owned = new AsyncDisposableStack();
let cluster: JoinCluster;
let machine: Machine;

beforeAll(async () => {
  await ensureBuilt(() => undefined);
  const machines = owned.use(await Machines.create());
  cluster = owned.use(await createJoinCluster({ signingDuration: `${LIVES_SECONDS}s` }));
  machine = await machines.add('c');
  await ensureSampleImage(join(projectRoot, 'manifests/examples/hello'), () => undefined, machine.engine);
});
afterAll(() => owned.disposeAsync());

const file = (name: string) => readFileSync(join(machine.directory, name), 'utf8');
const kubectl = async (...args: string[]) =>
  run(await kubectlPath(35), args, { ...process.env, KUBECONFIG: cluster.server.kubeconfig });

test('a node renews its certificates before they expire, without being started again', async () => {
  const command = (await cluster.must('token', 'create')).trim().split(' ').slice(1);
  const joined = await machine.tkctl(...command, '--directory', machine.directory, '--node-name', 'c');
  expect(joined).toMatchObject({ code: 0 });
  const before = await observed();
  expect(before.client.subject).toBe('O=system:nodes\nCN=system:node:c');
  expect(before.serving.subjectAltName).toBe(`DNS:c, IP Address:${machine.address}`);
  await startPod('before');

  // Long enough that every connection made with the first pair is of one that has expired.
  const expired = Date.parse(before.client.validTo) + 8_000;
  while (Date.now() < expired) {
    const { status } = await cluster.client.resource(nodes).get({ name: 'c' });
    const ready = status?.conditions?.find(({ type }) => type === 'Ready');
    expect(ready?.status, file('node.log')).toBe('True');
    await pause(500);
  }

  const after = await observed();
  expect(Date.parse(after.client.validTo)).toBeGreaterThan(Date.now());
  expect(Date.parse(after.serving.validTo)).toBeGreaterThan(Date.now());
  expect(after.client.serialNumber).not.toBe(before.client.serialNumber);
  expect(after.serving.serialNumber).not.toBe(before.serving.serialNumber);
  expect(after.pid).toBe(before.pid);
  await startPod('after');
  expect(await kubectl('logs', 'after')).toMatchObject({ code: 0 });
  expect(
    (await kubectl('get', 'pods', '-o', 'jsonpath={.items[*].status.containerStatuses[0].restartCount}')).stdout,
  ).toBe('0 0');
});

test('whoever asks for a certificate of his own gets it when somebody has approved it, and can use it', async () => {
  const directory = machine.directory;
  const [key, request] = [join(directory, 'jane.key'), join(directory, 'jane.csr')];
  execFileSync(
    'openssl',
    ['req', '-new', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', request, '-subj', '/O=dev/CN=jane'],
    {
      stdio: 'ignore',
    },
  );
  const resource = cluster.client.resource(certificateSigningRequests);
  await resource.create({
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name: 'jane' },
    spec: {
      request: readFileSync(request).toString('base64'),
      signerName: 'kubernetes.io/kube-apiserver-client',
      usages: ['client auth'],
    },
  });
  expect((await kubectl('get', 'csr', 'jane')).stdout).toMatch(
    /jane .* kubernetes.io\/kube-apiserver-client +admin +<none> +Pending/,
  );
  expect(await kubectl('certificate', 'approve', 'jane')).toMatchObject({
    code: 0,
    stdout: 'certificatesigningrequest.certificates.k8s.io/jane approved\n',
  });
  let issued = await resource.get({ name: 'jane' });
  for (let tries = 0; issued.status.certificate === undefined && tries < 100; tries++) {
    await pause(100);
    issued = await resource.get({ name: 'jane' });
  }
  expect((await kubectl('get', 'csr', 'jane')).stdout).toMatch(/Approved,Issued/);
  const certificate = join(directory, 'jane.crt');
  writeFileSync(certificate, Buffer.from(issued.status.certificate ?? '', 'base64'));
  const who = await run(await kubectlPath(35), [
    'auth',
    'whoami',
    `--server=${cluster.server.url}`,
    `--certificate-authority=${cluster.server.caFile}`,
    `--client-certificate=${certificate}`,
    `--client-key=${key}`,
    '--kubeconfig=/dev/null',
    '-o',
    'jsonpath={.status.userInfo.username} {.status.userInfo.groups}',
  ]);
  expect(who).toMatchObject({ code: 0, stdout: 'jane ["dev","system:authenticated"]' });
});

test('what a signer does not sign fails with the reason, whoever approved it', async () => {
  const resource = cluster.client.resource(certificateSigningRequests);
  const { spec } = await resource.get({ name: 'jane' });
  await resource.create({
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name: 'odd' },
    spec: { request: spec.request, signerName: 'kubernetes.io/kubelet-serving', usages: ['server auth'] },
  });
  expect(await kubectl('certificate', 'approve', 'odd')).toMatchObject({ code: 0 });
  for (let tries = 0; tries < 100; tries++) {
    const { status } = await resource.get({ name: 'odd' });
    const failed = status.conditions?.find(({ type }) => type === 'Failed');
    if (failed !== undefined) {
      expect(failed).toMatchObject({
        reason: 'SignerValidationFailure',
        message: 'subject organization is not system:nodes',
      });
      return;
    }
    await pause(100);
  }
  throw new Error('the request did not fail');
});

interface Observed {
  readonly client: X509Certificate;
  /** What the kubelet shows. */
  readonly serving: X509Certificate;
  readonly pid: number;
}

async function observed(): Promise<Observed> {
  const { pid } = JSON.parse(file('node.pid')) as { pid: number };
  expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).toContain('node.js');
  return {
    client: new X509Certificate(file('pki/kubelet-client-current.pem')),
    serving: await shown(machine.address, 10_250),
    pid,
  };
}

/** Nobody connects before the first certificate is there. */
async function shown(host: string, port: number): Promise<X509Certificate> {
  for (let tries = 0; ; tries++) {
    try {
      return await new Promise((resolve, reject) => {
        const socket = connect({ host, port, rejectUnauthorized: false }, () => {
          const certificate = socket.getPeerX509Certificate();
          socket.destroy();
          if (certificate === undefined) reject(new Error('no certificate'));
          else resolve(certificate);
        });
        socket.once('error', reject);
      });
    } catch (error) {
      if (tries === 100) throw error;
      await pause(100);
    }
  }
}

async function startPod(name: string): Promise<void> {
  const resource = cluster.client.resource(pods);
  for (let tries = 0; ; tries++) {
    try {
      await resource.create({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { namespace: 'default', name },
        spec: { nodeName: 'c', containers: [{ name: 'hello', image: SAMPLE_IMAGE, imagePullPolicy: 'Never' }] },
      });
      break;
    } catch (error) {
      if (tries === 50) throw error; // the service account comes in a moment
      await pause(100);
    }
  }
  for (let tries = 0; (await resource.get({ namespace: 'default', name })).status?.phase !== 'Running'; tries++) {
    if (tries === 300) throw new Error(`pod ${name} does not run:\n${await cluster.must('describe', 'pod', name)}`);
    await pause(100);
  }
}
