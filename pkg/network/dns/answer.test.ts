// The cluster's names as clients ask them; the rules are those of the Kubernetes DNS specification and CoreDNS.
import { describe, expect, test } from 'vitest';
import { testEndpoint, testService, testSlice } from '../test-objects.ts';
import { answer } from './answer.ts';
import type { Answer, DnsRecord } from './records.ts';
import { Zone } from './zone.ts';

const DOMAIN = 'cluster.local';
const zone = new Zone();
for (const name of ['ns', 'empty']) zone.putNamespace(name);
const http = [
  { name: 'http', port: 80, protocol: 'TCP' },
  { name: 'metrics', port: 9090, protocol: 'TCP' },
];
zone.putService(testService('web', { clusterIP: '10.96.0.1', ports: http }));
zone.putSlice(testSlice('web', [testEndpoint('10.244.0.7')], { ports: http }));
zone.putService(testService('dual', { clusterIP: '10.96.0.2', clusterIPs: ['10.96.0.2', 'fd00::2'] }));
zone.putService(testService('db', { clusterIP: 'None' }));
zone.putSlice(
  testSlice(
    'db',
    [
      testEndpoint('10.244.0.1', { hostname: 'db-0' }),
      testEndpoint('10.244.0.2', { hostname: 'db-1' }),
      testEndpoint('10.244.0.3'),
      testEndpoint('10.244.0.4', { hostname: 'db-3', state: 'leaving' }),
    ],
    { ports: [{ name: 'sql', port: 5432, protocol: 'TCP' }] },
  ),
);
zone.putService(testService('early', { clusterIP: 'None', publishNotReadyAddresses: true }));
zone.putSlice(testSlice('early', [testEndpoint('10.244.0.5', { state: 'gone' })]));
zone.putService(testService('idle', { clusterIP: 'None' }));
zone.putService(testService('portless', { clusterIP: 'None', ports: [] }));
zone.putSlice(testSlice('portless', [testEndpoint('10.244.0.6')], { ports: [] }));
zone.putService(testService('alias', { type: 'ExternalName', clusterIP: '', externalName: 'example.org.' }));

function ask(name: string, type = 'A'): Answer {
  return answer({ name, type }, { zone, domain: DOMAIN, serial: 7, complete: true });
}
function show(record: DnsRecord): string {
  if (record.type === 'SRV') return `SRV ${record.data.port} ${record.data.target}`;
  if (record.type === 'SOA') return `SOA ${record.name}`;
  return `${record.type} ${record.data}`;
}
function shown(name: string, type?: string): string[] | string {
  const found = ask(name, type);
  if (found.from === 'elsewhere') return 'elsewhere';
  return found.code === 'NOERROR' ? found.answers.map(show) : found.code;
}

describe('an address of', () => {
  test.each([
    { name: 'web.ns.svc.cluster.local', want: ['A 10.96.0.1'] },
    { name: 'WEB.ns.SVC.cluster.local', want: ['A 10.96.0.1'] },
    { name: 'web.ns.svc.cluster.local', type: 'AAAA', want: [] },
    { name: 'dual.ns.svc.cluster.local', type: 'AAAA', want: ['AAAA fd00::2'] },
    { name: 'dual.ns.svc.cluster.local', type: 'ANY', want: ['A 10.96.0.2', 'AAAA fd00::2'] },
    { name: 'db.ns.svc.cluster.local', want: ['A 10.244.0.1', 'A 10.244.0.2', 'A 10.244.0.3'] },
    { name: 'db-0.db.ns.svc.cluster.local', want: ['A 10.244.0.1'] },
    { name: '10-244-0-3.db.ns.svc.cluster.local', want: ['A 10.244.0.3'] },
    { name: '10-244-0-7.web.ns.svc.cluster.local', want: ['A 10.244.0.7'] },
    { name: 'db-3.db.ns.svc.cluster.local', want: 'NXDOMAIN' },
    { name: 'early.ns.svc.cluster.local', want: ['A 10.244.0.5'] },
    { name: 'portless.ns.svc.cluster.local', want: ['A 10.244.0.6'] },
    { name: 'idle.ns.svc.cluster.local', want: 'NXDOMAIN' },
    { name: 'none.ns.svc.cluster.local', want: 'NXDOMAIN' },
    { name: 'web.other.svc.cluster.local', want: 'NXDOMAIN' },
    { name: 'a.b.web.ns.svc.cluster.local', want: 'NXDOMAIN' },
    { name: '10-244-0-9.ns.pod.cluster.local', want: ['A 10.244.0.9'] },
    { name: '10-244-0-9.gone.pod.cluster.local', want: 'NXDOMAIN' },
    { name: '10-244-0-999.ns.pod.cluster.local', want: 'NXDOMAIN' },
    { name: 'fd00--9.ns.pod.cluster.local', type: 'AAAA', want: ['AAAA fd00::9'] },
    { name: 'example.org.ns.svc.cluster.local', want: 'NXDOMAIN' },
    { name: 'example.org.svc.cluster.local', want: 'NXDOMAIN' },
    { name: 'example.org.cluster.local', want: 'NXDOMAIN' },
    { name: 'example.org', want: 'elsewhere' },
    { name: 'notcluster.local', want: 'elsewhere' },
  ])('$name $type is $want', ({ name, type, want }) => {
    expect(shown(name, type)).toEqual(want);
  });
});

test.each([{ name: 'ns.svc' }, { name: 'empty.svc' }, { name: 'svc' }, { name: 'pod' }, { name: 'ns.pod' }])(
  '$name exists without having an address',
  ({ name }) => {
    expect(ask(`${name}.${DOMAIN}`)).toMatchObject({ code: 'NOERROR', answers: [], authorities: [{ type: 'SOA' }] });
  },
);

