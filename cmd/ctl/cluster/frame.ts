// What the subcommands of `tkctl cluster` share: the cluster's name among the arguments, progress, and where the bundles lie.
import { realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { claim } from '../../../pkg/cluster/claim.ts';
import { clusterDirectory, readRecord } from '../../../pkg/cluster/cluster-record.ts';
import { readNodesRecord, serverOf } from '../../../pkg/cluster/nodes/nodes-record.ts';
import type { World } from '../../../pkg/ctl/cli/command.ts';
import { PlainFailure, UsageFailure } from '../../../pkg/ctl/cli/failure.ts';

const DEFAULT_NAME = 'typekube';

/** The bundles lie beside the one that runs; this module may be in a chunk of its own below them. */
export function programDirectory(): string {
  return dirname(realpathSync(process.argv[1] ?? '.'));
}

export function nameFrom(args: readonly string[]): string {
  if (args.length > 1) throw new UsageFailure(`one name at most, got ${args.length}: ${args.join(' ')}`);
  return args[0] ?? DEFAULT_NAME;
}

/** One command at a time changes a cluster: whoever comes second is told who works on it. */
export async function exclusively<T>(name: string, world: World, work: () => Promise<T>): Promise<T> {
  const mine = await claim(`cluster ${clusterDirectory(name, world.env)}`, `process ${process.pid}`);
  if ('by' in mine) {
    throw new PlainFailure(`error: another tkctl (${mine.by}) works on cluster "${name}"; wait until it has ended`);
  }
  await using _held = mine.held;
  return await work();
}

/** Steps go to stderr, so that stdout holds the result alone. */
export function progress(world: World): (step: string) => void {
  return (step) => world.err.write(` * ${step}\n`);
}

export function unknownCluster(name: string): PlainFailure {
  return new PlainFailure(`error: no cluster "${name}"; "tkctl cluster list" shows what there is`);
}

/** Undefined: there is no such cluster of either sort. */
export function serverOfCluster(name: string, env: NodeJS.ProcessEnv): string | undefined {
  const nodes = readNodesRecord(name, env);
  if (nodes !== undefined) return serverOf(nodes);
  const local = readRecord(clusterDirectory(name, env));
  return local === undefined ? undefined : `https://127.0.0.1:${local.apiPort}`;
}
