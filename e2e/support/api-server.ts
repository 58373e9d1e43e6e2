// A real API server (and, when asked, controllers) as processes of their own for tests: fresh data in a temporary directory,
// an administrator's token, free ports of the loopback; ended by their ids.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { probeApi } from '../../pkg/cluster/api-probe.ts';
import { renderKubeconfig } from '../../pkg/cluster/kubeconfig-entry.ts';
import { ensureAuthority, ensureCertificate } from '../../pkg/pki/certificate-files.ts';
import type { KeyPair } from '../../pkg/pki/certificates.ts';
import { freePort } from './etcd-server.ts';

const dist = fileURLToPath(new URL('../../dist/', import.meta.url));
const READY_WITHIN_MS = 20_000;

export interface ApiServerProcess extends AsyncDisposable {
  readonly url: string;
  readonly caFile: string;
  /** Of an administrator: group system:masters. */
  readonly token: string;
  readonly kubeconfig: string;
  readonly pid: number;
  /** What it has logged. */
  log(): string;
}

export interface ApiServerOptions {
  /** `--controllers` of a controller manager beside it; none by default. */
  readonly controllers?: string;
  readonly extraFlags?: readonly string[];
  /** Of the controller manager; `DIR` in them is where `ca.crt` and `ca.key` lie. */
  readonly controllerFlags?: readonly string[];
  /** An address besides the loopback's at which it answers, and calls kubelets whose certificates its authority has signed. */
  readonly outwards?: string;
}

export async function startApiServer(options: ApiServerOptions = {}): Promise<ApiServerProcess> {
  const directory = mkdtempSync(join(tmpdir(), 'typekube-api-'));
  const port = await freePort();
  const now = Date.now();
  const authority = await ensureAuthority(directory, now);
  await ensureCertificate(
    directory,
    'apiserver',
    authority,
    {
      commonName: 'kube-apiserver',
      hosts: ['127.0.0.1', 'localhost', ...(options.outwards === undefined ? [] : [options.outwards])],
      usages: ['server'],
    },
    now,
  );
  const admin = await ensureCertificate(
    directory,
    'admin',
    authority,
    { commonName: 'admin', organizations: ['system:masters'], usages: ['client'] },
    now,
  );
  const token = 'administrator-of-this-test';
  const tokens = join(directory, 'tokens.csv');
  writeFileSync(tokens, `${token},admin,1,system:masters\n`, { mode: 0o600 });
  const url = `https://127.0.0.1:${port}`;
  const kubeconfig = join(directory, 'kubeconfig');
  writeFileSync(kubeconfig, renderKubeconfig(tokenKubeconfig(url, authority.certificate, token)), { mode: 0o600 });
  const logFile = join(directory, 'log');
  const children: ChildProcess[] = [];
  const start = (program: string, args: string[]) => {
    const log = openSync(logFile, 'a');
    const child = spawn(process.execPath, [join(dist, program), ...args], { stdio: ['ignore', log, log] });
    closeSync(log);
    children.push(child);
    return child;
  };
  const server = start('apiserver.js', [
    `--secure-port=${port}`,
    '--bind-address=127.0.0.1',
    `--data-dir=${join(directory, 'store')}`,
    `--tls-cert-file=${join(directory, 'apiserver.crt')}`,
    `--tls-private-key-file=${join(directory, 'apiserver.key')}`,
    `--client-ca-file=${join(directory, 'ca.crt')}`,
    `--token-auth-file=${tokens}`,
    '--service-cluster-ip-range=10.96.0.0/16',
    ...(options.outwards === undefined ? [] : await outwardFlags(directory, authority, options.outwards)),
    ...(options.extraFlags ?? []),
  ]);
  const running: ApiServerProcess = {
    url,
    caFile: join(directory, 'ca.crt'),
    token,
    kubeconfig,
    pid: server.pid ?? 0,
    log: () => readFileSync(logFile, 'utf8'),
    async [Symbol.asyncDispose]() {
      for (const child of children.toReversed()) {
        if (child.exitCode !== null || child.signalCode !== null) continue;
        const gone = once(child, 'exit');
        child.kill('SIGKILL');
        await gone;
      }
      rmSync(directory, { recursive: true, force: true });
    },
  };
  using probe = probeApi({
    server: url,
    authority: authority.certificate,
    certificate: admin.certificate,
    key: admin.key,
  });
  const deadline = now + READY_WITHIN_MS;
  while ((await probe.get('/readyz')).status !== 200) {
    if (Date.now() > deadline || server.exitCode !== null) {
      const log = running.log();
      await running[Symbol.asyncDispose]();
      throw new Error(`the API server did not become ready:\n${log}`);
    }
    await pause(20);
  }
  if (options.controllers !== undefined) {
    start('controller-manager.js', [
      `--kubeconfig=${kubeconfig}`,
      '--leader-elect=false',
      '--secure-port=0',
      `--controllers=${options.controllers}`,
      `--root-ca-file=${join(directory, 'ca.crt')}`,
      ...(options.controllerFlags ?? []).map((flag) => flag.replace('DIR', directory)),
    ]);
  }
  return running;
}

async function outwardFlags(directory: string, authority: KeyPair, address: string): Promise<string[]> {
  const caller = { commonName: 'kube-apiserver-kubelet-client', organizations: ['system:masters'] };
  await ensureCertificate(directory, 'kubelet-client', authority, { ...caller, usages: ['client'] }, Date.now());
  return [
    '--bind-address=0.0.0.0',
    `--advertise-address=${address}`,
    `--kubelet-client-certificate=${join(directory, 'kubelet-client.crt')}`,
    `--kubelet-client-key=${join(directory, 'kubelet-client.key')}`,
    `--kubelet-certificate-authority=${join(directory, 'ca.crt')}`,
  ];
}

function tokenKubeconfig(server: string, authority: string, token: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      { name: 'test', cluster: { server, 'certificate-authority-data': Buffer.from(authority).toString('base64') } },
    ],
    users: [{ name: 'admin', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
    'current-context': 'test',
  };
}
