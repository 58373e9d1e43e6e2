import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { secretDataOf, type TokenUsage } from '../../api/core/v1/bootstrap-token.ts';
import type { ConfigMap, Secret } from '../../api/schema/generated/core.v1.gen.ts';
import { meta, NOW } from '../testing/objects.ts';
import { signed } from './reconcile.ts';

const CONTENT = 'apiVersion: v1\nkind: Config\n';

function map(data: Record<string, string>): ConfigMap {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: meta('cluster-info'), data };
}

function token(
  id: string,
  usages: readonly TokenUsage[] = ['signing'],
  expiresAt: number | undefined = NOW + 1000,
): Secret {
  const data = secretDataOf({ id, secret: '0123456789abcdef', description: '', expiresAt, usages, groups: [] });
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: meta(`bootstrap-token-${id}`),
    type: 'bootstrap.kubernetes.io/token',
    data,
  };
}

/** By RFC 7515, without the library. */
function proof(id: string): string {
  const header = Buffer.from(`{"alg":"HS256","kid":"${id}"}`).toString('base64url');
  const payload = Buffer.from(CONTENT).toString('base64url');
  const signature = createHmac('sha256', '0123456789abcdef').update(`${header}.${payload}`).digest('base64url');
  return `${header}..${signature}`;
}

test('every token that may sign has signed, and no other', async () => {
  const tokens = [token('aaaaaa'), token('bbbbbb', ['authentication']), token('cccccc', ['signing'], NOW - 1)];
  const given = map({ kubeconfig: CONTENT, 'jws-kubeconfig-cccccc': 'old', other: 'kept' });
  expect(await signed(given, tokens, NOW)).toEqual({
    kubeconfig: CONTENT,
    other: 'kept',
    'jws-kubeconfig-aaaaaa': proof('aaaaaa'),
  });
});

test.each([
  ['what is signed already', { kubeconfig: CONTENT, 'jws-kubeconfig-aaaaaa': proof('aaaaaa') }],
  ['a map that says nothing', { other: 'x' }],
])('%s is left alone', async (_, data) => {
  expect(await signed(map(data), [token('aaaaaa')], NOW)).toBeUndefined();
});

test('signatures of a content that is gone go', async () => {
  expect(await signed(map({ 'jws-kubeconfig-aaaaaa': 'x' }), [token('aaaaaa')], NOW)).toEqual({});
});
