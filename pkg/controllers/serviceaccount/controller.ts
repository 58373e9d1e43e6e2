// Sees to it that every namespace has its ServiceAccount `default`.
import { isApiError } from '../../api/meta/status.ts';
import { namespaces, serviceAccounts } from '../../api/resources.ts';
import { controllerQueue, runWorkers, type Controller, type ControllerContext } from '../context.ts';
import { isNamespaceTerminating } from '../namespace-terminating.ts';

const ACCOUNT = 'default';

export function serviceAccountController(
  context: ControllerContext,
  options: { readonly workers: number },
): Controller {
  const name = 'serviceaccount-controller';
  const queue = controllerQueue(context, 'serviceaccount');
  const accountClient = context.client.resource(serviceAccounts);
  const namespaceInformer = context.informers.of(namespaces);
  const accountInformer = context.informers.of(serviceAccounts);
  namespaceInformer.on({
    added: ({ metadata }) => queue.add(metadata.name),
    changed: ({ metadata }) => queue.add(metadata.name),
  });
  accountInformer.on({ deleted: ({ metadata }) => queue.add(metadata.namespace ?? '') });

  async function sync(namespace: string, signal: AbortSignal): Promise<void> {
    const found = namespaceInformer.store.get(namespace);
    if (found === undefined || found.status?.phase === 'Terminating') return;
    if (found.metadata.deletionTimestamp !== undefined) return;
    if (accountInformer.store.get({ namespace, name: ACCOUNT }) !== undefined) return;
    try {
      const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace, name: ACCOUNT } };
      await accountClient.create(account, {}, signal);
    } catch (error) {
      if (!isApiError(error, 'AlreadyExists') && !isNamespaceTerminating(error)) throw error;
    }
  }

  return {
    name,
    run: (signal) => runWorkers({ name, queue, workers: options.workers, log: context.log, sync }, signal),
  };
}
