// What a machine needs besides Node: a Docker Engine, nftables, and for the tests etcd. Installs it by apt where that can be
// done (Debian or Ubuntu, as root) and says in one sentence what to install elsewhere.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, openSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** A command and the Debian package that brings it. */
const PACKAGE_OF: Readonly<Record<string, string>> = {
  dockerd: 'docker.io',
  iptables: 'iptables',
  nft: 'nftables',
  conntrack: 'conntrack',
  ip: 'iproute2',
  etcd: 'etcd-server',
  busybox: 'busybox-static',
  unzip: 'unzip',
  prometheus: 'prometheus',
};
export type SystemCommand = keyof typeof PACKAGE_OF;

const SOCKET = '/var/run/docker.sock';
/** Files that name a process of the engine, with the name that this process has. */
const PID_FILES = {
  '/var/run/docker.pid': 'dockerd',
  '/var/run/docker/containerd/containerd.pid': 'containerd',
};
const ENGINE_LOG = '/var/log/dockerd.log';
const ENGINE_START_MS = 30_000;

export class MissingSoftware extends Error {
  override readonly name = 'MissingSoftware';
}

/** Makes sure that these commands exist. `say` gets a line for each thing that takes long. */
export function ensureCommands(commands: readonly string[], say: (line: string) => void): void {
  const missing = commands.filter((command) => !isInstalled(command));
  if (missing.length === 0) return;
  const packages = missing.map((command) => PACKAGE_OF[command] ?? command);
  if (!canUseApt()) {
    throw new MissingSoftware(
      `${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} missing; install ${packages.join(', ')} ` +
        '(on other systems than Debian and Ubuntu: the packages that bring these commands) and try again',
    );
  }
  say(`installing ${packages.join(', ')} with apt-get`);
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const run = (args: string[]) => spawnSync('apt-get', args, { env: environment, encoding: 'utf8' });
  run(['update', '-qq']);
  const result = run(['install', '-y', '-qq', '--no-install-recommends', ...packages]);
  if (result.status !== 0) {
    throw new MissingSoftware(`apt-get could not install ${packages.join(', ')}: ${lastLine(result.stderr)}`);
  }
}

/** Starts the engine when its socket does not answer. */
export async function ensureEngine(say: (line: string) => void): Promise<void> {
  if (await answers()) return;
  if (process.getuid?.() !== 0) {
    throw new MissingSoftware('the Docker Engine does not answer on /var/run/docker.sock; start it and try again');
  }
  ensureCommands(['dockerd', 'iptables'], say);
  say('starting the Docker Engine');
  if (existsSync('/run/systemd/system')) {
    spawnSync('systemctl', ['start', 'docker']);
  } else {
    for (const [file, name] of Object.entries(PID_FILES)) removeStalePidFile(file, name);
    const log = openSync(ENGINE_LOG, 'a');
    spawn('dockerd', [], { detached: true, stdio: ['ignore', log, log] }).unref();
  }
  for (let waited = 0; waited < ENGINE_START_MS; waited += 100) {
    if (await answers()) return;
    await pause(100);
  }
  throw new MissingSoftware(`the Docker Engine did not start within 30 s; see ${ENGINE_LOG}`);
}

function isInstalled(command: string): boolean {
  const found = spawnSync('sh', ['-c', `command -v ${command}`]).status === 0;
  // The busybox that images are made from must not need libraries.
  if (command === 'busybox') return existsSync('/bin/busybox') && !isDynamic('/bin/busybox');
  return found || existsSync(`/usr/sbin/${command}`) || existsSync(`/sbin/${command}`);
}

function isDynamic(file: string): boolean {
  return readFileSync(file).includes('/lib64/ld-linux');
}

function canUseApt(): boolean {
  return process.getuid?.() === 0 && spawnSync('sh', ['-c', 'command -v apt-get']).status === 0;
}

/** After a crash the file names a process that is gone, or another one; the engine would refuse to start, or wait for it. */
function removeStalePidFile(file: string, owner: string): void {
  if (!existsSync(file)) return;
  const pid = readFileSync(file, 'utf8').trim();
  const name = existsSync(`/proc/${pid}/comm`) ? readFileSync(`/proc/${pid}/comm`, 'utf8').trim() : '';
  if (name !== owner) rmSync(file, { force: true });
}

function answers(): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(SOCKET);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
