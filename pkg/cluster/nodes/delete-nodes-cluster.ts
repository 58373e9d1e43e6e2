// Removes every trace of a cluster of containers. What there is of it is asked of the engine, so that it works on what an
// interrupted create has left, and without a record.
import { existsSync } from 'node:fs';
import type Docker from 'dockerode';
import { clusterDirectory, removeClusterDirectory } from '../cluster-record.ts';
import { ignoringAbsence } from '../engine.ts';
import { kubeconfigPath, removeFromKubeconfig } from '../kubeconfig-entry.ts';
import { containersOf, networksOf } from './node-containers.ts';

export interface DeleteNodesOptions {
  readonly name: string;
  readonly engine: Docker;
  readonly env: NodeJS.ProcessEnv;
  readonly say: (step: string) => void;
}

/** False when there was nothing to remove. */
export async function deleteNodesCluster({ name, engine, env, say }: DeleteNodesOptions): Promise<boolean> {
  const containers = await containersOf(engine, name);
  if (containers.length > 0)
    say(`removing ${containers.length} ${containers.length === 1 ? 'container' : 'containers'}`);
  await Promise.all(
    containers.map(({ Id }) => ignoringAbsence(engine.getContainer(Id).remove({ force: true, v: true }))),
  );
  const networks = await networksOf(engine, name);
  await Promise.all(networks.map(({ Id }) => ignoringAbsence(engine.getNetwork(Id).remove())));
  const directory = clusterDirectory(name, env);
  const isKnown = existsSync(directory);
  removeClusterDirectory(directory);
  removeFromKubeconfig(kubeconfigPath(env), name);
  return isKnown || containers.length > 0 || networks.length > 0;
}
