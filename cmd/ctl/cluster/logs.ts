// `tkctl cluster logs`: an archive for a bug report.
import { resolve } from 'node:path';
import { adminAccessOf } from '../../../pkg/cluster/access.ts';
import { probeApi } from '../../../pkg/cluster/api-probe.ts';
import { clusterDirectory, readRecord } from '../../../pkg/cluster/cluster-record.ts';
import { engineAt } from '../../../pkg/cluster/engine.ts';
import type { AdminAccess } from '../../../pkg/cluster/kubeconfig-entry.ts';
import { readNodesRecord } from '../../../pkg/cluster/nodes/nodes-record.ts';
import { localEntries } from '../../../pkg/cluster/report/local-entries.ts';
import { nodesEntries } from '../../../pkg/cluster/report/nodes-entries.ts';
import { objectEntries } from '../../../pkg/cluster/report/object-entries.ts';
import { writeReport, type ReportEntry } from '../../../pkg/cluster/report/report-archive.ts';
import { command, type World } from '../../../pkg/ctl/cli/command.ts';
import { stringFlag } from '../../../pkg/ctl/cli/flags.ts';
import { adminVerbs } from './admin-verbs.ts';
import { nameFrom, progress, serverOfCluster, unknownCluster } from './frame.ts';

export const logs = command({
  summary: 'Collect everything a bug report needs into one archive',
  usage: '[NAME]',
  notes:
    'Logs of components and pods, objects, kernel rules, routes and versions. No Secrets, keys and tokens; but what pods print ' +
    'and carry in their environment is there, so read it before you give it away.',
  examples: ['cluster logs ci', 'cluster logs ci --output report.tar.gz'],
  flags: { output: stringFlag('The archive to write; NAME-logs.tar.gz by default.', { short: 'o' }) },
  async run({ flags, args }, world) {
    const name = nameFrom(args);
    const server = serverOfCluster(name, world.env);
    if (server === undefined) throw unknownCluster(name);
    const file = resolve(world.cwd, flags.output || `${name}-logs.tar.gz`);
    const access = await adminAccessOf(clusterDirectory(name, world.env), server, world.clock.now());
    await writeReport(file, name, entries(name, access, world), world.signal);
    world.out.write(`${file}\n`);
    return 0;
  },
});

async function* entries(name: string, access: AdminAccess, world: World): AsyncGenerator<ReportEntry> {
  const say = progress(world);
  say('asking the API server');
  using probe = probeApi(access);
  yield* objectEntries(probe);
  yield* described(name, access, world);
  const directory = clusterDirectory(name, world.env);
  const nodes = readNodesRecord(name, world.env);
  const local = readRecord(directory);
  if (nodes !== undefined) yield* nodesEntries(engineAt(nodes.engine), nodes, say, world.signal);
  else if (local !== undefined) yield* localEntries(directory, local);
}

/** As a person would ask: tkctl describes. */
async function* described(name: string, access: AdminAccess, world: World): AsyncGenerator<ReportEntry> {
  using verbs = adminVerbs(name, access, world);
  const ask = async (...args: string[]) => {
    let text = '';
    const stream = { write: (part: string) => void (text += part), isTerminal: false, columns: () => undefined };
    await verbs.run([...args, '--request-timeout=10s'], { out: stream, err: stream });
    return text;
  };
  yield { path: 'overview.txt', ask: () => ask('get', 'nodes,pods,services,deployments', '-A', '-o', 'wide') };
  yield { path: 'events.txt', ask: () => ask('events', '-A') };
  for (const kind of ['nodes', 'pods', 'deployments', 'services']) {
    yield { path: `describe/${kind}.txt`, ask: () => ask('describe', kind, '-A') };
  }
}
