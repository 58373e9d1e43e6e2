import { describe, expect, test } from 'vitest';
import { kinds } from '../../api/kinds.ts';
import { unstoredKinds } from '../../api/unstored-kinds.ts';
import { answerDiscovery } from './discovery.ts';
import { compareVersions } from './groups.ts';

const AGGREGATED =
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json';

describe('discovery', () => {
  test('the roots list versions and groups, apps before the rest', () => {
    expect(answerDiscovery('/api', '*/*', kinds)?.body).toMatchObject({ kind: 'APIVersions', versions: ['v1'] });
    const groups = answerDiscovery('/apis', 'application/json', kinds)?.body;
    expect(groups).toMatchObject({ kind: 'APIGroupList', apiVersion: 'v1' });
    expect(groups).toHaveProperty('groups.0', {
      name: 'apps',
      versions: [{ groupVersion: 'apps/v1', version: 'v1' }],
      preferredVersion: { groupVersion: 'apps/v1', version: 'v1' },
    });
  });

  test('a version lists resources and, with their own kind, subresources', () => {
    const core = answerDiscovery('/api/v1', '', kinds)?.body;
    expect(core).not.toHaveProperty('apiVersion');
    const resources = (core as { resources: { name: string }[] }).resources;
    expect(resources.find(({ name }) => name === 'pods')).toEqual({
      name: 'pods',
      singularName: 'pod',
      namespaced: true,
      kind: 'Pod',
      verbs: ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'],
      shortNames: ['po'],
      categories: ['all'],
    });
    expect(resources.find(({ name }) => name === 'pods/eviction')).toEqual({
      name: 'pods/eviction',
      singularName: '',
      namespaced: true,
      group: 'policy',
      version: 'v1',
      kind: 'Eviction',
      verbs: ['create'],
    });
    expect(answerDiscovery('/apis/apps/v1', '', kinds)?.body).toMatchObject({
      apiVersion: 'v1',
      groupVersion: 'apps/v1',
    });
  });

  test('aggregated discovery is what the client prefers, and has all in one', () => {
    const answer = answerDiscovery('/apis', AGGREGATED, kinds);
    expect(answer?.contentType).toBe('application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList');
    expect(answer?.body).toMatchObject({ kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2' });
    expect(answer?.body).toHaveProperty(
      'items',
      expect.arrayContaining([
        expect.objectContaining({
          metadata: { name: 'apps', creationTimestamp: null },
          versions: [
            expect.objectContaining({
              version: 'v1',
              freshness: 'Current',
              resources: expect.arrayContaining([
                expect.objectContaining({
                  resource: 'deployments',
                  responseKind: { group: 'apps', version: 'v1', kind: 'Deployment' },
                  scope: 'Namespaced',
                  singularResource: 'deployment',
                  shortNames: ['deploy'],
                }),
              ]) as unknown,
            }),
          ],
        }),
      ]),
    );
    expect(answerDiscovery('/api', AGGREGATED, kinds)?.body).toHaveProperty('items.0.metadata', {
      creationTimestamp: null,
    });
    const beta = answerDiscovery(
      '/apis',
      'application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList',
      kinds,
    );
    expect(beta?.body).toHaveProperty('apiVersion', 'apidiscovery.k8s.io/v2beta1');
  });

  test.each([
    '/api/v2',
    '/apis/nothing',
    '/apis/apps/v2',
    '/apis/apps/v1/deployments',
    '/apiserver',
    '/openapi/v2',
    '/apis//v1',
  ])('there is nothing at %s', (path) => {
    expect(answerDiscovery(path, '', kinds)).toBeUndefined();
  });

  test('a client that takes no JSON gets 406', () => {
    expect(() => answerDiscovery('/apis', 'text/html', kinds)).toThrow();
  });
});

test('versions are ordered stable before beta before alpha, the higher number first', () => {
  const versions = ['v1alpha1', 'v2', 'foo', 'v1beta1', 'v10', 'v1', 'v2beta1', 'v1beta2'];
  expect(versions.toSorted(compareVersions)).toEqual([
    'v10',
    'v2',
    'v1',
    'v2beta1',
    'v1beta2',
    'v1beta1',
    'v1alpha1',
    'foo',
  ]);
});

test('discovery, and not the registry, knows kinds that are only created', () => {
  const known = [...kinds, ...unstoredKinds];
  const groups = answerDiscovery('/apis', '', known)?.body as { groups: { name: string }[] } | undefined;
  expect(groups?.groups.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['authentication.k8s.io', 'authorization.k8s.io']),
  );
  expect(answerDiscovery('/api/v1', '', known)?.body).toMatchObject({
    resources: expect.arrayContaining([
      { name: 'bindings', singularName: 'binding', namespaced: true, kind: 'Binding', verbs: ['create'] },
    ]) as unknown,
  });
});
