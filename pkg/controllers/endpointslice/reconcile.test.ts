import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Service } from '../../api/schema/generated/core.v1.gen.ts';
import type { Endpoint, EndpointSlice } from '../../api/schema/generated/discovery.v1.gen.ts';
import type { Draft } from '../../api/schema/resource-type.ts';
import { meta, node, pod, service } from '../testing/objects.ts';
import { isMirrored, planMirror } from './mirror.ts';
import { pack } from './pack.ts';
import { planSlices } from './reconcile.ts';

const zoned = node('n1', 'True');
zoned.metadata.labels = { 'topology.kubernetes.io/zone': 'z1' };
const nodeOf = (name: string) => (name === 'n1' ? zoned : name === 'n2' ? node('n2', 'True') : undefined);

function stored(draft: Draft<EndpointSlice>, name: string): EndpointSlice {
  return { ...draft, metadata: { ...meta(name), ...draft.metadata, name } };
}

/** One turn of the controller, on what the turn before left. */
function settle(
  one: Service,
  pods: Parameters<typeof planSlices>[1],
  slices: readonly EndpointSlice[] = [],
): EndpointSlice[] {
  const plan = planSlices(one, pods, slices, nodeOf);
  const updated = slices.map(
    (slice) => plan.update.find(({ metadata }) => metadata.name === slice.metadata.name) ?? slice,
  );
  return [
    ...updated.filter((slice) => !plan.remove.some(({ metadata }) => metadata.name === slice.metadata.name)),
    ...plan.create.map((draft, i) => stored(draft, `new-${slices.length}-${i}`)),
  ];
}

const only = (slices: readonly EndpointSlice[]) => {
  const [slice] = slices;
  if (slice === undefined || slices.length > 1) expect.fail(`${slices.length} slices`);
  return slice;
};

