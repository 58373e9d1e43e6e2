// `tkctl cluster`: clusters on this machine. The work is pkg/cluster's; here are its flags and what a person sees.
import { realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createCluster } from '../../pkg/cluster/create-cluster.ts';
import { adminAccess } from '../../pkg/cluster/access.ts';
import { clusterDirectory, isRunning, listClusters, readRecord } from '../../pkg/cluster/cluster-record.ts';
import { deleteCluster } from '../../pkg/cluster/delete-cluster.ts';
import { engineAt, engineEndpoint } from '../../pkg/cluster/engine.ts';
import { contextName, kubeconfigFor, renderKubeconfig } from '../../pkg/cluster/kubeconfig-entry.ts';
import { ensureNodeImage } from '../../pkg/cluster/node-image/node-image.ts';
import { command, type CommandEntry, type World } from '../../pkg/ctl/cli/command.ts';
import { PlainFailure, UsageFailure } from '../../pkg/ctl/cli/failure.ts';
import { boolFlag, stringFlag } from '../../pkg/ctl/cli/flags.ts';
import { aligned } from './aligned.ts';
import { removeHostRules } from '../../pkg/network/podnet/pod-network.ts';
import { removeProxyRules } from '../../pkg/network/proxy/proxy.ts';

const DEFAULT_NAME = 'typekube';

const create = command({
  summary: 'Create a cluster on this machine, or start one again that has stopped',
  usage: '[NAME]',
  notes:
    'One process holds the control plane and a node on the local Docker Engine. The context typekube-NAME is added to ' +
    'the kubeconfig and becomes the current one. Running it again on a running cluster changes nothing.',
  examples: ['tkctl cluster create', 'tkctl cluster create dev --store etcd'],
  flags: {
    store: stringFlag("Where objects are kept: embedded, or etcd (an etcd of the cluster's own, or --etcd-servers).", {
      default: 'embedded',
    }),
    'etcd-servers': stringFlag('URLs of an etcd that already runs, separated by commas; implies --store=etcd.'),
    'separate-processes': boolFlag('Run every component as a process of its own instead of one process for all.'),
  },
  async run({ flags, args }, world) {
    const name = nameFrom(args);
    const store = flags['etcd-servers'] === '' ? flags.store : 'etcd';
    if (store !== 'embedded' && store !== 'etcd') {
      throw new UsageFailure(`--store must be embedded or etcd, not "${store}"`);
    }
    const started = world.clock.now();
    const record = await createCluster(
      {
        name,
        store,
        etcdServers: flags['etcd-servers'],
        layout: flags['separate-processes'] ? 'process-per-component' : 'one-process',
        program: join(programDirectory(), 'cluster.js'),
        env: world.env,
        clock: world.clock,
        say: progress(world),
      },
      world.signal,
    );
    const seconds = ((world.clock.now() - started) / 1000).toFixed(1);
    world.out.write(
      `Cluster "${name}" is ready after ${seconds}s: https://127.0.0.1:${record.apiPort}, context ${contextName(name)}\n`,
    );
    return 0;
  },
});

const remove = command({
  summary: 'Delete a cluster and every trace of it',
  usage: '[NAME]',
  examples: ['tkctl cluster delete'],
  flags: {},
  async run({ args }, world) {
    const name = nameFrom(args);
    const existed = await deleteCluster(
      {
        name,
        env: world.env,
        clock: world.clock,
        say: progress(world),
        removeHostRules: async () => {
          await removeProxyRules();
          await removeHostRules();
        },
      },
      world.signal,
    );
    world.out.write(existed ? `Deleted cluster "${name}"\n` : `No cluster "${name}"; nothing to delete\n`);
    return 0;
  },
});

const list = command({
  summary: 'List the clusters of this machine',
  usage: '',
  flags: {},
  async run(_call, world) {
    const clusters = listClusters(world.env);
    if (clusters.length === 0) world.err.write('No clusters; make one with "tkctl cluster create"\n');
    const rows = clusters.map((cluster) => [
      cluster.name,
      isRunning(cluster) ? 'Running' : 'Stopped',
      cluster.store,
      `https://127.0.0.1:${cluster.apiPort}`,
    ]);
    if (rows.length > 0) world.out.write(aligned([['NAME', 'STATUS', 'STORE', 'SERVER'], ...rows]));
    return 0;
  },
});

const kubeconfig = command({
  summary: 'Print a kubeconfig with administrator access to a cluster',
  usage: '[NAME]',
  flags: {},
  async run({ args }, world) {
    const name = nameFrom(args);
    const directory = clusterDirectory(name, world.env);
    const record = readRecord(directory);
    if (record === undefined)
      throw new PlainFailure(`error: no cluster "${name}"; "tkctl cluster list" shows what there is`);
    const access = await adminAccess(directory, record, world.clock.now());
    world.out.write(renderKubeconfig(kubeconfigFor(name, access)));
    return 0;
  },
});

const buildNodeImage = command({
  summary: 'Build the image that nodes in containers are made of',
  usage: '',
  notes:
    'Needs no registry on Debian as root. What has been built before from the same content is taken as it is; "cluster create" ' +
    'builds the image too when it is missing.',
  flags: {},
  async run({ args }, world) {
    if (args.length > 0) throw new UsageFailure(`no arguments are taken, got ${args.join(' ')}`);
    const image = await ensureNodeImage(
      {
        engine: engineAt(engineEndpoint(world.env)),
        programs: programDirectory(),
        node: process.execPath,
        clock: world.clock,
        say: progress(world),
      },
      world.signal,
    );
    world.out.write(`${image}\n`);
    return 0;
  },
});

export const clusterEntry: CommandEntry = {
  name: 'cluster',
  summary: 'Create, delete and list clusters on this machine',
  section: 'Cluster Management Commands:',
  load: async () => ({
    summary: 'Create, delete and list clusters on this machine',
    notes: 'kubectl has no such command.',
    commands: [
      { name: 'create', summary: create.summary, load: async () => create },
      { name: 'delete', summary: remove.summary, load: async () => remove },
      { name: 'list', summary: list.summary, load: async () => list },
      { name: 'kubeconfig', summary: kubeconfig.summary, load: async () => kubeconfig },
      { name: 'build-node-image', summary: buildNodeImage.summary, load: async () => buildNodeImage },
    ],
  }),
};

/** The bundles lie beside the one that runs; this module may be in a chunk of its own below them. */
function programDirectory(): string {
  return dirname(realpathSync(process.argv[1] ?? '.'));
}

function nameFrom(args: readonly string[]): string {
  if (args.length > 1) throw new UsageFailure(`one name at most, got ${args.length}: ${args.join(' ')}`);
  return args[0] ?? DEFAULT_NAME;
}

/** Steps go to stderr, so that stdout holds the result alone. */
function progress(world: World): (step: string) => void {
  return (step) => world.err.write(` * ${step}\n`);
}
