// The state of the cluster's objects as metrics: made from the watch cache while somebody scrapes, in pieces, so that a large
// cluster's answer neither fills the memory nor holds up other requests.
import { setImmediate } from 'node:timers/promises';
import type { KubeObject } from '../../api/schema/resource-type.ts';
import { formatLabels } from '../../metrics/exposition.ts';
import type { WatchCache } from '../watchcache/watch-cache.ts';
import type { StateFamily } from './family.ts';
import { namespaceFamilies, nodeFamilies } from './node-families.ts';
import { podFamilies } from './pod-families.ts';
import {
  budgetFamilies,
  daemonSetFamilies,
  deploymentFamilies,
  jobFamilies,
  replicaSetFamilies,
  statefulSetFamilies,
} from './workload-families.ts';

/** Objects that are told of before other work gets its turn. */
const PIECE = 500;

interface Told {
  readonly prefix: string;
  readonly families: readonly StateFamily<KubeObject>[];
}

/** What is stored under a resource's prefix is of its kind. */
function told<T extends KubeObject>(prefix: string, families: readonly StateFamily<T>[]): Told {
  return { prefix: `/registry/${prefix}/`, families };
}

const TOLD: readonly Told[] = [
  told('core/nodes', nodeFamilies),
  told('core/namespaces', namespaceFamilies),
  told('core/pods', podFamilies),
  told('apps/deployments', deploymentFamilies),
  told('apps/replicasets', replicaSetFamilies),
  told('apps/statefulsets', statefulSetFamilies),
  told('apps/daemonsets', daemonSetFamilies),
  told('batch/jobs', jobFamilies),
  told('policy/poddisruptionbudgets', budgetFamilies),
];

export async function* objectState(cache: Pick<WatchCache, 'resource'>): AsyncGenerator<Uint8Array> {
  for (const { prefix, families } of TOLD) {
    const objects = cache.resource(prefix).list(undefined);
    for (const family of families) {
      yield Buffer.from(`# HELP ${family.name} ${family.help}\n# TYPE ${family.name} ${family.type}\n`);
      for (let from = 0; from < objects.length; from += PIECE) {
        const piece = objects.slice(from, from + PIECE);
        yield Buffer.from(piece.map(({ value }) => lines(family, value)).join(''));
        await setImmediate();
      }
    }
  }
}

function lines(family: StateFamily<KubeObject>, object: KubeObject): string {
  return family
    .samples(object)
    .map(({ labels, value }) => `${family.name}${formatLabels(labels)} ${value}\n`)
    .join('');
}