describe('the slice of a service', () => {
  test('has labels, owner, ports and endpoints as Kubernetes writes them', () => {
    const one = service(
      { ports: [{ name: 'http', port: 80, targetPort: 8080, protocol: 'TCP', appProtocol: 'h2c' }] },
      { labels: { team: 'x', 'endpointslice.kubernetes.io/managed-by': 'me' } },
    );
    const slice = only(settle(one, [pod('a', { ip: '10.1.0.1', node: 'n1', readyFor: 5 })]));
    expect(slice).toMatchObject({
      addressType: 'IPv4',
      metadata: {
        generateName: 'web-',
        labels: {
          team: 'x',
          'kubernetes.io/service-name': 'web',
          'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
        },
        ownerReferences: [{ kind: 'Service', name: 'web', controller: true, blockOwnerDeletion: true }],
      },
      ports: [{ name: 'http', port: 8080, protocol: 'TCP', appProtocol: 'h2c' }],
    });
    expect(slice.endpoints).toEqual([
      {
        addresses: ['10.1.0.1'],
        conditions: { ready: true, serving: true, terminating: false },
        targetRef: { kind: 'Pod', namespace: 'ns', name: 'a', uid: 'uid-a' },
        nodeName: 'n1',
        zone: 'z1',
      },
    ]);
  });

  test.each([
    { name: 'ready', line: { readyFor: 5 }, spec: {}, want: { ready: true, serving: true, terminating: false } },
    { name: 'not ready', line: {}, spec: {}, want: { ready: false, serving: false, terminating: false } },
    {
      name: 'going but still serving',
      line: { readyFor: 5, terminating: true },
      spec: {},
      want: { ready: false, serving: true, terminating: true },
    },
    {
      name: 'not ready but to be published',
      line: {},
      spec: { publishNotReadyAddresses: true },
      want: { ready: true, serving: false, terminating: false },
    },
  ])('says of a pod that it is $name', ({ line, spec, want }) => {
    const slice = only(settle(service(spec), [pod('a', { ip: '10.1.0.1', node: 'n1', ...line })]));
    expect(slice.endpoints?.[0]?.conditions).toEqual(want);
  });

  test.each([
    { name: 'finished', one: pod('a', { ip: '10.1.0.1', node: 'n1', phase: 'Succeeded' }) },
    { name: 'without an address', one: pod('a', { node: 'n1', readyFor: 5 }) },
    { name: 'of another address family', one: pod('a', { ip: 'fd00::1', node: 'n1', readyFor: 5 }) },
    { name: 'of a node that is not known', one: pod('a', { ip: '10.1.0.1', node: 'ghost', readyFor: 5 }) },
  ])('leaves out a pod that is $name, and then is an empty placeholder', ({ one }) => {
    const slice = only(settle(service(), [one]));
    expect([slice.endpoints, slice.ports]).toEqual([[], []]);
    expect(planSlices(service(), [one], [slice], nodeOf)).toMatchObject({ create: [], update: [], remove: [] });
  });

  test('marks headless services, and names pods that belong to them by hostname', () => {
    const one = service({ clusterIP: 'None', ports: undefined });
    const named = pod('a', { ip: '10.1.0.1', node: 'n1', readyFor: 5, spec: { hostname: 'db-0', subdomain: 'web' } });
    const slice = only(settle(one, [named]));
    expect(slice.metadata.labels?.['service.kubernetes.io/headless']).toBe('');
    expect(slice.endpoints?.[0]?.hostname).toBe('db-0');
    expect(slice.ports).toEqual([]);
  });

  test('is one for each set of ports that a named port leads to', () => {
    const one = service({ ports: [{ name: 'w', port: 80, targetPort: 'web', protocol: 'TCP' }] });
    const at = (name: string, ip: string, containerPort: number) =>
      pod(name, {
        ip,
        node: 'n1',
        readyFor: 5,
        spec: { containers: [{ name: 'c', ports: [{ name: 'web', containerPort, protocol: 'TCP' }] }] },
      });
    const slices = settle(one, [
      at('a', '10.1.0.1', 8080),
      at('b', '10.1.0.2', 9090),
      pod('c', { ip: '10.1.0.3', node: 'n1', readyFor: 5 }),
    ]);
    expect(
      slices.map((slice) => [
        slice.ports?.map(({ port }) => port),
        slice.endpoints?.map(({ addresses }) => addresses[0]),
      ]),
    ).toEqual([
      [[8080], ['10.1.0.1']],
      [[9090], ['10.1.0.2']],
      [[], ['10.1.0.3']],
    ]);
  });

  test('is one for each address family of the service', () => {
    const one = service({ ipFamilies: ['IPv4', 'IPv6'] });
    const dual = pod('a', { node: 'n1', readyFor: 5 });
    dual.status.podIPs = [{ ip: '10.1.0.1' }, { ip: 'fd00::1' }];
    expect(settle(one, [dual]).map((slice) => [slice.addressType, slice.endpoints?.[0]?.addresses])).toEqual([
      ['IPv4', ['10.1.0.1']],
      ['IPv6', ['fd00::1']],
    ]);
  });

  test('hints at the zone or node when the service wants close endpoints', () => {
    const hints = (trafficDistribution: string) =>
      only(settle(service({ trafficDistribution }), [pod('a', { ip: '10.1.0.1', node: 'n1', readyFor: 5 })]))
        .endpoints?.[0]?.hints;
    expect(hints('PreferClose')).toEqual({ forZones: [{ name: 'z1' }] });
    expect(hints('PreferSameNode')).toEqual({ forZones: [{ name: 'z1' }], forNodes: [{ name: 'n1' }] });
  });
});

