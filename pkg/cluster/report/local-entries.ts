// What a cluster without containers for nodes knows, for its bug report: its log, and what this machine's kernel and engine say.
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ClusterRecord } from '../cluster-record.ts';
import { engineAt } from '../engine.ts';
import { containerLog } from './container-log.ts';
import { POD_LOG_LINES } from './nodes-entries.ts';
import { json, type ReportEntry } from './report-archive.ts';

/** The label of all containers that kubelets make. */
const CONTAINER_TYPE = 'io.kubernetes.docker.type';

const QUESTIONS: Readonly<Record<string, readonly [string, ...string[]]>> = {
  'addresses.txt': ['ip', '-d', 'address'],
  'routes.txt': ['ip', 'route', 'show', 'table', 'all'],
  'nft.txt': ['nft', 'list', 'ruleset'],
  'sockets.txt': ['ss', '-tulpn'],
  'memory.txt': ['free', '-m'],
  'disk.txt': ['df', '-h'],
  'kernel.txt': ['uname', '-a'],
  'nft-version.txt': ['nft', '--version'],
};

export async function* localEntries(directory: string, record: ClusterRecord): AsyncGenerator<ReportEntry> {
  const engine = engineAt(record.engine);
  yield { path: 'cluster.json', ask: async () => json(record) };
  yield { path: 'cluster.log', ask: () => readFile(join(directory, 'cluster.log'), 'utf8') };
  yield { path: 'engine.json', ask: async () => json(await engine.info()) };
  // The engine may hold containers that have nothing to do with the cluster.
  const own = () => engine.listContainers({ all: true, filters: { label: [CONTAINER_TYPE] } });
  yield { path: 'containers.json', ask: async () => json(await own()) };
  yield { path: 'node-version.txt', ask: async () => `${process.version}\n` };
  for (const [path, [command, ...args]] of Object.entries(QUESTIONS)) {
    yield {
      path,
      ask: async (signal) => (await promisify(execFile)(command, args, { signal, maxBuffer: 2 ** 25 })).stdout,
    };
  }
  for (const { Id: id, Names: names, Labels: labels } of await own().catch(() => [])) {
    if (labels[CONTAINER_TYPE] !== 'container') continue;
    const name = (names[0] ?? id).replace(/^\//, '');
    yield { path: `pods/${name}.log`, ask: () => containerLog(engine.getContainer(id), POD_LOG_LINES) };
  }
}
