// `tkctl cluster delete`: of either sort, and of what an interrupted create has left.
import { deleteCluster } from '../../../pkg/cluster/delete-cluster.ts';
import { engineAt, engineEndpoint } from '../../../pkg/cluster/engine.ts';
import { ifIntact, isLocalCluster } from '../../../pkg/cluster/cluster-record.ts';
import { deleteNodesCluster } from '../../../pkg/cluster/nodes/delete-nodes-cluster.ts';
import { readNodesRecord } from '../../../pkg/cluster/nodes/nodes-record.ts';
import { command, type World } from '../../../pkg/ctl/cli/command.ts';
import { removeNodeNetwork } from '../../../pkg/network/node-network.ts';
import { exclusively, nameFrom, progress } from './frame.ts';

export const remove = command({
  summary: 'Delete a cluster and every trace of it',
  usage: '[NAME]',
  examples: ['cluster delete', 'cluster delete ci'],
  flags: {},
  async run({ args }, world) {
    const name = nameFrom(args);
    const local = isLocalCluster(name, world.env);
    const existed = await exclusively(name, world, () =>
      local ? deleteLocal(name, world) : deleteContainers(name, world),
    );
    world.out.write(existed ? `Deleted cluster "${name}"\n` : `No cluster "${name}"; nothing to delete\n`);
    return 0;
  },
});

function deleteLocal(name: string, world: World): Promise<boolean> {
  return deleteCluster(
    {
      name,
      env: world.env,
      clock: world.clock,
      say: progress(world),
      removeHostRules: removeNodeNetwork,
    },
    world.signal,
  );
}

async function deleteContainers(name: string, world: World): Promise<boolean> {
  const record = ifIntact(() => readNodesRecord(name, world.env));
  const engine = engineAt(record?.engine ?? engineEndpoint(world.env));
  return deleteNodesCluster({ name, engine, env: world.env, say: progress(world) });
}
