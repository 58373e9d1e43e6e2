// A cluster of nodes in containers for a test, made and removed with tkctl as a user would, in a home of its own. Several can be
// there at once: names, networks and ports are the clusters' own.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Docker from 'dockerode';
import { ensureBuilt } from '../../hack/ensure-built.ts';
import { ensureSampleImage, SAMPLE_IMAGE } from '../../hack/sample-image.ts';
import { engineAt, engineEndpoint, execIn, type ExecAnswer } from '../../pkg/cluster/engine.ts';
import { readNodesRecord, type NodesRecord } from '../../pkg/cluster/nodes/nodes-record.ts';
import { kubectlPath } from './kubectl.ts';
import type { OwnEngine } from './own-engine.ts';
import { projectRoot, run, type Ran } from './test-cluster.ts';

export interface NodesCluster extends AsyncDisposable {
  readonly name: string;
  readonly kubeconfig: string;
  readonly engine: Docker;
  record(): NodesRecord;
  kubectl(...args: string[]): Promise<Ran>;
  tkctl(...args: string[]): Promise<Ran>;
  /** kill -9 when the signal says so. */
  tkctlUntil(signal: AbortSignal, ...args: string[]): Promise<Ran>;
  /** stdout; throws with everything that was printed when the command fails. */
  must(...args: string[]): Promise<string>;
  /** In the container of a node. */
  exec(node: string, ...command: string[]): Promise<ExecAnswer>;
  /** What a person would look at when something is wrong. */
  explain(): Promise<string>;
}

/** `args`: flags of `tkctl cluster create`. The sample app's image is on every node. `own`: the engine to make it in. */
export async function createNodesCluster(
  name: string,
  args: readonly string[],
  own?: OwnEngine,
): Promise<NodesCluster> {
  const cluster = await nodesHome(name, own);
  try {
    await succeeded(cluster.tkctl('cluster', 'create', name, ...args));
    await succeeded(cluster.tkctl('cluster', 'load-image', name, SAMPLE_IMAGE));
  } catch (error) {
    console.log(await cluster.explain());
    await cluster[Symbol.asyncDispose]();
    throw error;
  }
  return cluster;
}

/** Where such a cluster can be made; none is yet. */
export async function nodesHome(name: string, own?: OwnEngine): Promise<NodesCluster> {
  await ensureBuilt(() => undefined);
  const home = mkdtempSync(join(tmpdir(), 'typekube-nodes-'));
  const env = {
    ...process.env,
    TYPEKUBE_HOME: join(home, 'clusters'),
    KUBECONFIG: join(home, 'kubeconfig'),
    ...(own && { DOCKER_HOST: own.endpoint }),
  };
  const kubectl = await kubectlPath(35);
  const program = join(projectRoot, 'dist/tkctl.js');
  const engine = engineAt(engineEndpoint(env));
  await ensureSampleImage(join(projectRoot, 'manifests/examples/hello'), () => undefined, own?.endpoint);
  /** As a user of the engine's machine runs it. */
  const there = (command: string, args: readonly string[], killed?: AbortSignal) => {
    const [first = command, ...rest] = [...(own?.inside ?? []), command, ...args];
    return run(first, rest, env, killed);
  };
  const cluster: NodesCluster = {
    name,
    kubeconfig: env.KUBECONFIG,
    engine,
    record() {
      const record = readNodesRecord(name, env);
      if (record === undefined) throw new Error(`there is no cluster ${name}`);
      return record;
    },
    kubectl: (...args) => there(kubectl, args),
    tkctl: (...args) => there(process.execPath, [program, ...args]),
    tkctlUntil: (signal, ...args) => there(process.execPath, [program, ...args], signal),
    async must(...args) {
      return (await succeeded(cluster.kubectl(...args))).stdout;
    },
    exec: (node, ...command) => execIn(engine, node, command, AbortSignal.timeout(60_000)),
    async explain() {
      const asked = await Promise.all([
        cluster.kubectl('get', 'all,nodes', '-A', '-o', 'wide', '--request-timeout=5s'),
        cluster.kubectl('get', 'events', '-A', '--sort-by=.lastTimestamp', '--request-timeout=5s'),
      ]);
      const containers = readNodesRecord(name, env)?.containers ?? [];
      const logs = containers.map(async ({ name: node }) => {
        const tail = ['sh', '-c', 'for f in /var/log/typekube/*.log; do echo "== $f"; tail -n 15 "$f"; done'];
        const { stdout } = await execIn(engine, node, tail, AbortSignal.timeout(10_000)).catch((error: unknown) => ({
          stdout: String(error),
        }));
        return `---- ${node}\n${stdout}`;
      });
      return [...asked.map(({ stdout, stderr }) => stdout + stderr), ...(await Promise.all(logs))].join('\n');
    },
    async [Symbol.asyncDispose]() {
      await cluster.tkctl('cluster', 'delete', name);
      rmSync(home, { recursive: true, force: true });
    },
  };
  // A run that was killed has left its containers under this name.
  await cluster.tkctl('cluster', 'delete', name);
  return cluster;
}

/** Throws with everything that was printed when the command failed. */
export async function succeeded(running: Promise<Ran>): Promise<Ran> {
  const ran = await running;
  if (ran.code !== 0) throw new Error(`exit ${ran.code}\n${ran.stdout}${ran.stderr}`);
  return ran;
}
