import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parse } from 'yaml';
import { kubeconfigPath, mergeIntoKubeconfig, removeFromKubeconfig } from './kubeconfig-entry.ts';

const access = { server: 'https://127.0.0.1:6443', authority: 'CA', certificate: 'CERT', key: 'KEY' };
const FOREIGN = `apiVersion: v1
kind: Config
clusters:
- name: prod
  cluster: {server: https://prod.example.com}
contexts:
- name: prod
  context: {cluster: prod, user: me}
users: null
current-context: prod
`;

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'typekube-kubeconfig-'));
  file = join(directory, 'config');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const read = (): unknown => parse(readFileSync(file, 'utf8'));

test('a new file gets the cluster as its current context', () => {
  mergeIntoKubeconfig(file, 'dev', access);
  expect(read()).toMatchObject({
    kind: 'Config',
    'current-context': 'typekube-dev',
    clusters: [{ name: 'typekube-dev', cluster: { server: access.server, 'certificate-authority-data': 'Q0E=' } }],
    contexts: [{ name: 'typekube-dev', context: { cluster: 'typekube-dev', user: 'typekube-dev' } }],
  });
});

test('merging twice replaces the entry and keeps foreign ones', () => {
  writeFileSync(file, FOREIGN);
  mergeIntoKubeconfig(file, 'dev', access);
  mergeIntoKubeconfig(file, 'dev', { ...access, server: 'https://127.0.0.1:7443' });
  expect(read()).toMatchObject({
    clusters: [{ name: 'prod' }, { name: 'typekube-dev', cluster: { server: 'https://127.0.0.1:7443' } }],
  });
});

test('removing leaves the rest and no dangling current context', () => {
  writeFileSync(file, FOREIGN);
  mergeIntoKubeconfig(file, 'dev', access);
  removeFromKubeconfig(file, 'dev');
  expect(read()).toMatchObject({ clusters: [{ name: 'prod' }], contexts: [{ name: 'prod' }], 'current-context': '' });
});

test('removing what is not there does not touch the file', () => {
  writeFileSync(file, FOREIGN);
  removeFromKubeconfig(file, 'dev');
  expect(readFileSync(file, 'utf8')).toBe(FOREIGN);
});

test.each([
  { env: { KUBECONFIG: '/a:/b', HOME: '/home/x' }, want: '/a' },
  { env: { KUBECONFIG: '', HOME: '/home/x' }, want: '/home/x/.kube/config' },
])('writes to $want', ({ env, want }) => {
  expect(kubeconfigPath(env)).toBe(want);
});
