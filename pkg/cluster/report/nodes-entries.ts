// What the containers of a cluster know, for its bug report: what their programs have logged, what the kernel and the engine of
// every node say. No keys and no tokens.
import type Docker from 'dockerode';
import { execIn } from '../engine.ts';
import type { NodesRecord } from '../nodes/nodes-record.ts';
import { containerLog } from './container-log.ts';
import { json, type ReportEntry } from './report-archive.ts';

const NODE_LOG_LINES = 10_000;
export const POD_LOG_LINES = 1000;
const LOG_BYTES = 4 * 1024 * 1024;

/** What is asked of every container. */
const QUESTIONS: Readonly<Record<string, readonly string[]>> = {
  'processes.txt': ['ps', 'auxf'],
  'addresses.txt': ['ip', '-d', 'address'],
  'routes.txt': ['ip', 'route', 'show', 'table', 'all'],
  'neighbours.txt': ['ip', 'neighbour'],
  'nft.txt': ['nft', 'list', 'ruleset'],
  'conntrack.txt': ['conntrack', '-L'],
  'sockets.txt': ['ss', '-tulpn'],
  'memory.txt': ['free', '-m'],
  'disk.txt': ['df', '-h'],
  'mounts.txt': ['cat', '/proc/mounts'],
  'versions.txt': [
    'sh',
    '-c',
    'uname -a; /typekube/bin/node --version; dockerd --version; nft --version; etcd --version',
  ],
  'engine.txt': ['sh', '-c', 'docker info; docker ps -a --no-trunc; docker images; docker network ls'],
  'node.json': ['cat', '/var/lib/typekube/node/node.json'],
};

export async function* nodesEntries(
  engine: Docker,
  record: NodesRecord,
  say: (step: string) => void,
  signal: AbortSignal,
): AsyncGenerator<ReportEntry> {
  yield { path: 'cluster.json', ask: async () => json(record) };
  yield { path: 'engine.json', ask: async () => json(await engine.info()) };
  for (const { name } of record.containers) {
    say(`asking ${name}`);
    const container = engine.getContainer(name);
    yield { path: `${name}/container.json`, ask: async () => json(await container.inspect()) };
    yield { path: `${name}/container.log`, ask: () => containerLog(container, NODE_LOG_LINES) };
    const ask =
      (...command: string[]): ReportEntry['ask'] =>
      (late) =>
        answerOf(engine, name, command, late);
    for (const [file, command] of Object.entries(QUESTIONS)) yield { path: `${name}/${file}`, ask: ask(...command) };
    for (const log of await namesFrom(engine, name, ['ls', '/var/log/typekube'], /^[\w.-]+\.log(\.1)?$/, signal)) {
      yield { path: `${name}/log/${log}`, ask: ask('tail', '-c', String(LOG_BYTES), `/var/log/typekube/${log}`) };
    }
    const list = ['docker', 'ps', '-a', '--format', '{{.Names}}'];
    for (const pod of await namesFrom(engine, name, list, /^k8s_(?!POD_)[\w.-]+$/, signal)) {
      const logs = `docker logs --timestamps --tail ${POD_LOG_LINES} ${pod} 2>&1`;
      yield { path: `${name}/pods/${pod}.log`, ask: ask('sh', '-c', logs) };
    }
  }
}

async function answerOf(
  engine: Docker,
  name: string,
  command: readonly string[],
  signal: AbortSignal,
): Promise<string> {
  const { code, stdout, stderr } = await execIn(engine, name, command, signal);
  return code === 0 ? stdout : `${stdout}${stderr}(exit code ${code})\n`;
}

/** A container that does not run has none. */
async function namesFrom(
  engine: Docker,
  name: string,
  command: readonly string[],
  shape: RegExp,
  signal: AbortSignal,
): Promise<string[]> {
  try {
    return (await answerOf(engine, name, command, signal)).split('\n').filter((line) => shape.test(line));
  } catch {
    signal.throwIfAborted();
    return [];
  }
}
