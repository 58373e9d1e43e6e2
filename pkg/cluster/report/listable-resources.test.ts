import { expect, test } from 'vitest';
import { listableResources } from './listable-resources.ts';

const answers: Readonly<Record<string, unknown>> = {
  '/apis': { groups: [{ preferredVersion: { groupVersion: 'apps/v1' } }, {}] },
  '/api/v1': {
    resources: [
      { name: 'pods', verbs: ['get', 'list'] },
      { name: 'pods/status', verbs: ['get', 'list'] },
      { name: 'secrets', verbs: ['get', 'list'] },
      { name: 'bindings', verbs: ['create'] },
    ],
  },
  '/apis/apps/v1': { resources: [{ name: 'deployments', verbs: ['list'] }] },
};

test('every list is found but those of subresources and of secrets', async () => {
  const probe = {
    get: (path: string) => Promise.resolve({ status: 200, body: answers[path] }),
    [Symbol.dispose]: () => undefined,
  };
  expect(await listableResources(probe)).toEqual([
    { path: '/api/v1/pods', file: 'v1_pods' },
    { path: '/apis/apps/v1/deployments', file: 'apps_v1_deployments' },
  ]);
});

test('a server that does not answer has none', async () => {
  const probe = { get: () => Promise.resolve({ status: 0, body: undefined }), [Symbol.dispose]: () => undefined };
  expect(await listableResources(probe)).toEqual([]);
});
