// What a cluster without containers for nodes knows, for its bug report: its log, and what this machine's kernel and engine say.
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ClusterRecord } from '../cluster-record.ts';
import { engineAt } from '../engine.ts';
import { json, type ReportEntry } from './report-archive.ts';

const QUESTIONS: Readonly<Record<string, readonly [string, ...string[]]>> = {
  'addresses.txt': ['ip', '-d', 'address'],
  'routes.txt': ['ip', 'route', 'show', 'table', 'all'],
  'nft.txt': ['nft', 'list', 'ruleset'],
  'sockets.txt': ['ss', '-tulpn'],
  'memory.txt': ['free', '-m'],
  'disk.txt': ['df', '-h'],
};

export async function* localEntries(directory: string, record: ClusterRecord): AsyncGenerator<ReportEntry> {
  const engine = engineAt(record.engine);
  yield { path: 'cluster.json', ask: async () => json(record) };
  yield { path: 'cluster.log', ask: () => readFile(join(directory, 'cluster.log'), 'utf8') };
  yield { path: 'engine.json', ask: async () => json(await engine.info()) };
  yield { path: 'containers.json', ask: async () => json(await engine.listContainers({ all: true })) };
  yield { path: 'node-version.txt', ask: async () => `${process.version}\n` };
  for (const [path, [command, ...args]] of Object.entries(QUESTIONS)) {
    yield {
      path,
      ask: async (signal) => (await promisify(execFile)(command, args, { signal, maxBuffer: 2 ** 25 })).stdout,
    };
  }
}
