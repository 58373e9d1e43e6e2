// The API server's behaviour as clients see it; every case runs over both transports, which must not differ.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ApiError } from '../api/meta/status.ts';
import type { RawWatchEvent, Transport } from '../client/transport.ts';
import { startServerUnderTest, type ServerUnderTest } from './testing/server-under-test.ts';

let server: ServerUnderTest;

beforeAll(async () => {
  server = await startServerUnderTest();
  await server.direct.request({
    method: 'POST',
    path: '/api/v1/namespaces/default/serviceaccounts',
    body: { metadata: { name: 'default' } },
  });
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

let counter = 0;

/** A namespace of the test's own. */
async function freshNamespace(transport: Transport): Promise<string> {
  const name = `t${++counter}`;
  await transport.request({ method: 'POST', path: '/api/v1/namespaces', body: { metadata: { name } } });
  return name;
}

interface Answer {
  readonly status: number;
  // Tests look at whatever field they are about.
  readonly body: Readonly<Record<string, unknown>>;
  readonly warnings: readonly string[];
}

async function ask(
  transport: Transport,
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  path: string,
  body?: unknown,
  contentType?: string,
): Promise<Answer> {
  try {
    const answer = await transport.request({
      method,
      path,
      ...(body !== undefined && { body }),
      ...(contentType !== undefined && { contentType }),
    });
    return { status: answer.status, body: answer.body as Answer['body'], warnings: answer.warnings };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return { status: error.code, body: { ...error.status }, warnings: [] };
  }
}

function at(value: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (found, name) => (typeof found === 'object' && found !== null ? Reflect.get(found, name) : undefined),
      value,
    );
}

async function take(events: AsyncIterable<RawWatchEvent>, count: number): Promise<RawWatchEvent[]> {
  const taken: RawWatchEvent[] = [];
  for await (const event of events) {
    taken.push(event);
    if (taken.length === count) break;
  }
  return taken;
}

const named = (events: readonly RawWatchEvent[]) =>
  events.map(({ type, object }) => `${type} ${String(at(object, 'metadata.name'))}`);

describe.each(['direct', 'https'] as const)('over %s', (kind) => {
  const transport = () => server[kind];

  test('what was created can be read, listed and found by its labels', async () => {
    const ns = await freshNamespace(transport());
    const path = `/api/v1/namespaces/${ns}/configmaps`;
    const created = await ask(transport(), 'POST', path, {
      metadata: { name: 'a', labels: { x: '1' } },
      data: { k: 'v' },
    });
    await ask(transport(), 'POST', path, { metadata: { name: 'b' } });
    expect(created.status).toBe(201);
    expect(at(created.body, 'metadata.uid')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4/);
    const read = await ask(transport(), 'GET', `${path}/a`);
    expect(read.body).toEqual(created.body);
    const listed = await ask(transport(), 'GET', `${path}?labelSelector=x%3D1`);
    expect(at(listed.body, 'items.length')).toBe(1);
    expect(at(listed.body, 'items.0.metadata.name')).toBe('a');
    expect(at(listed.body, 'items.0.kind') ?? 'ConfigMap').toBe('ConfigMap');
  });

  test('a list is never older than the last acknowledged write', async () => {
    const ns = await freshNamespace(transport());
    const path = `/api/v1/namespaces/${ns}/configmaps`;
    for (let i = 0; i < 20; i++) {
      await ask(transport(), 'POST', path, { metadata: { name: `c${i}` } });
      const { body } = await ask(transport(), 'GET', path);
      expect(at(body, 'items.length')).toBe(i + 1);
    }
  });

  test('pages show the state of the first page, whatever changes in between', async () => {
    const ns = await freshNamespace(transport());
    const path = `/api/v1/namespaces/${ns}/configmaps`;
    for (const name of ['a', 'b', 'c', 'd']) await ask(transport(), 'POST', path, { metadata: { name } });
    const first = await ask(transport(), 'GET', `${path}?limit=2`);
    expect(at(first.body, 'metadata.remainingItemCount')).toBe(2);
    await ask(transport(), 'DELETE', `${path}/c`);
    await ask(transport(), 'POST', path, { metadata: { name: 'e' } });
    const rest = await ask(
      transport(),
      'GET',
      `${path}?limit=2&continue=${String(at(first.body, 'metadata.continue'))}`,
    );
    expect([at(rest.body, 'items.0.metadata.name'), at(rest.body, 'items.1.metadata.name')]).toEqual(['c', 'd']);
    expect(at(rest.body, 'metadata.resourceVersion')).toBe(at(first.body, 'metadata.resourceVersion'));
  });

  test.each([
    {
      name: 'an object that is not there',
      method: 'GET',
      path: '/api/v1/namespaces/default/configmaps/none',
      status: 404,
      message: 'configmaps "none" not found',
    },
    {
      name: 'a resource that is not there',
      method: 'GET',
      path: '/api/v1/bananas',
      status: 404,
      message: 'the server could not find the requested resource',
    },
    {
      name: 'a verb that a resource does not have',
      method: 'DELETE',
      path: '/api/v1/namespaces',
      status: 405,
      message: 'the server does not allow this method on the requested resource',
    },
    {
      name: 'a create in a namespace that is not there',
      method: 'POST',
      path: '/api/v1/namespaces/none/configmaps',
      body: { metadata: { name: 'a' } },
      status: 404,
      message: 'namespaces "none" not found',
    },
    {
      name: 'a field that is no selector',
      method: 'GET',
      path: '/api/v1/pods?fieldSelector=spec.foo%3Dx',
      status: 400,
      message: 'field label not supported: spec.foo',
    },
    {
      name: 'a limit that is no number',
      method: 'GET',
      path: '/api/v1/pods?limit=x',
      status: 400,
      message: 'strconv.ParseInt: parsing "x": invalid syntax',
    },
    {
      name: 'a deletion of a namespace of the system',
      method: 'DELETE',
      path: '/api/v1/namespaces/default',
      status: 403,
      message: 'namespaces "default" is forbidden: this namespace may not be deleted',
    },
    {
      name: 'a review in a namespace about another',
      method: 'POST',
      path: '/apis/authorization.k8s.io/v1/namespaces/default/localsubjectaccessreviews',
      body: { spec: { user: 'x', resourceAttributes: { namespace: 'other', verb: 'get' } } },
      status: 422,
      message:
        'LocalSubjectAccessReview.authorization.k8s.io "" is invalid: spec.resourceAttributes.namespace: Invalid value: "other": must match metadata.namespace',
    },
    {
      name: 'a review with a name',
      method: 'POST',
      path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
      body: { metadata: { name: 'x', creationTimestamp: null }, spec: { nonResourceAttributes: { path: '/' } } },
      status: 422,
      message:
        'SelfSubjectAccessReview.authorization.k8s.io "" is invalid: metadata: Invalid value: {"name":"x"}: must be empty',
    },
    {
      name: 'a review of rules in no namespace',
      method: 'POST',
      path: '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews',
      body: { spec: {} },
      status: 400,
      message: 'no namespace on request',
    },
    {
      name: 'a request for a token of another namespace',
      method: 'POST',
      path: '/api/v1/namespaces/default/serviceaccounts/default/token',
      body: { metadata: { namespace: 'other' }, spec: {} },
      status: 400,
      message: 'the namespace of the provided object does not match the namespace sent on the request',
    },
    {
      name: 'a strange propagation policy',
      method: 'DELETE',
      path: '/api/v1/namespaces/x?propagationPolicy=Foo',
      status: 422,
      message:
        'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: "Foo": supported values: "Foreground", "Background", "Orphan", "nil"',
    },
  ] as const)('refuses $name with the sentence of Kubernetes', async ({ method, path, status, message, ...rest }) => {
    const answer = await ask(transport(), method, path, 'body' in rest ? rest.body : undefined);
    expect({ status: answer.status, message: at(answer.body, 'message') }).toEqual({ status, message });
  });

  test('an update of an older version is a conflict, and one without a version wins', async () => {
    const ns = await freshNamespace(transport());
    const path = `/api/v1/namespaces/${ns}/configmaps`;
    const { body } = await ask(transport(), 'POST', path, { metadata: { name: 'a' } });
    const resourceVersion = at(body, 'metadata.resourceVersion');
    await ask(transport(), 'PUT', `${path}/a`, { metadata: { name: 'a' }, data: { k: '1' } });
    const late = await ask(transport(), 'PUT', `${path}/a`, {
      metadata: { name: 'a', resourceVersion },
      data: { k: '2' },
    });
    expect(late.status).toBe(409);
    expect(at((await ask(transport(), 'GET', `${path}/a`)).body, 'data.k')).toBe('1');
  });

  test('patches that race all arrive', async () => {
    const ns = await freshNamespace(transport());
    const path = `/api/v1/namespaces/${ns}/configmaps`;
    await ask(transport(), 'POST', path, { metadata: { name: 'a' } });
    const keys = Array.from({ length: 12 }, (_, index) => `k${index}`);
    await Promise.all(
      keys.map((key) =>
        ask(transport(), 'PATCH', `${path}/a`, { data: { [key]: 'x' } }, 'application/merge-patch+json'),
      ),
    );
    expect(Object.keys(at((await ask(transport(), 'GET', `${path}/a`)).body, 'data') ?? {}).sort()).toEqual(
      keys.sort(),
    );
  });

  test('an update that changes nothing writes nothing', async () => {
    const ns = await freshNamespace(transport());
    const path = `/api/v1/namespaces/${ns}/configmaps`;
    const { body } = await ask(transport(), 'POST', path, { metadata: { name: 'a' }, data: { k: 'v' } });
    const again = await ask(transport(), 'PATCH', `${path}/a`, { data: { k: 'v' } }, 'application/merge-patch+json');
    expect(at(again.body, 'metadata.resourceVersion')).toBe(at(body, 'metadata.resourceVersion'));
  });

  test('a dry run answers like the write and leaves no trace', async () => {
    const ns = await freshNamespace(transport());
    const path = `/api/v1/namespaces/${ns}/configmaps`;
    const tried = await ask(transport(), 'POST', `${path}?dryRun=All`, { metadata: { name: 'a' } });
    expect([tried.status, at(tried.body, 'metadata.resourceVersion')]).toEqual([201, undefined]);
    expect((await ask(transport(), 'GET', `${path}/a`)).status).toBe(404);
  });

  test('an object with a finalizer is marked first and goes with its last finalizer', async () => {
    const ns = await freshNamespace(transport());
    const path = `/api/v1/namespaces/${ns}/configmaps`;
    await ask(transport(), 'POST', path, { metadata: { name: 'a', finalizers: ['example.com/x'] } });
    const marked = await ask(transport(), 'DELETE', `${path}/a`);
    expect(at(marked.body, 'metadata.deletionGracePeriodSeconds')).toBe(0);
    expect((await ask(transport(), 'GET', `${path}/a`)).status).toBe(200);
    await ask(transport(), 'PATCH', `${path}/a`, { metadata: { finalizers: null } }, 'application/merge-patch+json');
    expect((await ask(transport(), 'GET', `${path}/a`)).status).toBe(404);
  });

  test('a watch from a list sees every change after it, in order, and none twice', async () => {
    const ns = await freshNamespace(transport());
    const path = `/api/v1/namespaces/${ns}/configmaps`;
    await ask(transport(), 'POST', path, { metadata: { name: 'before' } });
    const { body } = await ask(transport(), 'GET', path);
    const stop = new AbortController();
    const events = await transport().watch(
      `${path}?watch=1&resourceVersion=${String(at(body, 'metadata.resourceVersion'))}`,
      stop.signal,
    );
    await ask(transport(), 'POST', path, { metadata: { name: 'a' } });
    await ask(transport(), 'PATCH', `${path}/a`, { data: { k: 'v' } }, 'application/merge-patch+json');
    await ask(transport(), 'DELETE', `${path}/a`);
    expect(named(await take(events, 3))).toEqual(['ADDED a', 'MODIFIED a', 'DELETED a']);
    stop.abort();
  });

  test('a watch with a selector is told of objects that enter and leave it', async () => {
    const ns = await freshNamespace(transport());
    const path = `/api/v1/namespaces/${ns}/configmaps`;
    const { body } = await ask(transport(), 'POST', path, { metadata: { name: 'a' } });
    const stop = new AbortController();
    const events = await transport().watch(
      `${path}?watch=1&labelSelector=x&resourceVersion=${String(at(body, 'metadata.resourceVersion'))}`,
      stop.signal,
    );
    for (const labels of [{ x: '1' }, { x: '2' }, { x: null }]) {
      await ask(transport(), 'PATCH', `${path}/a`, { metadata: { labels } }, 'application/merge-patch+json');
    }
    expect(named(await take(events, 3))).toEqual(['ADDED a', 'MODIFIED a', 'DELETED a']);
    stop.abort();
  });

  test('initial events end with a bookmark that says so', async () => {
    const ns = await freshNamespace(transport());
    const path = `/api/v1/namespaces/${ns}/configmaps`;
    await ask(transport(), 'POST', path, { metadata: { name: 'a' } });
    const stop = new AbortController();
    const query = 'watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
    const [first, second] = await take(await transport().watch(`${path}?${query}`, stop.signal), 2);
    expect(first?.type).toBe('ADDED');
    expect(second?.type).toBe('BOOKMARK');
    expect(at(second?.object, 'metadata.annotations')).toEqual({ 'k8s.io/initial-events-end': 'true' });
    stop.abort();
  });

  test('a watch from before all history ends with 410', async () => {
    const stop = new AbortController();
    const [event] = await take(await transport().watch('/api/v1/configmaps?watch=1&resourceVersion=1', stop.signal), 1);
    expect([event?.type, at(event?.object, 'code'), at(event?.object, 'reason')]).toEqual(['ERROR', 410, 'Expired']);
    stop.abort();
  });

  test('a pod gets the token of its account, tolerations and a priority', async () => {
    const path = '/api/v1/namespaces/default/pods';
    const { body } = await ask(transport(), 'POST', path, {
      metadata: { generateName: 'p-' },
      spec: { containers: [{ name: 'c', image: 'i' }] },
    });
    expect(at(body, 'metadata.name')).toMatch(/^p-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
    expect(at(body, 'spec.serviceAccountName')).toBe('default');
    expect(at(body, 'spec.volumes.0.name')).toMatch(/^kube-api-access-/);
    expect(at(body, 'spec.containers.0.volumeMounts.0.mountPath')).toBe(
      '/var/run/secrets/kubernetes.io/serviceaccount',
    );
    expect(at(body, 'spec.tolerations.length')).toBe(2);
    expect(at(body, 'spec.priority')).toBe(0);
  });

  test('an update by a client that does not know priorities keeps them', async () => {
    const path = '/api/v1/namespaces/default/pods';
    const name = `old-client-${kind}`;
    const containers = [{ name: 'c', image: 'i' }];
    const made = await ask(transport(), 'POST', path, { metadata: { name }, spec: { containers } });
    // Made here.
    const { metadata, spec } = made.body as { metadata: object; spec: Record<string, unknown> };
    const { priority: _, preemptionPolicy: _too, ...known } = spec;
    const body = { metadata: { ...metadata, labels: { a: 'b' } }, spec: known };
    const updated = await ask(transport(), 'PUT', `${path}/${name}`, body);
    expect(at(updated.body, 'spec.priority')).toBe(0);
    expect(at(updated.body, 'spec.preemptionPolicy')).toBe('PreemptLowerPriority');
  });

  test('a pod is bound once', async () => {
    const path = '/api/v1/namespaces/default/pods';
    const { body } = await ask(transport(), 'POST', path, {
      metadata: { generateName: 'p-' },
      spec: { containers: [{ name: 'c', image: 'i' }] },
    });
    const name = String(at(body, 'metadata.name'));
    const bind = (node: string) =>
      ask(transport(), 'POST', `${path}/${name}/binding`, { metadata: { name }, target: { kind: 'Node', name: node } });
    const answers = await Promise.all(['n1', 'n2', 'n3'].map(bind));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 409, 409]);
  });

  test('Services created at the same time get addresses and ports of their own', async () => {
    const ns = await freshNamespace(transport());
    const path = `/api/v1/namespaces/${ns}/services`;
    const made = await Promise.all(
      Array.from({ length: 30 }, (_, index) =>
        ask(transport(), 'POST', path, {
          metadata: { name: `s${index}` },
          spec: { type: 'NodePort', ports: [{ port: 80 }] },
        }),
      ),
    );
    expect(new Set(made.map(({ body }) => at(body, 'spec.clusterIP'))).size).toBe(30);
    expect(new Set(made.map(({ body }) => at(body, 'spec.ports.0.nodePort'))).size).toBe(30);
  });

  test.each<{ made: string[] | undefined; asked: string[] | undefined; want: [unknown, string] }>([
    { made: ['a', 'b'], asked: ['b', 'c'], want: [['b'], ''] },
    { made: ['a'], asked: undefined, want: [undefined, 'token audiences ["a"] is invalid for the target audiences'] },
    { made: undefined, asked: ['a'], want: [undefined, 'is invalid for the target audiences ["a"]'] },
  ])('a token made for $made is good for $asked: $want', async ({ made, asked, want }) => {
    const path = '/api/v1/namespaces/default/serviceaccounts';
    await ask(transport(), 'POST', path, { metadata: { name: 'audience' } });
    const { body } = await ask(transport(), 'POST', `${path}/audience/token`, {
      spec: made === undefined ? {} : { audiences: made },
    });
    const spec = { token: at(body, 'status.token'), ...(asked && { audiences: asked }) };
    const review = await ask(transport(), 'POST', '/apis/authentication.k8s.io/v1/tokenreviews', { spec });
    const [audiences, error] = want;
    expect(at(review.body, 'status.authenticated') === true).toBe(error === '');
    expect(at(review.body, 'status.audiences')).toEqual(audiences);
    expect(JSON.stringify(at(review.body, 'status.error') ?? '')).toContain(JSON.stringify(error).slice(1, -1));
  });

  test('a token of a pod says where the pod runs', async () => {
    const path = '/api/v1/namespaces/default';
    await ask(transport(), 'POST', `${path}/serviceaccounts`, { metadata: { name: 'placed' } });
    const node = await ask(transport(), 'POST', '/api/v1/nodes', { metadata: { name: `placed-${kind}` } });
    const spec = { nodeName: `placed-${kind}`, serviceAccountName: 'placed', containers: [{ name: 'c', image: 'i' }] };
    await ask(transport(), 'POST', `${path}/pods`, { metadata: { name: `placed-${kind}` }, spec });
    const boundObjectRef = { kind: 'Pod', apiVersion: 'v1', name: `placed-${kind}` };
    const { body } = await ask(transport(), 'POST', `${path}/serviceaccounts/placed/token`, {
      spec: { boundObjectRef },
    });
    const token = at(body, 'status.token');
    await ask(transport(), 'DELETE', `/api/v1/nodes/placed-${kind}`);
    const review = await ask(transport(), 'POST', '/apis/authentication.k8s.io/v1/tokenreviews', { spec: { token } });
    expect(at(review.body, 'status.user.extra')).toMatchObject({
      'authentication.kubernetes.io/pod-name': [`placed-${kind}`],
      'authentication.kubernetes.io/node-name': [`placed-${kind}`],
      'authentication.kubernetes.io/node-uid': [at(node.body, 'metadata.uid')],
    });
  });

  test('a token that was made for an account is its key to the server', async () => {
    const { body } = await ask(transport(), 'POST', '/api/v1/namespaces/default/serviceaccounts/default/token', {
      spec: {},
    });
    const token = String(at(body, 'status.token'));
    const review = await ask(transport(), 'POST', '/apis/authentication.k8s.io/v1/tokenreviews', { spec: { token } });
    expect(at(review.body, 'status.authenticated')).toBe(true);
    expect(at(review.body, 'status.user.username')).toBe('system:serviceaccount:default:default');
    expect(at(review.body, 'status.audiences')).toEqual(['https://kubernetes.default.svc.cluster.local']);
    const forged = await ask(transport(), 'POST', '/apis/authentication.k8s.io/v1/tokenreviews', {
      spec: { token: `${token}x` },
    });
    expect(at(forged.body, 'status.authenticated')).toBeUndefined();
  });
});

