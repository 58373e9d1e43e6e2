// Bootstrap tokens as bearer tokens: whoever shows one that is good now is `system:bootstrap:ID`. Secrets are looked up at each
// request, so a token that was deleted or has expired is refused at once.
import {
  BOOTSTRAP_GROUP,
  BOOTSTRAP_USER_PREFIX,
  parseToken,
  sameSecret,
  TOKEN_SECRET_PREFIX,
  usableToken,
} from '../../api/core/v1/bootstrap-token.ts';
import type { Secret } from '../../api/schema/generated/core.v1.gen.ts';
import type { Clock } from '../../clock/clock.ts';
import type { Logger } from '../../logging/logger.ts';
import type { TokenAuthenticator } from './authenticator.ts';

export interface BootstrapTokenOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** A Secret of the namespace kube-system by name. */
  readonly secret: (name: string) => Secret | undefined;
}

export function bootstrapTokens({ clock, log, secret }: BootstrapTokenOptions): TokenAuthenticator {
  return {
    authenticate(text) {
      const shown = parseToken(text);
      if (shown === undefined) return undefined;
      const name = TOKEN_SECRET_PREFIX + shown.id;
      const found = secret(name);
      if (found === undefined) return undefined;
      const token = usableToken(found, 'authentication', clock.now());
      if ('fault' in token) {
        log.info('a bootstrap token cannot be used', { secret: name, because: token.fault });
        return undefined;
      }
      if (!sameSecret(token.secret, shown.secret)) return undefined;
      return { name: BOOTSTRAP_USER_PREFIX + token.id, groups: [BOOTSTRAP_GROUP, ...token.groups] };
    },
  };
}
