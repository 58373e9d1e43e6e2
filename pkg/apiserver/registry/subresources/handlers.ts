// Every subresource that is more than a part of its object, and the collections that are no kind, by the name under which
// the registry looks for them.
import type { Random } from '../../../clock/clock.ts';
import type { TokenAuthenticator } from '../../authn/authenticator.ts';
import type { ServiceAccountTokens } from '../../authn/service-account-tokens.ts';
import type { Authorizer } from '../../authz/authorizer.ts';
import { badRequest } from '../../http-errors.ts';
import type { SubresourceHandler } from '../subresource-handler.ts';
import { bindPod } from './binding.ts';
import { evictPod } from './eviction.ts';
import type { KubeletConnections } from './kubelet-connections.ts';
import { podLog } from './pod-log.ts';
import { streamTarget } from './pod-target.ts';
import { proxy } from './proxy.ts';
import { reviewHandlers } from './reviews.ts';
import { scale } from './scale.ts';
import { tokenOf } from './service-account-token.ts';

export interface HandlerParts {
  readonly tokens: ServiceAccountTokens | undefined;
  readonly tokenAuthenticators: readonly TokenAuthenticator[];
  readonly authorizer: Authorizer;
  readonly kubelets: KubeletConnections | undefined;
  readonly random: Random;
}

export function subresourceHandlers(parts: HandlerParts): Map<string, SubresourceHandler> {
  return new Map<string, SubresourceHandler>([
    ['*/scale', scale],
    ['pods/binding', bindPod],
    ['/v1/bindings', bindPod],
    ['pods/eviction', evictPod],
    ['pods/log', podLog(parts.kubelets)],
    ['pods/exec', withoutUpgrade('exec')],
    ['pods/attach', withoutUpgrade('attach')],
    ['pods/portforward', withoutUpgrade('portforward')],
    ['pods/proxy', proxy(parts.kubelets, parts.random)],
    ['services/proxy', proxy(parts.kubelets, parts.random)],
    ['nodes/proxy', proxy(parts.kubelets, parts.random)],
    ['serviceaccounts/token', tokenOf(parts.tokens)],
    ...reviewHandlers(parts.authorizer, parts.tokenAuthenticators, parts.tokens?.audiences ?? []),
  ]);
}

/** These are connections (http/upgrade.ts); a plain request hears what is wrong with it. */
function withoutUpgrade(subresource: 'exec' | 'attach' | 'portforward'): SubresourceHandler {
  return async ({ api, target, request }) => {
    await streamTarget(api, target.namespace, target.name, subresource, request.query);
    throw badRequest('Upgrade request required');
  };
}
