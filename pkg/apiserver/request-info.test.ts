import { expect, test } from 'vitest';
import { requestInfo } from './request-info.ts';

const show = (method: string, target: string): string => {
  const url = new URL(target, 'https://server');
  const info = requestInfo({ method, path: url.pathname, query: url.searchParams });
  if (info.kind === 'other') return 'other';
  const { verb, group, version, resource, namespace, name, subresource, rest } = info.request;
  return [verb, `${group}/${version}`, resource, namespace, name, subresource, rest].join(' ').trim();
};

test.each([
  ['GET', '/api/v1/namespaces/a/pods/p', 'get /v1 pods a p'],
  ['GET', '/api/v1/namespaces/a/pods', 'list /v1 pods a'],
  ['GET', '/api/v1/pods?watch=1', 'watch /v1 pods'],
  ['GET', '/api/v1/pods?watch=', 'watch /v1 pods'],
  ['GET', '/api/v1/pods?watch=False', 'list /v1 pods'],
  ['GET', '/api/v1/namespaces/a/pods/p?watch=1', 'get /v1 pods a p'],
  ['GET', '/api/v1/watch/namespaces/a/pods/p', 'watch /v1 pods a p'],
  ['DELETE', '/api/v1/watch/pods', 'none /v1 pods'],
  ['POST', '/apis/apps/v1/namespaces/a/deployments', 'create apps/v1 deployments a'],
  ['DELETE', '/apis/apps/v1/namespaces/a/deployments', 'deletecollection apps/v1 deployments a'],
  ['PUT', '/api/v1/namespaces/a/pods/p/status', 'update /v1 pods a p status'],
  ['PATCH', '/api/v1/nodes/n', 'patch /v1 nodes  n'],
  ['PUT', '/api/v1/namespaces/a/finalize', 'update /v1 namespaces  a finalize'],
  ['GET', '/api/v1/namespaces/a/services/s/proxy/x/y', 'get /v1 services a s proxy x/y'],
  ['GET', '/api/v1/namespaces/a/pods/', 'list /v1 pods a'],
  ['PUT', '/api/v1/namespaces/a/pods', 'none /v1 pods a'],
  ['HEAD', '/api/v1/pods', 'none /v1 pods'],
  ['GET', '/api/v1', 'other'],
  ['GET', '/apis/apps', 'other'],
  ['GET', '/healthz', 'other'],
  ['GET', '/api/v1/namespaces/%61/pods', 'list /v1 pods a'],
  ['GET', '/api/v1/namespaces/a/pods/..%2f..%2fb/secrets', 'get /v1 pods a .. .. b/secrets'],
])('%s %s is %s', (method, target, want) => {
  expect(show(method, target)).toBe(want.trim());
});

test('a path that does not decode is about no resource', () => {
  expect(requestInfo({ method: 'GET', path: '/api/v1/namespaces/%zz/pods', query: new URLSearchParams() }).kind).toBe(
    'other',
  );
});
