// `tkctl cluster start`: what `stop` has stopped.
import { join } from 'node:path';
import { clusterDirectory, readRecord } from '../../../pkg/cluster/cluster-record.ts';
import { createCluster } from '../../../pkg/cluster/create-cluster.ts';
import { engineAt } from '../../../pkg/cluster/engine.ts';
import { answering } from '../../../pkg/cluster/nodes/create-nodes-cluster.ts';
import { readNodesRecord } from '../../../pkg/cluster/nodes/nodes-record.ts';
import { startNodesCluster } from '../../../pkg/cluster/nodes/stop-nodes-cluster.ts';
import { command, type World } from '../../../pkg/ctl/cli/command.ts';
import { exclusively, nameFrom, programDirectory, progress, unknownCluster } from './frame.ts';

export const start = command({
  summary: 'Start a cluster again that has been stopped',
  usage: '[NAME]',
  examples: ['cluster start ci'],
  flags: {},
  async run({ args }, world) {
    const name = nameFrom(args);
    const { clock } = world;
    const began = clock.now();
    await exclusively(name, world, () => startCluster(name, world));
    world.out.write(`Cluster "${name}" is ready after ${((clock.now() - began) / 1000).toFixed(1)}s\n`);
    return 0;
  },
});

async function startCluster(name: string, world: World): Promise<void> {
  const { env, clock, signal } = world;
  const say = progress(world);
  const nodes = readNodesRecord(name, env);
  const local = readRecord(clusterDirectory(name, env));
  if (nodes !== undefined) {
    const engine = engineAt(nodes.engine);
    await answering(engine);
    await startNodesCluster({ engine, record: nodes, env, clock, say }, signal);
  } else if (local !== undefined) {
    const program = join(programDirectory(), 'cluster.js');
    const { store, etcdServers, layout } = local;
    await createCluster({ name, store, etcdServers, layout, program, env, clock, say }, signal);
  } else {
    throw unknownCluster(name);
  }
}
