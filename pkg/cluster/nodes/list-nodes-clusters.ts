// Which clusters of containers there are, by their records and by the labels of what is in the engine.
import { engineAt, engineEndpoint } from '../engine.ts';
import { CLUSTER_LABEL, ROLE_LABEL } from './node-containers.ts';
import { listNodesRecords, serverOf } from './nodes-record.ts';

export interface ListedCluster {
  readonly name: string;
  readonly status: 'Running' | 'Stopped' | 'Incomplete' | 'Unknown';
  readonly nodes: number;
  readonly store: string;
  readonly server: string;
}

/** A container as the engine lists it, as far as it matters. */
interface Listed {
  readonly cluster: string;
  readonly isNode: boolean;
  readonly running: boolean;
}

export async function listNodesClusters(env: NodeJS.ProcessEnv): Promise<ListedCluster[]> {
  const records = listNodesRecords(env);
  const containers = new Map<string, readonly Listed[] | undefined>();
  for (const endpoint of new Set([engineEndpoint(env), ...records.map(({ engine }) => engine)])) {
    containers.set(endpoint, await listedAt(endpoint));
  }
  const known = records.map((record): ListedCluster => {
    const all = containers.get(record.engine);
    const own = all?.filter(({ cluster }) => cluster === record.name);
    const nodes = record.containers.filter(({ role }) => role !== 'load-balancer').length;
    const status = own === undefined ? 'Unknown' : statusOf(own, record.containers.length);
    return { name: record.name, status, nodes, store: record.store, server: serverOf(record) };
  });
  const here = containers.get(engineEndpoint(env)) ?? [];
  const strangers = new Set(here.map(({ cluster }) => cluster)).difference(new Set(records.map(({ name }) => name)));
  const unknown = [...strangers].map((name): ListedCluster => {
    const nodes = here.filter(({ cluster, isNode }) => cluster === name && isNode).length;
    return { name, status: 'Unknown', nodes, store: '', server: '(not of this user)' };
  });
  return [...known, ...unknown];
}

function statusOf(own: readonly Listed[], wanted: number): ListedCluster['status'] {
  if (own.length < wanted) return 'Incomplete';
  return own.some(({ running }) => running) ? 'Running' : 'Stopped';
}

/** Undefined when the engine does not answer. */
async function listedAt(endpoint: string): Promise<Listed[] | undefined> {
  try {
    const containers = await engineAt(endpoint).listContainers({ all: true, filters: { label: [CLUSTER_LABEL] } });
    return containers.map(({ Labels, State }) => ({
      cluster: Labels[CLUSTER_LABEL] ?? '',
      isNode: Labels[ROLE_LABEL] !== 'load-balancer',
      running: State === 'running',
    }));
  } catch {
    return undefined; // clusters without containers are listed all the same
  }
}
