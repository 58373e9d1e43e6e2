// The etcd that a cluster made with `--store etcd` brings along: one member on the loopback, data in the cluster's directory.
import { join } from 'node:path';
import type { ChildProgram } from './supervisor.ts';

/** Ports next to each other, derived from the API server's so that clusters do not meet. */
export function ownEtcd(clusterDirectory: string, apiPort: number): { program: ChildProgram; endpoint: string } {
  const client = apiPort < 60_000 ? apiPort + 4001 : apiPort - 4001;
  const endpoint = `http://127.0.0.1:${client}`;
  const peer = `http://127.0.0.1:${client + 1}`;
  return {
    endpoint,
    program: {
      name: 'etcd',
      command: 'etcd',
      args: [
        '--name=default',
        `--data-dir=${join(clusterDirectory, 'etcd')}`,
        `--listen-client-urls=${endpoint}`,
        `--advertise-client-urls=${endpoint}`,
        `--listen-peer-urls=${peer}`,
        `--initial-advertise-peer-urls=${peer}`,
        `--initial-cluster=default=${peer}`,
        '--log-level=warn',
      ],
    },
  };
}
