// `tkctl cluster create`: one process for everything on this machine, or nodes in containers as soon as they are asked for.
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ClusterError } from '../../../pkg/cluster/cluster-record.ts';
import { createCluster } from '../../../pkg/cluster/create-cluster.ts';
import { contextName } from '../../../pkg/cluster/kubeconfig-entry.ts';
import {
  DEFAULT_CONFIG,
  parseClusterConfig,
  parsePortMapping,
  type ClusterConfig,
} from '../../../pkg/cluster/nodes/cluster-config.ts';
import { createNodesCluster } from '../../../pkg/cluster/nodes/create-nodes-cluster.ts';
import { readNodesRecord, serverOf } from '../../../pkg/cluster/nodes/nodes-record.ts';
import { command, type World } from '../../../pkg/ctl/cli/command.ts';
import { messageOf, UsageFailure } from '../../../pkg/ctl/cli/failure.ts';
import { arrayFlag, boolFlag, intFlag, stringFlag, type FlagValues } from '../../../pkg/ctl/cli/flags.ts';
import { exclusively, nameFrom, programDirectory, progress } from './frame.ts';

const NOT_GIVEN = -1;

const flags = {
  workers: intFlag(
    'How many worker nodes; each is a container with an engine of its own, as the control plane is then.',
    {
      default: NOT_GIVEN,
      shown: 'none, no containers',
    },
  ),
  'control-planes': intFlag('How many control-plane nodes: 1, or 3 with etcd behind one address.', {
    default: NOT_GIVEN,
    shown: '1',
  }),
  config: stringFlag('File that describes the nodes and networks of a cluster in containers.'),
  port: arrayFlag(
    '[ADDRESS:]HOSTPORT:NODEPORT[/udp] to publish on this machine, of a cluster in containers. Repeatable.',
  ),
  store: stringFlag("Where objects are kept: embedded, or etcd (an etcd of the cluster's own, or --etcd-servers).", {
    shown: "'embedded'; etcd for three control planes",
  }),
  'etcd-servers': stringFlag('URLs of an etcd that already runs, separated by commas; implies --store=etcd.'),
  'separate-processes': boolFlag('Run every component as a process of its own instead of one process for all.'),
};
type Flags = FlagValues<typeof flags>;

export const create = command({
  summary: 'Create a cluster on this machine, or start one again that has stopped',
  usage: '[NAME]',
  notes:
    'One process holds the control plane and a node on the local Docker Engine; with --workers, --control-planes, --config or ' +
    '--port every node is a container with an engine of its own. The context typekube-NAME is added to the kubeconfig and ' +
    'becomes the current one. Running it again on a running cluster changes nothing; after an interruption it goes on.',
  examples: [
    'cluster create',
    'cluster create dev --store etcd',
    'cluster create ci --workers 3 --port 8080:30080',
    'cluster create ha --control-planes 3 --workers 2',
    'cluster create --config cluster.yaml',
  ],
  flags,
  async run({ flags: given, args }, world) {
    const store = storeOf(given);
    const started = world.clock.now();
    const config = given.config === '' ? undefined : readConfig(resolve(world.cwd, given.config), given.config);
    const asked =
      config !== undefined ||
      given.workers !== NOT_GIVEN ||
      given['control-planes'] !== NOT_GIVEN ||
      given.port.length > 0;
    const name = args.length === 0 ? (config?.name ?? nameFrom(args)) : nameFrom(args);
    const server = await exclusively(name, world, () =>
      asked || readNodesRecord(name, world.env) !== undefined
        ? createOfContainers(
            name,
            config ?? DEFAULT_CONFIG,
            given,
            { store, asItIs: !asked && store === undefined },
            world,
          )
        : createLocal(name, given, store ?? 'embedded', world),
    );
    const seconds = ((world.clock.now() - started) / 1000).toFixed(1);
    world.out.write(`Cluster "${name}" is ready after ${seconds}s: ${server}, context ${contextName(name)}\n`);
    return 0;
  },
});

async function createLocal(name: string, given: Flags, store: 'embedded' | 'etcd', world: World): Promise<string> {
  const record = await createCluster(
    {
      name,
      store,
      etcdServers: given['etcd-servers'],
      layout: given['separate-processes'] ? 'process-per-component' : 'one-process',
      program: join(programDirectory(), 'cluster.js'),
      env: world.env,
      clock: world.clock,
      say: progress(world),
    },
    world.signal,
  );
  return `https://127.0.0.1:${record.apiPort}`;
}

async function createOfContainers(
  name: string,
  config: ClusterConfig,
  given: Flags,
  { store, asItIs }: { readonly store: 'embedded' | 'etcd' | undefined; readonly asItIs: boolean },
  world: World,
): Promise<string> {
  for (const flag of ['etcd-servers', 'separate-processes'] as const) {
    if (given[flag] !== '' && given[flag] !== false) {
      throw new UsageFailure(`--${flag} is for clusters without containers; leave it out, or --workers and the like`);
    }
  }
  const count = (value: number) => (value === NOT_GIVEN ? undefined : value);
  const record = await createNodesCluster(
    {
      name,
      config,
      asked: {
        workers: count(given.workers),
        controlPlanes: count(given['control-planes']),
        store,
        portMappings: given.port.map(parsePortMapping),
      },
      asItIs,
      programs: programDirectory(),
      node: process.execPath,
      env: world.env,
      clock: world.clock,
      say: progress(world),
    },
    world.signal,
  );
  return serverOf(record);
}

function storeOf(given: Flags): 'embedded' | 'etcd' | undefined {
  if (given['etcd-servers'] !== '') return 'etcd';
  if (given.store === '') return undefined;
  if (given.store === 'embedded' || given.store === 'etcd') return given.store;
  throw new UsageFailure(`--store must be embedded or etcd, not "${given.store}"`);
}

function readConfig(path: string, shown: string): ClusterConfig {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new ClusterError(`--config: cannot read ${shown}`, { cause });
  }
  try {
    return parseClusterConfig(text);
  } catch (cause) {
    throw new ClusterError(`--config ${shown}: ${messageOf(cause)}`, { cause });
  }
}
