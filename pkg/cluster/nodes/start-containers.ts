// Starts the containers of a cluster, whatever there is of them: those that are missing are made, those that have run go first, and
// an etcd member whose data is gone takes the place of the old one. Says what it found.
import type Docker from 'dockerode';
import type { Clock } from '../../clock/clock.ts';
import { pkiDirectory } from '../access.ts';
import { ClusterError, clusterDirectory } from '../cluster-record.ts';
import { putFiles, type ContainerFile } from '../engine.ts';
import { controlPlaneFiles } from './control-plane-files.ts';
import { etcdMakesPlace } from './etcd-files.ts';
import type { InitialState } from './etcd-members.ts';
import { hasJoined } from './join-nodes.ts';
import { loadBalancerFiles } from './load-balancer-files.ts';
import { ensureContainer, startContainer, type ContainerSource, type FoundContainer } from './node-containers.ts';
import { isEntry, publishedPorts, takenPort, takenWords } from './published-ports.ts';
import { writeNodesRecord, type ContainerPlan, type NodesRecord } from './nodes-record.ts';

export interface StartOptions {
  readonly engine: Docker;
  readonly record: NodesRecord;
  /** Asked for once, when a container is missing. */
  readonly image: () => Promise<string>;
  /** Another port of this machine for the API server when its own has been taken; without it that is an error. */
  readonly otherApiPort?: () => Promise<number>;
  readonly env: NodeJS.ProcessEnv;
  readonly clock: Clock;
  readonly say: (step: string) => void;
}

/** The record as it is then: the API server's port may be another. */
export async function startContainers(options: StartOptions, signal: AbortSignal): Promise<NodesRecord> {
  const { engine, record, clock, say } = options;
  let imageName: Promise<string> | undefined;
  const source = { engine, record, clock, image: () => (imageName ??= options.image()) };
  const found = await Promise.all(record.containers.map((plan) => ensureContainer(source, plan, signal)));
  for (const step of startSteps(found, record)) say(step);
  const fresh = found.filter(({ state }) => state === 'new');
  const old = found.filter(({ state }) => state !== 'new');
  await startAll(options, source, old, 'new', signal);
  const lost = fresh.find(({ plan }) => plan.role === 'control-plane');
  const others = old.filter(({ plan }) => plan.role === 'control-plane').map(({ plan }) => plan);
  const initialState = lost === undefined ? 'new' : await stateOf(options, lost.plan, others, signal);
  return startAll(options, source, fresh, initialState, signal);
}

/** How the etcd member of a control plane without data begins, when the others have been started. */
async function stateOf(
  { engine, record, env, clock }: StartOptions,
  plan: ContainerPlan,
  others: readonly ContainerPlan[],
  signal: AbortSignal,
): Promise<InitialState> {
  if (record.store !== 'etcd') return 'new';
  // Nodes join when etcd has served. Before that its members wait for each other, and nothing can be lost.
  const joined = await Promise.all(others.map(({ name }) => hasJoined(engine, name, signal)));
  if (!joined.includes(true)) return 'new';
  const pki = pkiDirectory(clusterDirectory(record.name, env));
  return etcdMakesPlace({ pki, plan, members: others, clock }, signal);
}

/** What is about to be done, in words. Pure. */
export function startSteps(found: readonly Pick<FoundContainer, 'plan' | 'state'>[], record: NodesRecord): string[] {
  const named = (state: FoundContainer['state']) =>
    found.filter((one) => one.state === state).map(({ plan }) => plan.name);
  const [fresh, ended, running] = [named('new'), named('ended'), named('running')];
  const together = `starting ${counted(found.length)} on ${record.subnet}`;
  if (fresh.length === found.length || ended.length === found.length) return [together];
  if (running.length === found.length)
    return [found.length === 1 ? 'its container runs' : `all ${found.length} containers run`];
  const empty =
    record.store === 'embedded' && found.some((one) => one.state === 'new' && one.plan.role === 'control-plane');
  return [
    ...(fresh.length > 0 ? [`making what is missing: ${fresh.join(', ')}`] : []),
    ...(empty ? ['the objects of the cluster are lost with it'] : []),
    ...(ended.length > 0 ? [`starting ${ended.join(', ')}, which had ended`] : []),
  ];
}

function counted(containers: number): string {
  return containers === 1 ? '1 container' : `${containers} containers`;
}

async function startAll(
  options: StartOptions,
  source: ContainerSource,
  containers: readonly FoundContainer[],
  initialState: InitialState,
  signal: AbortSignal,
): Promise<NodesRecord> {
  const { record } = options;
  // One after another: they share authorities, which the first one makes.
  const files: (readonly ContainerFile[])[] = [];
  for (const { plan } of containers) files.push(await filesOf(options, plan, initialState));
  const records = await Promise.all(
    containers.map((one, index) => startOne(options, source, one, files[index] ?? [], signal)),
  );
  return records.find((after) => after !== record) ?? record;
}

function filesOf(
  { record, env, clock }: StartOptions,
  plan: ContainerPlan,
  initialState: InitialState,
): Promise<readonly ContainerFile[]> {
  const directory = clusterDirectory(record.name, env);
  switch (plan.role) {
    case 'control-plane':
      return controlPlaneFiles(directory, record, plan, { now: clock.now(), initialState });
    case 'load-balancer':
      return loadBalancerFiles(directory, record, clock.now());
    case 'worker':
      return Promise.resolve([]);
  }
}

async function startOne(
  { record, otherApiPort, env, say }: StartOptions,
  source: ContainerSource,
  found: FoundContainer,
  files: readonly ContainerFile[],
  signal: AbortSignal,
): Promise<NodesRecord> {
  const { plan, state } = found;
  let { container } = found;
  let current = record;
  for (;;) {
    if (files.length > 0) await putFiles(container, files);
    try {
      await startContainer(container);
      return current;
    } catch (cause) {
      const taken = await takenPort(publishedPorts(current, plan));
      if (taken === undefined) throw cause;
      const isApi = isEntry(current, plan) && taken.hostPort === current.apiServerPort;
      if (!isApi || state !== 'new' || otherApiPort === undefined) throw new ClusterError(takenWords(taken), { cause });
      // Since it was chosen: by another cluster that was made at the same moment, say.
      current = { ...current, apiServerPort: await otherApiPort() };
      say(`port ${taken.hostPort} has been taken meanwhile; using ${current.apiServerPort}`);
      writeNodesRecord(current, env);
      await container.remove({ v: true });
      ({ container } = await ensureContainer({ ...source, record: current }, plan, signal));
    }
  }
}
