// The kubelet by itself, with Kubernetes' own flags, becomes a node by a bootstrap token and needs none when it is started again.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ensureBuilt } from '../../hack/ensure-built.ts';
import { certificateSigningRequests, nodes } from '../../pkg/api/resources.ts';
import { freePort } from '../support/etcd-server.ts';
import { projectRoot } from '../support/test-cluster.ts';
import { createJoinCluster, type JoinCluster } from './cluster.ts';

const home = mkdtempSync(join(tmpdir(), 'typekube-bootstrap-'));
let cluster: JoinCluster;
let kubelet: ChildProcess | undefined;

beforeAll(async () => {
  await ensureBuilt(() => undefined);
  cluster = await createJoinCluster();
});
afterAll(async () => {
  await stop();
  await cluster[Symbol.asyncDispose]();
  rmSync(home, { recursive: true, force: true });
});

const at = (name: string) => join(home, name);

function start(port: number): void {
  const log = openSync(at('log'), 'a');
  kubelet = spawn(
    process.execPath,
    [
      join(projectRoot, 'dist/kubelet.js'),
      `--kubeconfig=${at('kubelet.conf')}`,
      `--bootstrap-kubeconfig=${at('bootstrap.conf')}`,
      `--root-dir=${at('root')}`,
      '--rotate-certificates',
      '--rotate-server-certificates=true',
      '--hostname-override=alone',
      '--node-ip=10.231.5.77',
      '--address=127.0.0.1',
      `--port=${port}`,
      `--client-ca-file=${cluster.server.caFile}`,
      `--container-runtime-endpoint=unix://${at('no-engine.sock')}`,
    ],
    { stdio: ['ignore', log, log] },
  );
  closeSync(log);
}

async function stop(): Promise<void> {
  if (kubelet === undefined || kubelet.exitCode !== null || kubelet.signalCode !== null) return;
  const gone = once(kubelet, 'exit');
  kubelet.kill('SIGTERM');
  await gone;
}

async function until<T>(what: string, read: () => Promise<T | undefined>): Promise<T> {
  for (let tries = 0; tries < 300; tries++) {
    const found = await read();
    if (found !== undefined) return found;
    if (kubelet?.exitCode !== null) break;
    await pause(100);
  }
  throw new Error(`${what}\n${readFileSync(at('log'), 'utf8')}`);
}

test('a kubelet asks for its certificates with a bootstrap token, and keeps them', async () => {
  const command = (await cluster.must('token', 'create')).trim().split(' ');
  const authority = readFileSync(cluster.server.caFile).toString('base64');
  const bootstrap = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server: cluster.server.url, 'certificate-authority-data': authority } }],
    users: [{ name: 'u', user: { token: command[4] } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  };
  writeFileSync(at('bootstrap.conf'), JSON.stringify(bootstrap));
  const port = await freePort();
  start(port);
  const resource = cluster.client.resource(nodes);
  const find = async () => (await resource.list()).items.find(({ metadata }) => metadata.name === 'alone');
  await until('the node does not register', find);
  const requests = await until('the serving certificate is not issued', async () => {
    const { items } = await cluster.client.resource(certificateSigningRequests).list();
    return items.length === 2 && items.every(({ status }) => status.certificate !== undefined) ? items : undefined;
  });
  expect(
    new Set(requests.map(({ spec }) => `${spec.username?.split(':').slice(0, 2).join(':') ?? ''} ${spec.signerName}`)),
  ).toEqual(
    new Set([
      'system:bootstrap kubernetes.io/kube-apiserver-client-kubelet',
      'system:node kubernetes.io/kubelet-serving',
    ]),
  );
  await until('the kubelet does not keep its serving certificate', async () =>
    existsSync(at('root/pki/kubelet-server-current.pem')) ? true : undefined,
  );
  expect(readFileSync(at('kubelet.conf'), 'utf8')).toContain('kubelet-client-current.pem');

  await stop();
  rmSync(at('bootstrap.conf'));
  await resource.delete({ name: 'alone' });
  start(port);
  await until('the node does not register again', find);
  expect((await cluster.client.resource(certificateSigningRequests).list()).items).toHaveLength(2);
});
