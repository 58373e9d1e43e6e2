// `tkctl cluster kubeconfig`
import { adminAccessOf } from '../../../pkg/cluster/access.ts';
import { clusterDirectory } from '../../../pkg/cluster/cluster-record.ts';
import { kubeconfigFor, renderKubeconfig } from '../../../pkg/cluster/kubeconfig-entry.ts';
import { command } from '../../../pkg/ctl/cli/command.ts';
import { nameFrom, serverOfCluster, unknownCluster } from './frame.ts';

export const kubeconfig = command({
  summary: 'Print a kubeconfig with administrator access to a cluster',
  usage: '[NAME]',
  flags: {},
  async run({ args }, world) {
    const name = nameFrom(args);
    const server = serverOfCluster(name, world.env);
    if (server === undefined) throw unknownCluster(name);
    const access = await adminAccessOf(clusterDirectory(name, world.env), server, world.clock.now());
    world.out.write(renderKubeconfig(kubeconfigFor(name, access)));
    return 0;
  },
});
