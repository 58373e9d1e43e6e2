// What both layouts of a cluster are built from.
import type { Clock } from '../../pkg/clock/clock.ts';
import type { ClusterCertificates } from '../../pkg/cluster/cluster-certificates.ts';
import type { ClusterRecord } from '../../pkg/cluster/cluster-record.ts';
import { ownEtcd } from '../../pkg/cluster/own-etcd.ts';
import type { ChildProgram } from '../../pkg/cluster/supervisor.ts';
import type { Logger } from '../../pkg/logging/logger.ts';

export interface ClusterParts {
  readonly record: ClusterRecord;
  readonly directory: string;
  readonly certificates: ClusterCertificates;
  /** Where the bundles of the programs lie. */
  readonly programs: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Which etcd the cluster uses: none, somebody's, or one of its own that must be started. */
export function etcdOf({ record, directory }: ClusterParts): { servers: string; own: ChildProgram | undefined } {
  if (record.store === 'embedded') return { servers: '', own: undefined };
  if (record.etcdServers !== '') return { servers: record.etcdServers, own: undefined };
  const { endpoint, program } = ownEtcd(directory, record.apiPort);
  return { servers: endpoint, own: program };
}
