// The process that holds a cluster of this machine: either every component in this one process, or a supervisor of one process
// per component. Started by `tkctl cluster create`, which wrote the record that says how.
import { Option } from 'commander';
import { realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { realClock } from '../../pkg/clock/clock.ts';
import { ensureClusterCertificates } from '../../pkg/cluster/cluster-certificates.ts';
import { claim } from '../../pkg/cluster/claim.ts';
import { holderText, MACHINE, readRecord } from '../../pkg/cluster/cluster-record.ts';
import { runProgram, UsageError } from '../program.ts';
import type { ClusterParts } from './parts.ts';

await runProgram({
  name: 'typekube-cluster',
  summary: 'Hold a cluster of this machine; started by "tkctl cluster create"',
  flags: [new Option('--directory <path>', 'the directory of the cluster').makeOptionMandatory()],
  async run(flags, { log, signal }) {
    const directory = String(flags['directory']);
    const record = readRecord(directory);
    if (record === undefined)
      throw new UsageError(`${directory} holds no cluster; make one with "tkctl cluster create"`);
    const machine = await claim(MACHINE, holderText(directory));
    if ('by' in machine) throw new UsageError(`${machine.by} runs on this machine already`);
    await using _held = machine.held;
    const certificates = await ensureClusterCertificates(directory, record, realClock.now());
    const programs = dirname(realpathSync(process.argv[1] ?? '.'));
    const parts: ClusterParts = { record, directory, certificates, programs, clock: realClock, log };
    log.info('starting', { cluster: record.name, layout: record.layout, store: record.store });
    if (record.layout === 'one-process') {
      const { runOneProcess } = await import('./one-process.ts');
      await runOneProcess(parts, signal);
    } else {
      const { runSeparateProcesses } = await import('./separate-processes.ts');
      await runSeparateProcesses(parts, signal);
    }
  },
});
