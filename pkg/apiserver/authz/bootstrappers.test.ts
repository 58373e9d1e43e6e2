import { describe, expect, test } from 'vitest';
import { alwaysAllow, type Attributes } from './authorizer.ts';
import { withBootstrappers } from './bootstrappers.ts';

const authorizer = withBootstrappers(alwaysAllow);
const BOOTSTRAPPER = { name: 'system:bootstrap:abcdef', groups: ['system:bootstrappers', 'system:authenticated'] };
const NODE = { name: 'system:node:a', groups: ['system:nodes', 'system:authenticated'] };
const NOBODY = { name: 'system:anonymous', groups: ['system:unauthenticated'] };
const CERTIFICATES = 'certificates.k8s.io';

/** `verb group/resource[/subresource] [namespace/]name` */
function asks(user: Attributes['user'], line: string): { allowed: boolean; reason: string } {
  const [verb = '', what = '', which = ''] = line.split(' ');
  const slash = what.lastIndexOf(':');
  const [resource = '', subresource = ''] = what.slice(slash + 1).split('/');
  const [namespace = '', name = ''] = which.includes('/') ? which.split('/') : ['', which];
  const group = slash < 0 ? '' : what.slice(0, slash);
  return authorizer.authorize({ user, verb, group, version: 'v1', resource, subresource, namespace, name, path: '' });
}

describe('with a bootstrap token one', () => {
  test.each([
    `create ${CERTIFICATES}:certificatesigningrequests`,
    `get ${CERTIFICATES}:certificatesigningrequests csr-1`,
    `watch ${CERTIFICATES}:certificatesigningrequests`,
    `create ${CERTIFICATES}:certificatesigningrequests/nodeclient`,
    'get configmaps kube-system/kubelet-config',
    'get configmaps kube-system/kube-proxy',
    'get configmaps kube-public/cluster-info',
    'get nodes a',
    'create authorization.k8s.io:selfsubjectaccessreviews',
  ])('may %s', (line) => {
    expect(asks(BOOTSTRAPPER, line)).toEqual({ allowed: true, reason: '' });
  });
  test.each([
    `update ${CERTIFICATES}:certificatesigningrequests/approval csr-1`,
    `update ${CERTIFICATES}:certificatesigningrequests/status csr-1`,
    `create ${CERTIFICATES}:certificatesigningrequests/selfnodeclient`,
    `delete ${CERTIFICATES}:certificatesigningrequests csr-1`,
    'get secrets kube-system/bootstrap-token-abcdef',
    'list configmaps kube-system/',
    'get configmaps kube-system/other',
    'get configmaps default/kubelet-config',
    'update configmaps kube-system/kubelet-config',
    'list nodes',
    'create nodes',
    'create pods default/x',
    'create pods/exec default/x',
    'impersonate users admin',
    'create authorization.k8s.io:subjectaccessreviews',
    'create authentication.k8s.io:tokenreviews',
    'list apps:deployments',
  ])('may not %s', (line) => {
    expect(asks(BOOTSTRAPPER, line).allowed).toBe(false);
  });
  test('hears what it may not in the words of Kubernetes', () => {
    expect(asks(BOOTSTRAPPER, 'list apps:deployments').reason).toBe(
      'User "system:bootstrap:abcdef" cannot list resource "deployments" in API group "apps" at the cluster scope',
    );
    expect(asks(BOOTSTRAPPER, 'create pods/exec default/x').reason).toBe(
      'User "system:bootstrap:abcdef" cannot create resource "pods/exec" in API group "" in the namespace "default"',
    );
  });
});

test.each([
  ['/version', true],
  ['/openapi/v3/api/v1', true],
  ['/apis/apps/v1', true],
  ['/metrics', false],
  ['/debug/pprof', false],
])('with a bootstrap token one gets %s: %s', (path, want) => {
  const nothing = { group: '', version: '', resource: '', subresource: '', namespace: '', name: '' };
  const decision = authorizer.authorize({ ...nothing, user: BOOTSTRAPPER, verb: 'get', path });
  expect(decision.allowed).toBe(want);
  if (!want) expect(decision.reason).toBe(`User "system:bootstrap:abcdef" cannot get path "${path}"`);
});

test('nodes may what others say, even with a token', () => {
  expect(asks(NODE, 'list nodes').allowed).toBe(true);
  expect(asks({ ...NODE, groups: [...NODE.groups, 'system:bootstrappers'] }, 'list nodes').allowed).toBe(true);
});

test('anybody may read cluster-info, and nothing beside it', () => {
  expect(asks(NOBODY, 'get configmaps kube-public/cluster-info').allowed).toBe(true);
  for (const line of [
    'list configmaps kube-public/',
    'watch configmaps kube-public/cluster-info',
    'update configmaps kube-public/cluster-info',
    'get configmaps kube-system/cluster-info',
    'get secrets kube-public/cluster-info',
  ]) {
    expect(asks(NOBODY, line).allowed, line).toBe(false);
  }
});

test('every rule that a bootstrapper is told of is one that holds', () => {
  for (const namespace of ['', 'default', 'kube-system', 'kube-public']) {
    for (const { verbs, apiGroups, resources, resourceNames = [''] } of authorizer.rulesFor(BOOTSTRAPPER, namespace)
      .resourceRules) {
      for (const verb of verbs)
        for (const resource of resources)
          for (const name of resourceNames) {
            const line = `${verb} ${apiGroups[0] === '' ? '' : `${apiGroups[0] ?? ''}:`}${resource} ${namespace === '' ? name : `${namespace}/${name}`}`;
            expect(asks(BOOTSTRAPPER, line).allowed, line).toBe(true);
          }
    }
  }
  expect(authorizer.rulesFor(NODE, 'default').resourceRules[0]?.verbs).toEqual(['*']);
});
