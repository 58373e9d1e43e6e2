import { expect, test } from 'vitest';
import { secretDataOf } from '../../api/core/v1/bootstrap-token.ts';
import type { Secret } from '../../api/schema/generated/core.v1.gen.ts';
import { VirtualClock } from '../../clock/virtual-clock.ts';
import { silentLogger } from '../../logging/logger.ts';
import { bootstrapTokens } from './bootstrap-tokens.ts';

const clock = new VirtualClock();
const stored: Secret = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'bootstrap-token-abcdef', uid: 'u', resourceVersion: '1', creationTimestamp: '' },
  type: 'bootstrap.kubernetes.io/token',
  data: secretDataOf({
    id: 'abcdef',
    secret: '0123456789abcdef',
    description: '',
    expiresAt: clock.now() + 60_000,
    usages: ['authentication'],
    groups: ['system:bootstrappers:rack'],
  }),
};
const tokens = bootstrapTokens({
  clock,
  log: silentLogger,
  secret: (name) => (name === stored.metadata.name ? stored : undefined),
});

test('who shows a good token is its bootstrapper', () => {
  expect(tokens.authenticate('abcdef.0123456789abcdef')).toEqual({
    name: 'system:bootstrap:abcdef',
    groups: ['system:bootstrappers', 'system:bootstrappers:rack'],
  });
});

test.each(['abcdef.0123456789abcdeX', 'abcdef.0123456789abcde0', 'zzzzzz.0123456789abcdef', 'a.b.c', ''])(
  '%j is nobody',
  (text) => {
    expect(tokens.authenticate(text)).toBeUndefined();
  },
);

test('a token is refused from the moment that it expires', async () => {
  await clock.advance(59_999);
  expect(tokens.authenticate('abcdef.0123456789abcdef')).toBeDefined();
  await clock.advance(1);
  expect(tokens.authenticate('abcdef.0123456789abcdef')).toBeUndefined();
});