describe('packing', () => {
  const endpoint = (name: string, ready = true): Endpoint => ({
    addresses: [`10.0.0.${name}`],
    conditions: { ready },
    targetRef: { kind: 'Pod', name, uid: name, namespace: 'ns' },
  });
  const slice = (name: string, endpoints: Endpoint[]): EndpointSlice => ({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: meta(name),
    addressType: 'IPv4',
    endpoints,
  });
  const many = (from: number, count: number) => Array.from({ length: count }, (_, i) => endpoint(String(from + i)));

  test.each([
    {
      name: 'opens new slices of 100',
      have: [] as number[],
      want: 250,
      result: { create: [100, 100, 50], update: 0, remove: 0 },
    },
    { name: 'fills a slice that has room', have: [50], want: 60, result: { create: [], update: 1, remove: 0 } },
    {
      name: 'writes nothing when nothing changed',
      have: [100, 50],
      want: 150,
      result: { create: [], update: 0, remove: 0 },
    },
    { name: 'removes what is empty', have: [100, 50], want: 100, result: { create: [], update: 0, remove: 1 } },
    {
      name: 'opens a new one rather than touch a full one',
      have: [100],
      want: 101,
      result: { create: [1], update: 0, remove: 0 },
    },
  ])('$name', ({ have, want, result }) => {
    let next = 0;
    const slices = have.map((count, i) => slice(`s${i}`, many((next += count) - count, count)));
    const packing = pack(slices, many(0, want));
    expect({
      create: packing.create.map((part) => part.length),
      update: packing.update.length,
      remove: packing.remove.length,
    }).toEqual(result);
  });

  test('changes only the slice of the endpoint that changed', () => {
    const slices = [slice('a', many(0, 100)), slice('b', many(100, 10))];
    const packing = pack(slices, [...many(0, 109), endpoint('109', false)]);
    expect(packing.update.map((update) => update.slice.metadata.name)).toEqual(['b']);
    expect(packing.create).toEqual([]);
  });

  test('keeps every endpoint exactly once, in slices that are never too large, and then rests', () => {
    const names = fc.uniqueArray(fc.nat(60), { maxLength: 40 });
    fc.assert(
      fc.property(fc.array(names, { minLength: 1, maxLength: 8 }), (states) => {
        let slices: EndpointSlice[] = [];
        for (const [turn, state] of states.entries()) {
          const desired = state.map((name) => endpoint(String(name)));
          const packing = pack(slices, desired, 5);
          slices = slices
            .filter((one) => !packing.remove.includes(one))
            .map((one): EndpointSlice => ({
              ...one,
              endpoints: [...(packing.update.find((update) => update.slice === one)?.endpoints ?? one.endpoints ?? [])],
            }))
            .concat(packing.create.map((part, i) => slice(`${turn}-${i}`, [...part])));
          const held = slices.flatMap((one) => one.endpoints ?? []).map(({ targetRef }) => Number(targetRef?.name));
          expect(held.toSorted((a, b) => a - b)).toEqual(state.toSorted((a, b) => a - b));
          expect(slices.every((one) => (one.endpoints?.length ?? 0) <= 5 && (one.endpoints?.length ?? 0) > 0)).toBe(
            true,
          );
          const again = pack(slices, desired, 5);
          expect([again.create, again.update, again.remove]).toEqual([[], [], []]);
        }
      }),
    );
  });
});

describe('mirroring', () => {
  const endpoints = {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: meta('ext', { labels: { team: 'x' } }),
    subsets: [
      {
        addresses: [{ ip: '192.0.2.1' }, { ip: 'fd00::9' }],
        notReadyAddresses: [{ ip: '192.0.2.2' }],
        ports: [{ port: 5432, protocol: 'TCP' }],
      },
    ],
  };
  test('makes a slice for each family, owned by the endpoints', () => {
    const plan = planMirror(endpoints, []);
    expect(
      plan.create.map(({ addressType, endpoints: list }) => [
        addressType,
        list?.map(({ addresses, conditions }) => [addresses[0], conditions?.ready]),
      ]),
    ).toEqual([
      [
        'IPv4',
        [
          ['192.0.2.1', true],
          ['192.0.2.2', false],
        ],
      ],
      ['IPv6', [['fd00::9', true]]],
    ]);
    expect(plan.create[0]?.metadata).toMatchObject({
      labels: {
        team: 'x',
        'kubernetes.io/service-name': 'ext',
        'endpointslice.kubernetes.io/managed-by': 'endpointslicemirroring-controller.k8s.io',
      },
      ownerReferences: [{ kind: 'Endpoints', name: 'ext' }],
    });
    const slices = plan.create.map((draft, i) => stored(draft, `m${i}`));
    expect(planMirror(endpoints, slices)).toEqual({ create: [], update: [], remove: [] });
    expect(planMirror({ ...endpoints, subsets: [] }, slices).remove).toEqual(slices);
  });

  test('leaves alone what asks for it and what elects leaders', () => {
    const marked = (more: object) => isMirrored({ ...endpoints, metadata: meta('e', more) });
    expect([
      marked({}),
      marked({ labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } }),
      marked({ annotations: { 'control-plane.alpha.kubernetes.io/leader': '{}' } }),
    ]).toEqual([true, false, false]);
  });
});
