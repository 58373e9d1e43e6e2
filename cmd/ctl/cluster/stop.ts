// `tkctl cluster stop`: of either sort, with all state kept.
import { clusterDirectory, otherHolder, readRecord } from '../../../pkg/cluster/cluster-record.ts';
import { stopProcess } from '../../../pkg/cluster/delete-cluster.ts';
import { stopContainersOf } from '../../../pkg/cluster/engine-remains.ts';
import { engineAt } from '../../../pkg/cluster/engine.ts';
import { readNodesRecord } from '../../../pkg/cluster/nodes/nodes-record.ts';
import { stopNodesCluster } from '../../../pkg/cluster/nodes/stop-nodes-cluster.ts';
import { command, type World } from '../../../pkg/ctl/cli/command.ts';
import { exclusively, nameFrom, progress, unknownCluster } from './frame.ts';

export const stop = command({
  summary: 'Stop a cluster, keeping all its state',
  usage: '[NAME]',
  notes: 'Its containers end, those of pods too; "tkctl cluster start" starts them again.',
  examples: ['cluster stop ci'],
  flags: {},
  async run({ args }, world) {
    const name = nameFrom(args);
    await exclusively(name, world, () => stopCluster(name, world));
    world.out.write(`Stopped cluster "${name}"\n`);
    return 0;
  },
});

async function stopCluster(name: string, world: World): Promise<void> {
  const say = progress(world);
  const nodes = readNodesRecord(name, world.env);
  const directory = clusterDirectory(name, world.env);
  const local = readRecord(directory);
  if (nodes !== undefined) {
    await stopNodesCluster(engineAt(nodes.engine), nodes, say);
  } else if (local !== undefined) {
    say('stopping the control plane');
    await stopProcess(local, world.clock, world.signal);
    if ((await otherHolder(directory)) === undefined) {
      say('stopping its containers');
      await stopContainersOf(engineAt(local.engine), local.nodeName);
    }
  } else {
    throw unknownCluster(name);
  }
}
