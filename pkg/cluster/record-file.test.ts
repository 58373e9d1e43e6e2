import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { clusterDirectory, listClusters, readRecord, writeRecord, type ClusterRecord } from './cluster-record.ts';
import { DEFAULT_CONFIG } from './nodes/cluster-config.ts';
import { planCluster } from './nodes/nodes-plan.ts';
import { damagedClusters, listNodesRecords, readNodesRecord, writeNodesRecord } from './nodes/nodes-record.ts';

let env: NodeJS.ProcessEnv;
beforeEach(() => {
  const home = mkdtempSync(join(tmpdir(), 'typekube-records-'));
  onTestFinished(() => rmSync(home, { recursive: true }));
  env = { TYPEKUBE_HOME: home };
});

const local: ClusterRecord = {
  name: 'one',
  store: 'embedded',
  etcdServers: '',
  layout: 'one-process',
  engine: 'unix:///x',
  nodeName: 'n',
  nodeIp: '10.0.0.1',
  apiPort: 6443,
  kubeletPort: 10250,
  podCidr: '10.244.0.0/24',
  clusterCidr: '10.244.0.0/16',
  serviceCidr: '10.96.0.0/16',
  clusterDns: '10.96.0.10',
  pid: 0,
  pidStartedAt: '',
};
const asked = { workers: 1, controlPlanes: undefined, store: undefined, portMappings: [] };
const nodes = planCluster({
  name: 'many',
  id: 'an-id',
  config: DEFAULT_CONFIG,
  asked,
  engine: 'unix:///x',
  subnet: '10.89.100.0/24',
  apiServerPort: 6443,
});

function spoil(name: string, file: string, content: string): void {
  mkdirSync(clusterDirectory(name, env), { recursive: true });
  writeFileSync(join(clusterDirectory(name, env), file), content);
}

test('records are read as they were written', () => {
  writeRecord(clusterDirectory('one', env), local);
  writeNodesRecord(nodes, env);
  expect(readRecord(clusterDirectory('one', env))).toEqual(local);
  expect(readNodesRecord('many', env)).toEqual(nodes);
  expect(readNodesRecord('one', env)).toBeUndefined();
  expect([listClusters(env), listNodesRecords(env), damagedClusters(env)]).toEqual([[local], [nodes], []]);
});

test('a record of an older version has one network for pods', () => {
  const { clusterCidr: _, ...older } = local;
  spoil('one', 'cluster.json', JSON.stringify(older));
  expect(readRecord(clusterDirectory('one', env))).toMatchObject({ clusterCidr: '10.244.0.0/24' });
});

test.each([
  { name: 'cut off', content: '{"name": "on', says: 'is damaged: it is no JSON' },
  { name: 'empty', content: '', says: 'is damaged: it is no JSON' },
  { name: 'a list', content: '[]', says: 'is damaged: it is no object' },
  { name: 'without a port', content: JSON.stringify({ ...local, apiPort: undefined }), says: '"apiPort" is no number' },
  { name: 'with a port in words', content: JSON.stringify({ ...local, apiPort: '1' }), says: '"apiPort" is no number' },
])('a file that is $name is named, and does not hide other clusters', ({ content, says }) => {
  writeNodesRecord(nodes, env);
  spoil('one', 'cluster.json', content);
  expect(() => readRecord(clusterDirectory('one', env))).toThrow(says);
  expect(() => readRecord(clusterDirectory('one', env))).toThrow(/one\/cluster\.json .*"tkctl cluster delete one"/);
  expect([listClusters(env), listNodesRecords(env), damagedClusters(env)]).toEqual([[], [nodes], ['one']]);
});

test('nodes that are none are named', () => {
  spoil('many', 'nodes.json', JSON.stringify({ ...nodes, containers: ['worker'] }));
  expect(() => readNodesRecord('many', env)).toThrow('"containers" is no list of nodes');
  expect(damagedClusters(env)).toEqual(['many']);
});

test('what cannot be written is named', () => {
  writeFileSync(join(env['TYPEKUBE_HOME'] ?? '', 'one'), 'a file');
  expect(() => writeRecord(clusterDirectory('one', env), local)).toThrow(
    /^cannot write .*one\/cluster\.json: E[A-Z]+: /,
  );
});

test('a home that is named relatively stays the same for a process that runs elsewhere', () => {
  expect(clusterDirectory('one', { TYPEKUBE_HOME: 'clusters' })).toBe(join(process.cwd(), 'clusters/one'));
});

test.each(['', '.', '..', '../x', 'a/b', 'Big', '-a', 'a-', 'a'.repeat(43)])('"%s" is no cluster', (name) => {
  expect(() => clusterDirectory(name, env)).toThrow(`"${name}" cannot name a cluster`);
});
