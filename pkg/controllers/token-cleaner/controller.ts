// Deletes bootstrap tokens when they expire. The API server refuses them from that moment on by itself.
import { tokenOfSecret } from '../../api/core/v1/bootstrap-token.ts';
import { isApiError } from '../../api/meta/status.ts';
import { secrets } from '../../api/resources.ts';
import type { Secret } from '../../api/schema/generated/core.v1.gen.ts';
import { keyOf } from '../../client/object-store.ts';
import { controllerQueue, runWorkers, type Controller, type ControllerContext } from '../context.ts';
import { tokenSecretInformer } from '../token-secrets.ts';

export function tokenCleanerController(context: ControllerContext): Controller {
  const name = 'token-cleaner-controller';
  const { clock } = context;
  const queue = controllerQueue(context, 'token_cleaner');
  const client = context.client.resource(secrets);
  const informer = tokenSecretInformer(context);
  const enqueue = (secret: Secret) => queue.add(keyOf(secret));
  informer.on({ added: enqueue, changed: enqueue });

  async function sync(key: string, signal: AbortSignal): Promise<void> {
    const secret = informer.store.get(key);
    const token = secret === undefined ? undefined : tokenOfSecret(secret);
    // Whose fields make no sense is a person's to mend; the API server does not take it for a token.
    if (secret === undefined || token === undefined || 'fault' in token || token.expiresAt === undefined) return;
    const left = token.expiresAt - clock.now();
    if (left > 0) return queue.addAfter(key, left);
    const { uid, resourceVersion } = secret.metadata;
    try {
      // A token that is given more time at this moment stays.
      await client.delete(
        secret.metadata,
        { preconditions: { uid, ...(resourceVersion && { resourceVersion }) } },
        signal,
      );
    } catch (error) {
      if (!isApiError(error, 'NotFound')) throw error;
    }
  }

  return {
    name,
    async run(signal) {
      await Promise.all([
        informer.run(signal),
        runWorkers({ name, queue, workers: 1, log: context.log, sync }, signal),
      ]);
    },
  };
}
