// Machines that may join a cluster, made of network namespaces on one switch: each with a container engine of its own and nothing else.
// The switch is a namespace too, so that the host's firewall has no say between machines. The control plane runs on the host, which is
// plugged into the switch. Everything is removed again by disposing it.
import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, openSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { projectRoot } from '../support/test-cluster.ts';

const HOST_DEVICE = 'tkjoin0';
const SWITCH = 'tkjoin-switch';
export const HOST_ADDRESS = '10.231.5.1';
const READY_WITHIN_MS = 30_000;
const READ = 'fetch(process.argv[1], { signal: AbortSignal.timeout(2000) }).then((r) => r.text()).then(console.log)';

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Machine {
  readonly name: string;
  readonly address: string;
  /** Where its node's files lie. */
  readonly directory: string;
  readonly engine: string;
  /** A command of this machine: its network, the host's files. */
  run(command: string, ...args: string[]): Promise<Ran>;
  tkctl(...args: string[]): Promise<Ran>;
  /** What it gets from a URL; rules and ways to other machines reach the kernel within a moment. */
  read(url: string): Promise<string>;
}

export class Machines implements AsyncDisposable {
  readonly #home = mkdtempSync(join(tmpdir(), 'typekube-join-'));
  readonly #engines: ChildProcess[] = [];
  readonly #names: string[] = [];

  /** Throws when this machine cannot have network namespaces. */
  static async create(): Promise<Machines> {
    const machines = new Machines();
    await machines.#removeSwitch();
    await ip('netns', 'add', SWITCH);
    await ip('-n', SWITCH, 'link', 'add', 'br0', 'type', 'bridge');
    await ip('-n', SWITCH, 'link', 'set', 'br0', 'up');
    await ip('link', 'add', HOST_DEVICE, 'type', 'veth', 'peer', 'name', 'host', 'netns', SWITCH);
    await ip('-n', SWITCH, 'link', 'set', 'host', 'master', 'br0', 'up');
    await ip('addr', 'add', `${HOST_ADDRESS}/24`, 'dev', HOST_DEVICE);
    await ip('link', 'set', HOST_DEVICE, 'up');
    return machines;
  }

  async add(name: string): Promise<Machine> {
    const number = this.#names.push(name) + 10;
    const address = `10.231.5.${number}`;
    const namespace = `tkjoin-${name}`;
    await run('ip', ['netns', 'del', namespace]);
    await ip('netns', 'add', namespace);
    await ip('-n', SWITCH, 'link', 'add', `port${number}`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace);
    await ip('-n', SWITCH, 'link', 'set', `port${number}`, 'master', 'br0', 'up');
    await ip('-n', namespace, 'link', 'set', 'lo', 'up');
    await ip('-n', namespace, 'addr', 'add', `${address}/24`, 'dev', 'eth0');
    await ip('-n', namespace, 'link', 'set', 'eth0', 'up');
    await ip('-n', namespace, 'route', 'add', 'default', 'via', HOST_ADDRESS);
    // nsenter leaves /sys and /proc as they are, with the control groups that an engine needs.
    const inside = [`--net=/run/netns/${namespace}`, '--'];
    const home = join(this.#home, name);
    const engine = await this.#startEngine(inside, home);
    const directory = join(home, 'node');
    const env = { ...process.env, DOCKER_HOST: engine, TYPEKUBE_HOME: home, KUBECONFIG: join(home, 'none') };
    const command = (program: string, args: readonly string[]) => run('nsenter', [...inside, program, ...args], env);
    return {
      name,
      address,
      directory,
      engine,
      run: (program, ...args) => command(program, args),
      tkctl: (...args) => command(process.execPath, [join(projectRoot, 'dist/tkctl.js'), ...args]),
      async read(url) {
        for (let tries = 0; ; tries++) {
          const { code, stdout, stderr } = await command(process.execPath, ['-e', READ, url]);
          if (code === 0) return stdout.trim();
          if (tries === 15) throw new Error(`${name} does not reach ${url}: ${stderr}`);
          await pause(200);
        }
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const engine of this.#engines) {
      if (engine.exitCode !== null || engine.signalCode !== null) continue;
      const gone = once(engine, 'exit');
      engine.kill('SIGTERM');
      await gone;
    }
    // Node programs and shims of containers outlive whoever started them.
    for (const pid of processesBelow(this.#home)) process.kill(pid, 'SIGKILL');
    for (const mount of mountsBelow(this.#home)) spawnSync('umount', ['--lazy', mount]);
    for (const name of this.#names) await run('ip', ['netns', 'del', `tkjoin-${name}`]);
    await this.#removeSwitch();
    rmSync(this.#home, { recursive: true, force: true });
  }

  async #startEngine(inside: readonly string[], home: string): Promise<string> {
    const socket = join(home, 'docker.sock');
    spawnSync('mkdir', ['-p', home]);
    const log = openSync(join(home, 'engine.log'), 'a');
    const child = spawn(
      'nsenter',
      [
        ...inside,
        'dockerd',
        `--host=unix://${socket}`,
        `--data-root=${join(home, 'data')}`,
        `--exec-root=${join(home, 'exec')}`,
        `--pidfile=${join(home, 'docker.pid')}`,
        '--bridge=none',
        '--iptables=false',
      ],
      { stdio: ['ignore', log, log] },
    );
    this.#engines.push(child);
    for (let waited = 0; waited < READY_WITHIN_MS; waited += 100) {
      if (await answers(socket)) return `unix://${socket}`;
      await pause(100);
    }
    throw new Error(`the engine of a machine did not start:\n${readFileSync(join(home, 'engine.log'), 'utf8')}`);
  }

  async #removeSwitch(): Promise<void> {
    await run('ip', ['netns', 'del', SWITCH]);
    await run('ip', ['link', 'del', HOST_DEVICE]);
  }
}

/** Asks again while it fails: a kubelet answers once the cluster has signed its serving certificate. */
export async function eventually(ask: () => Promise<Ran>): Promise<Ran> {
  for (let tries = 0; ; tries++) {
    const answer = await ask();
    if (answer.code === 0 || tries === 50) return answer;
    await pause(200);
  }
}

export function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(command, [...args], { env, maxBuffer: 64 * 1024 * 1024, cwd: projectRoot }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
      resolve({ code, stdout, stderr });
    });
  });
}

async function ip(...args: string[]): Promise<void> {
  const { code, stderr } = await run('ip', args);
  if (code !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr}`);
}

function processesBelow(directory: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && existsSync(`/proc/${name}/cmdline`))
    .map(Number)
    .filter((pid) => pid !== process.pid && commandLine(pid).includes(`${directory}/`));
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return ''; // gone meanwhile
  }
}

/** The deepest first. */
function mountsBelow(directory: string): string[] {
  return readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((path) => path.startsWith(`${directory}/`))
    .toReversed();
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
