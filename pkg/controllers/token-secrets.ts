// The Secrets that hold bootstrap tokens, and no others: the two controllers that look after them need none of the rest.
import { TOKEN_NAMESPACE, TOKEN_SECRET_TYPE } from '../api/core/v1/bootstrap-token.ts';
import { secrets } from '../api/resources.ts';
import type { Secret } from '../api/schema/generated/core.v1.gen.ts';
import { createInformer, type Informer } from '../client/informer.ts';
import type { ControllerContext } from './context.ts';

/** To be run by the controller that asks for it. */
export function tokenSecretInformer({ client, clock, random, log }: ControllerContext): Informer<Secret> {
  const fieldSelector = `type=${TOKEN_SECRET_TYPE}`;
  return createInformer(client.resource(secrets), { namespace: TOKEN_NAMESPACE, fieldSelector, clock, random, log });
}