test('a restart keeps what was acknowledged, and addresses that are taken stay taken', async () => {
  await using first = await startServerUnderTest();
  const path = '/api/v1/namespaces/default/services';
  const { body } = await ask(first.direct, 'POST', path, { metadata: { name: 'a' }, spec: { ports: [{ port: 80 }] } });
  const clusterIP = String(at(body, 'spec.clusterIP'));
  await using second = await first.restart();
  expect((await ask(second.direct, 'GET', `${path}/a`)).body).toEqual(body);
  const clash = await ask(second.direct, 'POST', path, {
    metadata: { name: 'b' },
    spec: { clusterIP, ports: [{ port: 80 }] },
  });
  expect(at(clash.body, 'message')).toContain('provided IP is already allocated');
  await ask(second.direct, 'DELETE', `${path}/a`);
  const again = await ask(second.direct, 'POST', path, {
    metadata: { name: 'b' },
    spec: { clusterIP, ports: [{ port: 80 }] },
  });
  expect(again.status).toBe(201);
});

test('the system has its namespaces and the kubernetes Service with an endpoint', async () => {
  const { body } = await ask(server.direct, 'GET', '/api/v1/namespaces/default/services/kubernetes');
  expect(at(body, 'spec.clusterIP')).toBe('10.96.0.1');
  const slice = await ask(
    server.direct,
    'GET',
    '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/kubernetes',
  );
  expect(at(slice.body, 'endpoints.0.addresses.0')).toBe('10.1.2.3');
  const list = await ask(server.direct, 'GET', '/api/v1/namespaces');
  const names = (at(list.body, 'items') as { metadata: { name: string } }[]).map(({ metadata }) => metadata.name);
  expect(names).toEqual(expect.arrayContaining(['default', 'kube-node-lease', 'kube-public', 'kube-system']));
});
