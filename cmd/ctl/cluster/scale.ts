// `tkctl cluster scale`: more workers or fewer, of a cluster in containers.
import { adminAccessOf } from '../../../pkg/cluster/access.ts';
import { clusterDirectory, readRecord } from '../../../pkg/cluster/cluster-record.ts';
import { engineAt } from '../../../pkg/cluster/engine.ts';
import { ensureNodeImage } from '../../../pkg/cluster/node-image/node-image.ts';
import { answering } from '../../../pkg/cluster/nodes/create-nodes-cluster.ts';
import { readNodesRecord, serverOf, type NodesRecord } from '../../../pkg/cluster/nodes/nodes-record.ts';
import { scaleWorkers } from '../../../pkg/cluster/nodes/scale-workers.ts';
import { command, type World } from '../../../pkg/ctl/cli/command.ts';
import { PlainFailure } from '../../../pkg/ctl/cli/failure.ts';
import { boolFlag, durationFlag, intFlag, type FlagValues } from '../../../pkg/ctl/cli/flags.ts';
import { adminVerbs } from './admin-verbs.ts';
import { exclusively, nameFrom, programDirectory, progress, unknownCluster } from './frame.ts';

const flags = {
  workers: intFlag('How many worker nodes the cluster is to have.'),
  force: boolFlag('Also remove pods that no controller puts elsewhere.'),
  timeout: durationFlag('How long pods may take to leave a node.', { default: 300_000, shown: '5m0s' }),
};

type Flags = FlagValues<typeof flags>;

export const scale = command({
  summary: 'Give a cluster in containers more worker nodes, or fewer',
  usage: '[NAME] --workers N',
  notes:
    'New workers join as the first ones did. Those that go, the last first, are drained, which respects disruption budgets; then ' +
    'container, volumes and Node are removed, and with them what pods kept on that node. When pods cannot leave, the node stays, ' +
    'cordoned. After an interruption the same command goes on.',
  examples: ['cluster scale ci --workers 5', 'cluster scale ci --workers 1 --force'],
  flags,
  required: ['workers'],
  async run({ flags: given, args }, world) {
    const name = nameFrom(args);
    await exclusively(name, world, () => scaleCluster(name, given, world));
    world.out.write(`Cluster "${name}" has ${given.workers} ${given.workers === 1 ? 'worker' : 'workers'}\n`);
    return 0;
  },
});

async function scaleCluster(name: string, given: Flags, world: World): Promise<void> {
  const record = readNodesRecord(name, world.env);
  if (record === undefined) {
    if (readRecord(clusterDirectory(name, world.env)) === undefined) throw unknownCluster(name);
    throw new PlainFailure(
      `error: cluster "${name}" is this machine alone; other machines join it by "tkctl token create"`,
    );
  }
  const engine = engineAt(record.engine);
  await answering(engine);
  const { env, clock, signal } = world;
  const say = progress(world);
  const image = () =>
    ensureNodeImage({ engine, programs: programDirectory(), node: process.execPath, clock, say }, signal);
  const drain = (node: string) => drainNode(record, node, given, world);
  await scaleWorkers({ engine, record, image, env, clock, say, workers: given.workers, drain }, signal);
}

/** The verb that a user would type, its words on stderr. */
async function drainNode(record: NodesRecord, node: string, given: Flags, world: World) {
  const { name } = record;
  const access = await adminAccessOf(clusterDirectory(name, world.env), serverOf(record), world.clock.now());
  using verbs = adminVerbs(name, access, world);
  const args = ['drain', node, '--ignore-daemonsets', '--delete-emptydir-data', `--timeout=${given.timeout}ms`];
  if (given.force) args.push('--force');
  const code = await verbs.run(args, { out: world.err, err: world.err });
  if (code === 0) return;
  world.signal.throwIfAborted();
  const ways = `"tkctl uncordon ${node}" takes it back into service`;
  throw new PlainFailure(
    `error: ${node} stays, because pods cannot leave it; ${given.force ? '' : '--force removes those that nobody puts elsewhere; '}${ways}`,
  );
}
