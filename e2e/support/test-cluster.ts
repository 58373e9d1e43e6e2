// A whole cluster for a test, made and removed with tkctl as a user would, in a home of its own: its kubeconfig and data never
// meet the user's. One at a time, because a machine's engine holds one.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from '../../hack/ensure-built.ts';
import { ensureSampleImage } from '../../hack/sample-image.ts';
import { kubectlPath } from './kubectl.ts';

export const projectRoot = fileURLToPath(new URL('../..', import.meta.url));

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface TestCluster extends AsyncDisposable {
  /** Run with the cluster's kubeconfig; the answer of a failing command is an answer too. */
  kubectl(...args: string[]): Promise<Ran>;
  tkctl(...args: string[]): Promise<Ran>;
  /** stdout; throws with everything that was printed when the command fails. */
  must(...args: string[]): Promise<string>;
  /** Pid of a component, in the layout of a process per component; of the whole cluster as `cluster`. */
  pid(component: string): number;
  /** What a person would look at when something is wrong. */
  explain(): Promise<string>;
}

export interface TestClusterOptions {
  readonly store?: 'embedded' | 'etcd';
  readonly separateProcesses?: boolean;
  /** `unix:///path` of an engine of the test's own. */
  readonly engine?: string;
}

const NAME = 'e2e';

export async function createTestCluster(options: TestClusterOptions = {}): Promise<TestCluster> {
  await ensureBuilt(() => undefined);
  const home = mkdtempSync(join(tmpdir(), 'typekube-e2e-'));
  const env = {
    ...process.env,
    TYPEKUBE_HOME: join(home, 'clusters'),
    KUBECONFIG: join(home, 'kubeconfig'),
    ...(options.engine !== undefined && { DOCKER_HOST: options.engine }),
  };
  const kubectl = await kubectlPath(35);
  const program = join(projectRoot, 'dist/tkctl.js');
  const cluster: TestCluster = {
    kubectl: (...args) => run(kubectl, args, env),
    tkctl: (...args) => run(process.execPath, [program, ...args], env),
    async must(...args) {
      const { code, stdout, stderr } = await cluster.kubectl(...args);
      if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: exit ${code}\n${stdout}${stderr}`);
      return stdout;
    },
    pid(component) {
      const directory = join(home, 'clusters', NAME);
      if (component !== 'cluster') return Number(readFileSync(join(directory, 'pids', `${component}.pid`), 'utf8'));
      const record = JSON.parse(readFileSync(join(directory, 'cluster.json'), 'utf8')) as { pid: number };
      return record.pid;
    },
    async explain() {
      const parts = await Promise.all([
        cluster.kubectl('get', 'all,endpointslices,nodes', '-A', '-o', 'wide'),
        cluster.kubectl('get', 'events', '-A', '--sort-by=.lastTimestamp'),
      ]);
      const log = readFileSync(join(home, 'clusters', NAME, 'cluster.log'), 'utf8')
        .split('\n')
        .slice(-40)
        .join('\n');
      return [...parts.map(({ stdout, stderr }) => stdout + stderr), log].join('\n');
    },
    async [Symbol.asyncDispose]() {
      await cluster.tkctl('cluster', 'delete', NAME);
      rmSync(home, { recursive: true, force: true });
    },
  };
  await ensureSampleImage(join(projectRoot, 'manifests/examples/hello'), () => undefined, options.engine);
  const args = [
    ...(options.store === undefined ? [] : [`--store=${options.store}`]),
    ...(options.separateProcesses === true ? ['--separate-processes'] : []),
  ];
  const created = await cluster.tkctl('cluster', 'create', NAME, ...args);
  if (created.code !== 0) {
    await cluster[Symbol.asyncDispose]();
    throw new Error(`tkctl cluster create failed:\n${created.stdout}${created.stderr}`);
  }
  return cluster;
}

/** `killed`: when to end it with SIGKILL. */
export function run(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  killed?: AbortSignal,
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'], cwd: projectRoot });
    killed?.addEventListener('abort', () => child.kill('SIGKILL'), { once: true });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => (stdout += part));
    child.stderr.setEncoding('utf8').on('data', (part: string) => (stderr += part));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? 1, stdout, stderr }));
  });
}
