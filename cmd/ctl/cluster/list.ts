// `tkctl cluster list`: clusters of both sorts, and containers of clusters whose record is gone.
import { isRunning, listClusters } from '../../../pkg/cluster/cluster-record.ts';
import { listNodesClusters } from '../../../pkg/cluster/nodes/list-nodes-clusters.ts';
import { damagedClusters } from '../../../pkg/cluster/nodes/nodes-record.ts';
import { command } from '../../../pkg/ctl/cli/command.ts';
import { aligned } from '../aligned.ts';

export const list = command({
  summary: 'List the clusters of this machine',
  usage: '',
  flags: {},
  async run(_call, world) {
    const local = listClusters(world.env).map((cluster) => [
      cluster.name,
      isRunning(cluster) ? 'Running' : 'Stopped',
      'local',
      cluster.store,
      `https://127.0.0.1:${cluster.apiPort}`,
    ]);
    const nodes = (await listNodesClusters(world.env)).map(({ name, status, nodes, store, server }) => [
      name,
      status,
      String(nodes),
      store,
      server,
    ]);
    const damaged = damagedClusters(world.env).map((name) => [name, 'Damaged', '', '', '']);
    const rows = [
      ...local,
      ...nodes.filter(([name]) => !damaged.some(([other]) => other === name)),
      ...damaged,
    ].toSorted(([a = ''], [b = '']) => (a < b ? -1 : 1));
    if (rows.length === 0) world.err.write('No clusters; make one with "tkctl cluster create"\n');
    else world.out.write(aligned([['NAME', 'STATUS', 'NODES', 'STORE', 'SERVER'], ...rows]));
    return 0;
  },
});
