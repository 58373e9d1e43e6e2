// A cluster whose components are processes of their own, as their command lines in pkg/cluster/component-programs.ts say.
import { join } from 'node:path';
import { componentPrograms } from '../../pkg/cluster/component-programs.ts';
import { supervise } from '../../pkg/cluster/supervisor.ts';
import { etcdOf, type ClusterParts } from './parts.ts';

export async function runSeparateProcesses(parts: ClusterParts, signal: AbortSignal): Promise<void> {
  const { record, directory, certificates, programs, clock, log } = parts;
  const etcd = etcdOf(parts);
  const components = await componentPrograms({
    record,
    clusterDirectory: directory,
    certificates,
    programs,
    node: process.execPath,
    etcdServers: etcd.servers,
    now: clock.now(),
  });
  const all = etcd.own === undefined ? components : [etcd.own, ...components];
  await supervise({ programs: all, pidDirectory: join(directory, 'pids'), clock, log }, signal);
}