test('tells a name that does not exist from a type that a name does not have, both with SOA', () => {
  expect(ask('none.ns.svc.cluster.local')).toMatchObject({
    code: 'NXDOMAIN',
    authorities: [{ type: 'SOA', name: DOMAIN }],
  });
  expect(ask('web.ns.svc.cluster.local', 'MX')).toMatchObject({
    code: 'NOERROR',
    answers: [],
    authorities: [{ type: 'SOA', name: DOMAIN }],
  });
});

describe('SRV', () => {
  test('of a named port of a Service leads to the Service', () => {
    const found = ask('_http._tcp.web.ns.svc.cluster.local', 'SRV');
    expect(found).toMatchObject({
      answers: [{ type: 'SRV', data: { priority: 0, weight: 100, port: 80, target: 'web.ns.svc.cluster.local' } }],
      additionals: [{ type: 'A', name: 'web.ns.svc.cluster.local', data: '10.96.0.1' }],
    });
  });

  test('of a headless Service leads to each endpoint by its own name', () => {
    const found = ask('_sql._tcp.db.ns.svc.cluster.local', 'SRV');
    expect(found.from === 'cluster' && found.answers.map(show)).toEqual([
      'SRV 5432 db-0.db.ns.svc.cluster.local',
      'SRV 5432 db-1.db.ns.svc.cluster.local',
      'SRV 5432 10-244-0-3.db.ns.svc.cluster.local',
    ]);
    expect(found.from === 'cluster' && found.additionals.map(show)).toEqual([
      'A 10.244.0.1',
      'A 10.244.0.2',
      'A 10.244.0.3',
    ]);
  });

  test.each([
    { name: '_smtp._tcp.web.ns', want: 'NXDOMAIN' },
    { name: '_http._udp.web.ns', want: 'NXDOMAIN' },
    { name: '_http.web.ns', want: 'NXDOMAIN' },
    { name: 'http._tcp.web.ns', want: 'NXDOMAIN' },
    { name: 'web.ns', want: ['SRV 80 web.ns.svc.cluster.local', 'SRV 9090 web.ns.svc.cluster.local'] },
  ])('$name is $want', ({ name, want }) => {
    expect(shown(`${name}.svc.${DOMAIN}`, 'SRV')).toEqual(want);
  });
});

describe('a reverse name', () => {
  test.each([
    { name: '1.0.96.10.in-addr.arpa', want: ['PTR web.ns.svc.cluster.local'] },
    { name: '1.0.244.10.in-addr.arpa', want: ['PTR db-0.db.ns.svc.cluster.local'] },
    { name: '3.0.244.10.in-addr.arpa', want: 'elsewhere' },
    { name: '1.1.1.1.in-addr.arpa', want: 'elsewhere' },
    { name: '96.10.in-addr.arpa', want: 'elsewhere' },
    {
      name: '2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa',
      want: ['PTR dual.ns.svc.cluster.local'],
    },
  ])('$name is $want', ({ name, want }) => {
    expect(shown(name, 'PTR')).toEqual(want);
  });
});

test('an ExternalName is an alias whose target is looked up too', () => {
  expect(ask('alias.ns.svc.cluster.local')).toMatchObject({
    answers: [{ type: 'CNAME', data: 'example.org' }],
    chase: 'example.org',
  });
  expect(ask('alias.ns.svc.cluster.local', 'CNAME')).not.toHaveProperty('chase');
});

test('the domain has SOA and NS, and tells the version of the rules it follows', () => {
  expect(shown(DOMAIN, 'SOA')).toEqual(['SOA cluster.local']);
  expect(shown(DOMAIN, 'NS')).toEqual(['NS ns.dns.cluster.local']);
  expect(shown('dns-version.cluster.local', 'TXT')).toEqual(['TXT 1.1.0']);
});

test('a zone forgets what is removed and what moved', () => {
  const changing = new Zone();
  changing.putNamespace('ns');
  const view = { zone: changing, domain: DOMAIN, serial: 1, complete: true };
  const service = testService('a', { clusterIP: '10.96.0.9' });
  changing.putService(service);
  changing.putService(testService('a', { clusterIP: '10.96.0.10' }));
  expect(answer({ name: '9.0.96.10.in-addr.arpa', type: 'PTR' }, view)).toEqual({ from: 'elsewhere' });
  const slice = testSlice('a', [testEndpoint('10.244.0.1', { hostname: 'a-0' })]);
  changing.putSlice(slice);
  changing.putSlice(testSlice('a', [testEndpoint('10.244.0.2', { hostname: 'a-0' })]));
  expect(answer({ name: 'a-0.a.ns.svc.cluster.local', type: 'A' }, view)).toMatchObject({
    answers: [{ data: '10.244.0.2' }],
  });
  expect(answer({ name: '1.0.244.10.in-addr.arpa', type: 'PTR' }, view)).toEqual({ from: 'elsewhere' });
  changing.removeSlice(slice);
  changing.removeService(service);
  expect(answer({ name: 'a.ns.svc.cluster.local', type: 'A' }, view)).toMatchObject({ code: 'NXDOMAIN' });
});

test('while the zone is still being read, what is in it is told, and nobody hears that something does not exist', () => {
  const view = { zone, domain: DOMAIN, serial: 1, complete: false };
  const found = (name: string) => answer({ name, type: 'A' }, view);
  expect(found('web.ns.svc.cluster.local')).toMatchObject({ code: 'NOERROR', answers: [{ data: '10.96.0.1' }] });
  expect(found('none.ns.svc.cluster.local')).toMatchObject({ code: 'SERVFAIL', authorities: [] });
  expect(found('example.org')).toEqual({ from: 'elsewhere' });
});
