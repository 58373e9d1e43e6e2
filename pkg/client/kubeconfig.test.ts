import { describe, expect, test } from 'vitest';
import { KubeConfigError, kubeConfigPaths, mergeKubeConfigs, parseKubeConfig, resolveContext } from './kubeconfig.ts';
import { inClusterContext } from './kubeconfig-transport.ts';

const FIRST = `
apiVersion: v1
kind: Config
clusters:
- name: one
  cluster: {server: "https://one:6443", certificate-authority: ca.crt}
users:
- name: me
  user: {client-certificate: /abs/me.crt, client-key: keys/me.key}
contexts:
- name: dev
  context: {cluster: one, user: me, namespace: team}
`;
const SECOND = `
clusters:
- name: one
  cluster: {server: "https://other:6443"}
- name: two
  cluster: {server: "https://two:6443"}
contexts:
- name: prod
  context: {cluster: two, user: nobody}
current-context: prod
`;

describe('a kubeconfig', () => {
  test('takes relative paths from where the file stands', () => {
    const config = parseKubeConfig(FIRST, '/home/me/.kube/config');
    expect(config.clusters.get('one')?.['certificate-authority']).toBe('/home/me/.kube/ca.crt');
    expect(config.users.get('me')).toEqual({
      'client-certificate': '/abs/me.crt',
      'client-key': '/home/me/.kube/keys/me.key',
    });
  });

  test('merges several files: the first that has a name, or sets the current context, wins', () => {
    const merged = mergeKubeConfigs([parseKubeConfig(FIRST, '/a/config'), parseKubeConfig(SECOND, '/b/config')]);
    expect([...merged.clusters.keys()].toSorted()).toEqual(['one', 'two']);
    expect(merged.clusters.get('one')?.server).toBe('https://one:6443');
    expect(merged.currentContext).toBe('prod');
  });

  test.each([
    { name: 'KUBECONFIG as a list', env: { KUBECONFIG: '/a:/b::/a' }, want: ['/a', '/b'] },
    { name: 'the home directory without it', env: {}, want: ['/home/me/.kube/config'] },
    { name: 'only the explicit file', path: '/x', env: { KUBECONFIG: '/a' }, want: ['/x'] },
  ])('reads $name', ({ path, env, want }) => {
    expect(kubeConfigPaths({ ...(path !== undefined && { path }), env, home: '/home/me' })).toEqual(want);
  });

  const config = mergeKubeConfigs([parseKubeConfig(FIRST, '/a/config'), parseKubeConfig(SECOND, '/b/config')]);
  test('resolves the current context, or the one asked for', () => {
    expect(resolveContext(config)).toMatchObject({
      name: 'prod',
      cluster: { server: 'https://two:6443' },
      namespace: 'default',
    });
    expect(resolveContext(config, { context: 'dev' })).toMatchObject({ name: 'dev', namespace: 'team' });
    expect(resolveContext(config, { context: 'dev', cluster: 'two', namespace: 'x' })).toMatchObject({
      cluster: { server: 'https://two:6443' },
      namespace: 'x',
    });
  });

  test.each([
    { overrides: { context: 'nope' }, says: 'context "nope" does not exist' },
    { overrides: { cluster: 'nope' }, says: 'cluster "nope" does not exist' },
    { overrides: { user: 'nope' }, says: 'auth info "nope" does not exist' },
  ])('says $says', ({ overrides, says }) => {
    expect(() => resolveContext(config, overrides)).toThrow(new KubeConfigError(says));
  });

  test('of a pod comes from its environment and its mounted service account', () => {
    expect(inClusterContext({})).toBeUndefined();
    expect(
      inClusterContext({ KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' }, '/sa'),
    ).toMatchObject({
      cluster: { server: 'https://[fd00::1]:443', 'certificate-authority': '/sa/ca.crt' },
      user: { tokenFile: '/sa/token' },
    });
  });
});
