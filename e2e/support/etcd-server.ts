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
  const [server] = await startEtcdMembers(1, tls);
  if (server === undefined) throw new Error('one member was asked for');
  return server;
}

/** Members of one cluster; resolves when all of them listen. */
export async function startEtcdMembers(count: number, tls?: EtcdTls): Promise<EtcdServer[]> {
  const members: Member[] = [];
  for (let index = 0; index < count; index++) {
    members.push({ name: `m${index}`, client: await freePort(), peer: await freePort() });
  }
  const servers = members.map((member) => memberServer(member, members, tls));
  await Promise.all(servers.map((server) => server.start()));
  return servers;
}

interface Member {
  readonly name: string;
  readonly client: number;
  readonly peer: number;
}

function memberServer(self: Member, members: readonly Member[], tls: EtcdTls | undefined): EtcdServer {
  const directory = mkdtempSync(join(tmpdir(), 'typekube-etcd-'));
  const endpoint = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${self.client}`;
  const peerUrl = ({ peer }: Member) => `http://127.0.0.1:${peer}`;
  let child: ChildProcess | undefined;
  return {
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
          `--name=${self.name}`,
          `--data-dir=${directory}`,
          `--listen-client-urls=${endpoint}`,
          `--advertise-client-urls=${endpoint}`,
          `--listen-peer-urls=${peerUrl(self)}`,
          `--initial-advertise-peer-urls=${peerUrl(self)}`,
          `--initial-cluster=${members.map((member) => `${member.name}=${peerUrl(member)}`).join(',')}`,
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
      await untilListening(self.client);
    },
    async [Symbol.asyncDispose]() {
      await this.kill();
      rmSync(directory, { recursive: true, force: true });
    },
  };
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
