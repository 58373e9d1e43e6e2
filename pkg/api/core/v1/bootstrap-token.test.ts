import { describe, expect, test } from 'vitest';
import type { Secret } from '../../schema/generated/core.v1.gen.ts';
import { isTokenGroup, parseToken, secretDataOf, tokenOfSecret, usableToken } from './bootstrap-token.ts';

const NOW = Date.parse('2026-06-01T12:00:00Z');
const TOKEN = {
  id: 'abcdef',
  secret: '0123456789abcdef',
  description: 'rack 7',
  expiresAt: NOW + 60_000,
  usages: ['authentication', 'signing'],
  groups: ['system:bootstrappers:kubeadm:default-node-token'],
} as const;

function secret(fields: Record<string, string | undefined> = {}, more: Partial<Secret> = {}): Secret {
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const changed = Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, base64(value)] as const],
  );
  const kept = Object.entries(secretDataOf(TOKEN)).filter(([name]) => !(name in fields));
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      namespace: 'kube-system',
      name: 'bootstrap-token-abcdef',
      uid: 'u',
      resourceVersion: '1',
      creationTimestamp: '2026-06-01T11:00:00Z',
    },
    type: 'bootstrap.kubernetes.io/token',
    data: { ...Object.fromEntries(kept), ...Object.fromEntries(changed) },
    ...more,
  };
}

test('what is written into a Secret is read out of it again', () => {
  expect(tokenOfSecret(secret())).toEqual(TOKEN);
});

test.each(['abcdef.0123456789abcdef', 'a1b2c3.zzzzzzzzzzzzzzzz'])('%s is a token', (text) => {
  expect(parseToken(text)).toEqual({ id: text.slice(0, 6), secret: text.slice(7) });
});

test.each(['', 'abcdef', 'abcdef.', 'ABCDEF.0123456789abcdef', 'abcde.0123456789abcdef', 'abcdef.0123456789abcdef0'])(
  '%j is none',
  (text) => {
    expect(parseToken(text)).toBeUndefined();
  },
);

describe('a Secret', () => {
  test.each([
    ['of another type', secret({}, { type: 'Opaque' }), 'type'],
    ['of another name', secret({ 'token-id': 'zzzzzz' }), 'name'],
    ['without a secret part', secret({ 'token-secret': undefined }), 'malformed'],
    ['that makes administrators', secret({ 'auth-extra-groups': 'system:masters' }), 'system:masters'],
    ['that has expired', secret({ expiration: '2026-06-01T12:00:00Z' }), 'expired'],
    ['whose expiration cannot be read', secret({ expiration: 'soon' }), 'expired'],
    ['that may not authenticate', secret({ 'usage-bootstrap-authentication': 'false' }), 'authentication'],
    [
      'that is being deleted',
      secret({}, { metadata: { ...secret().metadata, deletionTimestamp: '2026-06-01T11:59:00Z' } }),
      'deleted',
    ],
  ])('%s is no token that can be used', (_, given, why) => {
    const answer = usableToken(given, 'authentication', NOW);
    expect('fault' in answer ? answer.fault : 'it is good').toContain(why);
  });
  test('without an expiration is good for ever', () => {
    expect(usableToken(secret({ expiration: undefined }), 'signing', NOW + 1e12)).toMatchObject({ id: 'abcdef' });
  });
});

test.each([
  ['system:bootstrappers:x', true],
  ['system:bootstrappers', false],
  ['system:bootstrappers:', false],
  ['system:nodes', false],
])('group %s may be given to a token: %s', (group, want) => {
  expect(isTokenGroup(group)).toBe(want);
});
