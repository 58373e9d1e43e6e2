import { decode, encode, RECURSION_DESIRED, type Packet } from 'dns-packet';
import { describe, expect, test } from 'vitest';
import { realClock } from '../../clock/clock.ts';
import { testEndpoint, testService, testSlice } from '../test-objects.ts';
import { Resolver } from './resolver.ts';
import { Zone } from './zone.ts';

const zone = new Zone();
zone.putNamespace('ns');
zone.putService(testService('web', { clusterIP: '10.96.0.1' }));
zone.putService(testService('big', { clusterIP: 'None' }));
zone.putSlice(
  testSlice(
    'big',
    Array.from({ length: 100 }, (_, index) => testEndpoint(`10.244.1.${index + 1}`)),
  ),
);
zone.putService(testService('out', { type: 'ExternalName', clusterIP: '', externalName: 'web.example' }));
zone.putService(testService('in', { type: 'ExternalName', clusterIP: '', externalName: 'web.ns.svc.cluster.local' }));
zone.putService(
  testService('round', { type: 'ExternalName', clusterIP: '', externalName: 'round.ns.svc.cluster.local' }),
);

const never = new AbortController().signal;

function resolver(
  options: { synced?: boolean; upstream?: (query: Buffer) => Buffer | undefined; random?: () => number } = {},
) {
  return new Resolver({
    forwarder: { ask: (query) => Promise.resolve(options.upstream?.(query)) },
    random: options.random ?? (() => 0),
    clock: realClock,
    view: () => ({ zone, domain: 'cluster.local', serial: 1, complete: options.synced ?? true }),
  });
}

async function ask(of: Resolver, name: string, transport: 'udp' | 'tcp' = 'udp'): Promise<Packet> {
  const query = encode({ type: 'query', id: 5, flags: RECURSION_DESIRED, questions: [{ type: 'A', name }] });
  const reply = await of.handle(Buffer.from(query), transport, never);
  if (reply === undefined) throw new Error('no reply');
  return decode(reply);
}

function answering(address: string): (query: Buffer) => Buffer {
  return (query) => {
    const { id = 0, questions = [] } = decode(query);
    const name = questions[0]?.name ?? '';
    return Buffer.from(
      encode({ type: 'response', id, questions, answers: [{ type: 'A', name, ttl: 9, data: address }] }),
    );
  };
}

test('answers for the cluster with authority, at once', () => {
  const query = Buffer.from(
    encode({ type: 'query', id: 5, questions: [{ type: 'A', name: 'web.ns.svc.cluster.local' }] }),
  );
  const reply = resolver().handle(query, 'udp', never);
  expect(reply).toBeInstanceOf(Buffer);
});

test('starts the list of addresses anywhere, so that clients that take the first one spread', async () => {
  const first = await ask(resolver({ random: () => 0.5 }), 'big.ns.svc.cluster.local', 'tcp');
  expect(first.answers).toHaveLength(100);
  expect(first.answers?.[0]).toMatchObject({ data: '10.244.1.51' });
});

test('cuts over UDP what does not fit and gives all of it over TCP', async () => {
  expect(await ask(resolver(), 'big.ns.svc.cluster.local')).toMatchObject({ flag_tc: true, answers: [] });
  expect(await ask(resolver(), 'big.ns.svc.cluster.local', 'tcp')).toMatchObject({ flag_tc: false });
});

describe('an ExternalName', () => {
  test('brings the addresses of its target from upstream', async () => {
    const { answers } = await ask(resolver({ upstream: answering('203.0.113.5') }), 'out.ns.svc.cluster.local');
    expect(answers).toMatchObject([
      { type: 'CNAME', data: 'web.example' },
      { type: 'A', name: 'web.example', data: '203.0.113.5' },
    ]);
  });

  test('brings the address of a Service of the cluster', async () => {
    const { answers } = await ask(resolver(), 'in.ns.svc.cluster.local');
    expect(answers).toMatchObject([
      { type: 'CNAME' },
      { type: 'A', name: 'web.ns.svc.cluster.local', data: '10.96.0.1' },
    ]);
  });

  test('is still an alias when nobody knows its target, and a circle of them ends', async () => {
    expect(await ask(resolver(), 'out.ns.svc.cluster.local')).toMatchObject({
      rcode: 'NOERROR',
      answers: [{ type: 'CNAME' }],
    });
    expect((await ask(resolver(), 'round.ns.svc.cluster.local')).answers?.length).toBeLessThan(12);
  });
});

test('tells nobody that a name does not exist before it knows the cluster', async () => {
  const upstream = () => {
    throw new Error('names of the cluster are not asked of others');
  };
  expect(await ask(resolver({ synced: false, upstream }), 'none.ns.svc.cluster.local')).toMatchObject({
    rcode: 'SERVFAIL',
  });
  expect(await ask(resolver(), 'none.ns.svc.cluster.local')).toMatchObject({ rcode: 'NXDOMAIN' });
});

test('says SERVFAIL when no server answers for other names', async () => {
  expect(await ask(resolver(), 'example.org')).toMatchObject({ rcode: 'SERVFAIL', id: 5 });
});
