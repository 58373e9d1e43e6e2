// Keeps the signatures of kube-public/cluster-info as the bootstrap tokens are. The map itself is made by whoever makes the cluster.
import { CLUSTER_INFO } from '../../api/core/v1/bootstrap-token.ts';
import { isApiError } from '../../api/meta/status.ts';
import { configMaps } from '../../api/resources.ts';
import { createInformer } from '../../client/informer.ts';
import { controllerQueue, runWorkers, type Controller, type ControllerContext } from '../context.ts';
import { tokenSecretInformer } from '../token-secrets.ts';
import { signed } from './reconcile.ts';

const KEY = `${CLUSTER_INFO.namespace}/${CLUSTER_INFO.name}`;

export function bootstrapSignerController(context: ControllerContext): Controller {
  const name = 'bootstrap-signer-controller';
  const { client, clock, random, log } = context;
  const queue = controllerQueue(context, 'bootstrap_signer_queue');
  const mapClient = client.resource(configMaps);
  const fieldSelector = `metadata.name=${CLUSTER_INFO.name}`;
  const mapInformer = createInformer(mapClient, {
    namespace: CLUSTER_INFO.namespace,
    fieldSelector,
    clock,
    random,
    log,
  });
  const tokens = tokenSecretInformer(context);
  const look = () => queue.add(KEY);
  mapInformer.on({ added: look, changed: look });
  tokens.on({ added: look, changed: look, deleted: look });

  async function sync(_key: string, signal: AbortSignal): Promise<void> {
    // Without all tokens known, signatures that are good would be taken away.
    await tokens.synced(signal);
    const map = mapInformer.store.get(CLUSTER_INFO);
    if (map === undefined) return;
    const data = await signed(map, tokens.store.list(), clock.now());
    if (data === undefined) return;
    try {
      await mapClient.update({ ...map, data }, {}, signal);
    } catch (error) {
      if (!isApiError(error, 'NotFound')) throw error;
    }
  }

  return {
    name,
    async run(signal) {
      await Promise.all([
        mapInformer.run(signal),
        tokens.run(signal),
        runWorkers({ name, queue, workers: 1, log, sync }, signal),
      ]);
    },
  };
}
