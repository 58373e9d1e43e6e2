// A real etcd for tests: one process on free ports of the loopback, data in a temporary directory, ended by its id.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

export interface EtcdServer extends AsyncDisposable {
  readonly endpoint: string;
  /** kill -9. */
  kill(): Promise<void>;
  /** On the same data and ports. */
  start(): Promise<void>;
}

export interface EtcdTls {
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
}

export async function startEtcd(tls?: EtcdTls): Promise<EtcdServer> {
  const directory = mkdtempSync(join(tmpdir(), 'typekube-etcd-'));
  const [client, peer] = [await freePort(), await freePort()];
  const scheme = tls === undefined ? 'http' : 'https';
  const endpoint = `${scheme}://127.0.0.1:${client}`;
  let child: ChildProcess | undefined;
  const server: EtcdServer = {
    endpoint,
    async kill() {
      if (child === undefined) return;
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
      child = undefined;
    },
    async start() {
      child = spawn(
        'etcd',
        [
          `--data-dir=${directory}`,
          `--listen-client-urls=${endpoint}`,
          `--advertise-client-urls=${endpoint}`,
          `--listen-peer-urls=http://127.0.0.1:${peer}`,
          `--initial-advertise-peer-urls=http://127.0.0.1:${peer}`,
          `--initial-cluster=default=http://127.0.0.1:${peer}`,
          '--log-level=error',
          ...(tls === undefined
            ? []
            : [
                `--cert-file=${tls.certFile}`,
                `--key-file=${tls.keyFile}`,
                `--trusted-ca-file=${tls.caFile}`,
                '--client-cert-auth',
              ]),
        ],
        { stdio: 'ignore' },
      );
      await untilListening(client);
    },
    async [Symbol.asyncDispose]() {
      await server.kill();
      rmSync(directory, { recursive: true, force: true });
    },
  };
  await server.start();
  return server;
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => (typeof address === 'object' && address !== null ? resolve(address.port) : reject()));
    });
  });
}

async function untilListening(port: number): Promise<void> {
  const { connect } = await import('node:net');
  for (let attempt = 0; attempt < 200; attempt++) {
    const answered = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
    if (answered) return;
    await pause(50);
  }
  throw new Error(`nothing listens on port ${port} after 10 s`);
}
