import { expect, test } from 'vitest';
import type { PodSpec } from '../../api/schema/generated/core.v1.gen.ts';
import { container, pod } from '../testing/pods.ts';
import { dnsConfigOf, hostsText, parseResolvConf, resolvConfText, sandboxHostname } from './pod-files.ts';

const CLUSTER = { servers: ['10.96.0.10'], domain: 'cluster.local' };
const HOST = parseResolvConf('search corp.example\nnameserver 1.1.1.1\noptions timeout:2\n');

test.each<{ name: string; spec: Partial<PodSpec>; want: string }>([
  {
    name: 'asks the cluster first',
    spec: {},
    want: 'search default.svc.cluster.local svc.cluster.local cluster.local corp.example\nnameserver 10.96.0.10\noptions ndots:5\n',
  },
  {
    name: 'asks what the host asks with policy Default',
    spec: { dnsPolicy: 'Default' },
    want: 'search corp.example\nnameserver 1.1.1.1\noptions timeout:2\n',
  },
  {
    name: 'asks what the host asks on the host network',
    spec: { hostNetwork: true },
    want: 'search corp.example\nnameserver 1.1.1.1\noptions timeout:2\n',
  },
  {
    name: 'asks the cluster on the host network if told to',
    spec: { hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' },
    want: 'search default.svc.cluster.local svc.cluster.local cluster.local corp.example\nnameserver 10.96.0.10\noptions ndots:5\n',
  },
  {
    name: 'has only its own settings with policy None',
    spec: {
      dnsPolicy: 'None',
      dnsConfig: { nameservers: ['9.9.9.9'], searches: ['x'], options: [{ name: 'ndots', value: '1' }] },
    },
    want: 'search x\nnameserver 9.9.9.9\noptions ndots:1\n',
  },
  {
    name: 'adds its own settings to the others',
    spec: { dnsConfig: { nameservers: ['9.9.9.9'], options: [{ name: 'ndots', value: '2' }, { name: 'edns0' }] } },
    want: 'search default.svc.cluster.local svc.cluster.local cluster.local corp.example\nnameserver 10.96.0.10\nnameserver 9.9.9.9\noptions ndots:2 edns0\n',
  },
])('the resolv.conf of a pod $name', ({ spec, want }) => {
  expect(resolvConfText(dnsConfigOf(pod({ containers: [container('web')], ...spec }), CLUSTER, HOST))).toBe(want);
});

test('name servers on the loopback of the node are asked through the cluster, but on the host network', () => {
  const host = parseResolvConf('search corp.example\nnameserver 127.0.0.11\nnameserver 1.1.1.1\noptions ndots:0\n');
  const asked = (spec: Partial<PodSpec>, servers = CLUSTER.servers) =>
    dnsConfigOf(pod({ containers: [container('web')], dnsPolicy: 'Default', ...spec }), { ...CLUSTER, servers }, host);
  expect(asked({})).toEqual({
    nameservers: ['10.96.0.10', '1.1.1.1'],
    searches: ['corp.example'],
    options: ['ndots:0'],
  });
  expect(asked({ hostNetwork: true }).nameservers).toEqual(['127.0.0.11', '1.1.1.1']);
  expect(asked({}, []).nameservers).toEqual(['127.0.0.11', '1.1.1.1']);
});

test('the hosts file names the pod, its subdomain and its aliases', () => {
  const wanted = pod({
    containers: [container('web')],
    hostname: 'db-0',
    subdomain: 'db',
    hostAliases: [{ ip: '1.2.3.4', hostnames: ['foo', 'bar'] }],
  });
  const text = hostsText(wanted, ['10.0.0.9'], 'cluster.local', '');
  expect(text.split('\n')).toContain('10.0.0.9\tdb-0.db.default.svc.cluster.local\tdb-0');
  expect(text).toContain('\n# Entries added by HostAliases.\n1.2.3.4\tfoo\tbar\n');
});

test('a pod is called by its name, its hostname, or its full name', () => {
  const named = (spec: Partial<PodSpec>) =>
    sandboxHostname(pod({ containers: [container('web')], ...spec }), 'cluster.local');
  expect(named({})).toBe('web');
  expect(named({ hostname: 'db-0', subdomain: 'db' })).toBe('db-0');
  expect(named({ hostname: 'db-0', subdomain: 'db', setHostnameAsFQDN: true })).toBe(
    'db-0.db.default.svc.cluster.local',
  );
});
