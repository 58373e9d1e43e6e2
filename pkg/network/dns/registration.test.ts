import { describe, expect, test } from 'vitest';
import { ApiError } from '../../api/meta/status.ts';
import type { Node, Service } from '../../api/schema/generated/core.v1.gen.ts';
import type { EndpointSlice } from '../../api/schema/generated/discovery.v1.gen.ts';
import type { KubeObject, ResourceType } from '../../api/schema/resource-type.ts';
import type { Client, ObjectKey, ResourceClient } from '../../client/client.ts';
import { createClient } from '../../client/typed-client.ts';
import type { Transport, TransportRequest } from '../../client/transport.ts';
import {
  hasOthers,
  isRegistered,
  lostNodes,
  register,
  slicesToCorrect,
  wantedService,
  wantedSlice,
} from './registration.ts';

const registration = { clusterIp: '10.96.0.10', address: '10.244.0.1', port: 53, nodeName: 'n1' };
const never = new AbortController().signal;
const written = { uid: 'u', resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' };

/** An API server that keeps objects by their path and notes what was written. */
function server(objects: Record<string, KubeObject>): {
  client: Client;
  writes: string[];
  at: (path: string) => unknown;
} {
  const writes: string[] = [];
  const request = ({ method, path, body }: TransportRequest) => {
    const [plain = ''] = path.split('?');
    if (method !== 'GET') writes.push(`${method} ${plain.split('/').slice(-2).join('/')}`);
    if (method === 'GET') {
      const found = objects[plain];
      if (found === undefined) return Promise.reject(new ApiError('NotFound', 'not found'));
      return Promise.resolve({ status: 200, warnings: [], body: found });
    }
    const object = body as KubeObject; // the client under test sends nothing else
    const key = method === 'POST' ? `${plain}/${object.metadata.name}` : plain;
    if (method === 'DELETE') delete objects[plain];
    else objects[key] = { ...object, metadata: { ...written, ...object.metadata } };
    return Promise.resolve({ status: 200, warnings: [], body: objects[key] ?? {} });
  };
  const unused = () => Promise.reject(new Error('not used here'));
  const transport: Transport = {
    request,
    watch: unused,
    stream: unused,
    connect: unused,
    close: () => Promise.resolve(),
  };
  return { client: createClient(transport), writes, at: (path) => objects[path] };
}

const SERVICE = '/api/v1/namespaces/kube-system/services/kube-dns';
const SLICE = '/apis/discovery.k8s.io/v1/namespaces/kube-system/endpointslices/kube-dns-n1';
const service = (): KubeObject => {
  const wanted = wantedService(registration);
  return { ...wanted, metadata: { ...wanted.metadata, ...written, name: 'kube-dns' } };
};
const there = (): Record<string, KubeObject> => {
  const slice = wantedSlice(registration, undefined);
  return {
    [SERVICE]: service(),
    [SLICE]: { ...slice, metadata: { ...slice.metadata, ...written, name: 'kube-dns-n1' } },
  };
};

test('a server has others when one of another node is ready', () => {
  const mine = there()[SLICE] as EndpointSlice; // made by wantedSlice
  const other = (ready: boolean) => ({
    ...mine,
    endpoints: [{ addresses: ['10.244.1.1'], nodeName: 'n2', conditions: { ready } }],
  });
  expect([[mine], [mine, other(false)], [mine, other(true)]].map((all) => hasOthers(all, 'n1'))).toEqual([
    false,
    false,
    true,
  ]);
});

describe('registering', () => {
  test('makes the Service with its known address and a slice that goes with the node', async () => {
    const node = { apiVersion: 'v1', kind: 'Node', metadata: { ...written, name: 'n1', uid: 'node-uid' } };
    const { client, at } = server({ '/api/v1/nodes/n1': node });
    await register(client, registration, true, never);
    expect(at(SERVICE)).toMatchObject({
      spec: {
        clusterIP: '10.96.0.10',
        ports: [
          { name: 'dns', protocol: 'UDP' },
          { name: 'dns-tcp', protocol: 'TCP' },
        ],
      },
    });
    expect(at(SLICE)).toMatchObject({
      metadata: {
        labels: { 'kubernetes.io/service-name': 'kube-dns' },
        ownerReferences: [{ kind: 'Node', uid: 'node-uid' }],
      },
      endpoints: [{ addresses: ['10.244.0.1'], nodeName: 'n1', hints: { forNodes: [{ name: 'n1' }] } }],
    });
  });

  test('writes nothing when all is there', async () => {
    const { client, writes } = server(there());
    await register(client, registration, true, never);
    expect(writes).toEqual([]);
  });

  test('corrects a slice that says another address', async () => {
    const { client, writes, at } = server(there());
    await register(client, { ...registration, address: '10.244.9.1' }, true, never);
    expect(writes).toEqual(['PUT endpointslices/kube-dns-n1']);
    expect(at(SLICE)).toMatchObject({ endpoints: [{ addresses: ['10.244.9.1'] }] });
  });

  test('leaves a kube-dns alone that selects pods', async () => {
    const wanted = wantedService(registration);
    const selecting = { ...wanted, ...service(), spec: { ...wanted.spec, selector: { app: 'coredns' } } };
    const { client, writes } = server({ [SERVICE]: selecting });
    await register(client, registration, true, never);
    expect(writes).toEqual([]);
  });
});

test.each([
  { name: 'all is there', change: {}, want: true },
  { name: 'the port is another', change: { port: 5353 }, want: false },
  { name: 'the address is another', change: { address: '10.244.9.1' }, want: false },
])('knows whether it is registered when $name', async ({ change, want }) => {
  const { client } = server(there());
  const get = async <T extends KubeObject>(type: ResourceType<T>, key: ObjectKey): Promise<T> => {
    const resource: ResourceClient<T> = client.resource(type);
    return await resource.get(key, never);
  };
  const { services, endpointSlices } = await import('../../api/resources.ts');
  const service = await get(services, { namespace: 'kube-system', name: 'kube-dns' });
  const slice = await get(endpointSlices, { namespace: 'kube-system', name: 'kube-dns-n1' });
  expect(isRegistered(service, slice, { ...registration, ...change })).toBe(want);
  expect(isRegistered(undefined, slice, registration)).toBe(false);
  expect(isRegistered(service, undefined, registration)).toBe(false);
});

describe('the server of a lost node', () => {
  const node = (name: string, ready: string): Node => ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { ...written, name },
    spec: {},
    status: { conditions: [{ type: 'Ready', status: ready }] },
  });
  const slice = (nodeName: string, ready = true): EndpointSlice => {
    const draft = wantedSlice({ ...registration, nodeName }, undefined, ready);
    const metadata = { ...draft.metadata, ...written, name: `kube-dns-${nodeName}` };
    return { ...draft, metadata, addressType: 'IPv4', endpoints: draft.endpoints ?? [] };
  };

  test.each<{ name: string; states: Record<string, string>; lost: string[] }>([
    { name: 'one that is silent', states: { a: 'True', b: 'Unknown' }, lost: ['b'] },
    { name: 'not one that says of itself that it is not ready', states: { a: 'True', b: 'False' }, lost: [] },
    { name: 'none when all are silent', states: { a: 'Unknown', b: 'Unknown' }, lost: [] },
    { name: 'none of none', states: {}, lost: [] },
  ])('is $name', ({ states, lost }) => {
    expect([...lostNodes(Object.entries(states).map(([name, ready]) => node(name, ready)))]).toEqual(lost);
  });

  test('is not ready any more by the word of one other server, and ready again when the node is back', () => {
    const all = [slice('a'), slice('b'), slice('c')];
    const lost = new Set(['b']);
    const corrected = slicesToCorrect(all, 'a', lost);
    expect(corrected.map(({ metadata }) => metadata.name)).toEqual(['kube-dns-b']);
    expect(corrected[0]?.endpoints?.[0]?.conditions).toEqual({ ready: false, serving: false, terminating: false });
    expect(slicesToCorrect(all, 'c', lost)).toEqual([]);
    expect(slicesToCorrect(all, 'b', lost)).toEqual([]);
    expect(slicesToCorrect([slice('a'), slice('b', false)], 'a', lost)).toEqual([]);
    expect(slicesToCorrect([slice('a'), slice('b', false)], 'a', new Set())).toHaveLength(1);
  });

  test('passes the task on when it was its own', () => {
    expect(slicesToCorrect([slice('a'), slice('b')], 'b', new Set(['a']))).toHaveLength(1);
  });

  test('leaves slices alone that somebody else made', () => {
    const foreign = { ...slice('b'), metadata: { ...slice('b').metadata, labels: {} } };
    expect(slicesToCorrect([slice('a'), foreign], 'a', new Set(['b']))).toEqual([]);
  });

  test('says so itself when it hears of it', () => {
    const own = slice('n1');
    const there = { ...wantedService(registration), ...service() } as Service; // what the server has, with all its fields
    expect(isRegistered(there, own, registration, false)).toBe(false);
    expect(isRegistered(there, slice('n1', false), registration, false)).toBe(true);
  });
});
