// A Docker Engine of a test's own, beside the machine's: its data, socket and processes lie in a temporary directory, so that it
// can be killed and started again without disturbing anybody.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, openSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { mountsBelow } from '../../pkg/cluster/node-image/base-image.ts';

export interface OwnEngine extends AsyncDisposable {
  readonly endpoint: string;
  /** What a command line begins with that sees the ports it publishes. */
  readonly inside: readonly string[];
  /** kill -9 of the engine with its containerd; the containers live on until the next start finds them. */
  kill(): Promise<void>;
  start(): Promise<void>;
}

const READY_WITHIN_MS = 30_000;
/** Its default network. With `--bridge=none` an engine takes away the machine's docker0, which is another engine's. */
const BRIDGE = 'tkengine0';
const BRIDGE_ADDRESS = '10.254.253.1/24';

/** `namespace`: a network namespace to be made for it, where it has packet filter rules of its own; without it, it has none. */
export async function startOwnEngine(namespace?: string): Promise<OwnEngine> {
  const inside = namespace === undefined ? [] : ['nsenter', `--net=/run/netns/${namespace}`, '--'];
  if (namespace !== undefined) {
    spawnSync('ip', ['netns', 'del', namespace]); // what a run that was killed has left
    spawnSync('ip', ['netns', 'add', namespace]);
    spawnSync('ip', ['-n', namespace, 'link', 'set', 'lo', 'up']);
  }
  const directory = mkdtempSync(join(tmpdir(), 'typekube-engine-'));
  const socket = join(directory, 'docker.sock');
  let child: ChildProcess | undefined;
  const engine: OwnEngine = {
    endpoint: `unix://${socket}`,
    inside,
    async kill() {
      if (child === undefined) return;
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
      child = undefined;
      // An engine that finds the file of a dead containerd waits for it if its pid has been given to another process.
      const containerd = join(directory, 'exec/containerd/containerd.pid');
      for (const pid of processesOf(directory, 'containerd --config')) process.kill(pid, 'SIGKILL');
      for (const file of [containerd, join(directory, 'docker.pid')]) rmSync(file, { force: true });
    },
    async start() {
      const [enter, ...prefix] = [...inside, 'ip'];
      spawnSync(enter, [...prefix, 'link', 'add', 'name', BRIDGE, 'type', 'bridge']); // fails where it is there already
      spawnSync(enter, [...prefix, 'address', 'replace', BRIDGE_ADDRESS, 'dev', BRIDGE]);
      const log = openSync(join(directory, 'log'), 'a');
      const [command, ...before] = [...inside, 'dockerd'];
      child = spawn(
        command,
        [
          ...before,
          `--host=${engine.endpoint}`,
          `--data-root=${join(directory, 'data')}`,
          `--exec-root=${join(directory, 'exec')}`,
          `--pidfile=${join(directory, 'docker.pid')}`,
          `--bridge=${BRIDGE}`,
          `--iptables=${namespace !== undefined}`,
        ],
        { stdio: ['ignore', log, log] },
      );
      for (let waited = 0; waited < READY_WITHIN_MS; waited += 100) {
        if (await answers(socket)) return;
        await pause(100);
      }
      throw new Error(`the test's own engine did not start; see ${directory}/log`);
    },
    async [Symbol.asyncDispose]() {
      if (child !== undefined && child.exitCode === null) {
        const gone = once(child, 'exit');
        child.kill('SIGTERM');
        await gone;
      }
      for (const pid of processesOf(directory, '')) process.kill(pid, 'SIGKILL');
      if (namespace === undefined) spawnSync('ip', ['link', 'delete', BRIDGE]);
      else spawnSync('ip', ['netns', 'del', namespace]);
      for (const mount of mountsBelow(directory)) spawnSync('umount', ['--lazy', mount]);
      rmSync(directory, { recursive: true, force: true });
    },
  };
  await engine.start();
  return engine;
}

/** Pids of the processes whose command line names this engine's directory: its containerd and its containers' shims. */
function processesOf(directory: string, also: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && existsSync(`/proc/${name}/cmdline`))
    .map(Number)
    .filter((pid) => {
      const line = commandLine(pid);
      return pid !== process.pid && line.includes(directory) && line.includes(also);
    });
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return ''; // gone meanwhile
  }
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
