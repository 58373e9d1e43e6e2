// The API server through the official JavaScript client, which nobody here wrote: verbs, patches, watches and informers.
import {
  AppsV1Api,
  CoreV1Api,
  KubeConfig,
  Watch,
  makeInformer,
  PatchStrategy,
  setHeaderOptions,
  type V1ConfigMap,
} from '@kubernetes/client-node';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startApiServer, type ApiServerProcess } from '../support/api-server.ts';

let server: ApiServerProcess;
let config: KubeConfig;
let core: CoreV1Api;
let apps: AppsV1Api;
let namespace = '';
let count = 0;

beforeAll(async () => {
  server = await startApiServer({ controllers: 'serviceaccount' });
  config = new KubeConfig();
  config.loadFromFile(server.kubeconfig);
  core = config.makeApiClient(CoreV1Api);
  apps = config.makeApiClient(AppsV1Api);
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(async () => {
  namespace = `ns-${count++}`;
  await core.createNamespace({ body: { metadata: { name: namespace } } });
  // Pods are refused until their namespace has its default account.
  const accounts = async () => (await core.listNamespacedServiceAccount({ namespace })).items.length;
  await expect.poll(accounts, { timeout: 20_000 }).toBe(1);
});

const configMap = (name: string, data: Record<string, string>): V1ConfigMap => ({ metadata: { name }, data });

test('objects are created, read, replaced and deleted', async () => {
  const made = await core.createNamespacedConfigMap({ namespace, body: configMap('a', { k: '1' }) });
  expect(made).toMatchObject({
    kind: 'ConfigMap',
    apiVersion: 'v1',
    metadata: { name: 'a', namespace },
    data: { k: '1' },
  });
  const at = (value: string) => ({ namespace, name: 'a', body: { metadata: made.metadata, data: { k: value } } });
  const replaced = await core.replaceNamespacedConfigMap(at('2'));
  expect(Number(replaced.metadata?.resourceVersion)).toBeGreaterThan(Number(made.metadata?.resourceVersion));
  await expect(core.replaceNamespacedConfigMap(at('3'))).rejects.toMatchObject({ code: 409 });
  await core.deleteNamespacedConfigMap({ namespace, name: 'a' });
  await expect(core.readNamespacedConfigMap({ namespace, name: 'a' })).rejects.toMatchObject({ code: 404 });
});

test.each([
  { strategy: PatchStrategy.MergePatch, body: { data: { k: null, n: '1' } } },
  { strategy: PatchStrategy.StrategicMergePatch, body: { data: { k: null, n: '1' } } },
  {
    strategy: PatchStrategy.JsonPatch,
    body: [
      { op: 'remove', path: '/data/k' },
      { op: 'add', path: '/data/n', value: '1' },
    ],
  },
])('a patch of type $strategy changes what it names', async ({ strategy, body }) => {
  await core.createNamespacedConfigMap({ namespace, body: configMap('a', { k: '1', other: 'x' }) });
  const patched = await core.patchNamespacedConfigMap(
    { namespace, name: 'a', body },
    setHeaderOptions('Content-Type', strategy),
  );
  expect(patched.data).toEqual({ other: 'x', n: '1' });
});

test('server-side apply creates, and refuses what another manager owns', async () => {
  const apply = (fieldManager: string, value: string) =>
    core.patchNamespacedConfigMap(
      {
        namespace,
        name: 'a',
        fieldManager,
        body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { k: value } },
      },
      setHeaderOptions('Content-Type', PatchStrategy.ServerSideApply),
    );
  expect((await apply('one', '1')).data).toEqual({ k: '1' });
  await expect(apply('two', '2')).rejects.toMatchObject({ code: 409 });
});

test('a list pages through everything at one revision', async () => {
  for (let n = 0; n < 5; n++) await core.createNamespacedConfigMap({ namespace, body: configMap(`c${n}`, {}) });
  const names: string[] = [];
  let next: string | undefined;
  do {
    const page = await core.listNamespacedConfigMap({
      namespace,
      limit: 2,
      ...(next !== undefined && { _continue: next }),
    });
    names.push(...page.items.map((item) => item.metadata?.name ?? ''));
    next = page.metadata?._continue;
    await core.createNamespacedConfigMap({ namespace, body: configMap(`later-${names.length}`, {}) });
  } while (next !== undefined && next !== '');
  expect(names).toEqual(['c0', 'c1', 'c2', 'c3', 'c4']);
});

test('a watch reports what happens behind its revision', async () => {
  const list = await core.listNamespacedConfigMap({ namespace });
  const events: string[] = [];
  const watch = new Watch(config);
  const request = await watch.watch(
    `/api/v1/namespaces/${namespace}/configmaps`,
    { resourceVersion: list.metadata?.resourceVersion },
    (type: string, object: V1ConfigMap) => void events.push(`${type} ${object.metadata?.name ?? ''}`),
    () => undefined,
  );
  await core.createNamespacedConfigMap({ namespace, body: configMap('a', { k: '1' }) });
  await core.patchNamespacedConfigMap(
    { namespace, name: 'a', body: { data: { k: '2' } } },
    setHeaderOptions('Content-Type', PatchStrategy.MergePatch),
  );
  await core.deleteNamespacedConfigMap({ namespace, name: 'a' });
  await expect.poll(() => events, { timeout: 20_000 }).toEqual(['ADDED a', 'MODIFIED a', 'DELETED a']);
  request.abort();
});

test('an informer holds what the server holds', async () => {
  const informer = makeInformer(config, `/api/v1/namespaces/${namespace}/configmaps`, () =>
    core.listNamespacedConfigMap({ namespace }),
  );
  const seen: string[] = [];
  informer.on('add', (object) => void seen.push(`add ${object.metadata?.name ?? ''}`));
  informer.on('delete', (object) => void seen.push(`delete ${object.metadata?.name ?? ''}`));
  await core.createNamespacedConfigMap({ namespace, body: configMap('before', {}) });
  await informer.start();
  await core.createNamespacedConfigMap({ namespace, body: configMap('after', {}) });
  await core.deleteNamespacedConfigMap({ namespace, name: 'before' });
  await expect.poll(() => seen, { timeout: 20_000 }).toEqual(['add before', 'add after', 'delete before']);
  await informer.stop();
});

test('a Deployment is defaulted and scaled through its subresource', async () => {
  await apps.createNamespacedDeployment({
    namespace,
    body: {
      metadata: { name: 'web' },
      spec: {
        selector: { matchLabels: { app: 'web' } },
        template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'web:1' }] } },
      },
    },
  });
  const deployment = await apps.readNamespacedDeployment({ namespace, name: 'web' });
  expect(deployment.spec).toMatchObject({
    replicas: 1,
    revisionHistoryLimit: 10,
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
    template: {
      spec: { restartPolicy: 'Always', dnsPolicy: 'ClusterFirst', containers: [{ imagePullPolicy: 'IfNotPresent' }] },
    },
  });
  const scale = await apps.readNamespacedDeploymentScale({ namespace, name: 'web' });
  await apps.replaceNamespacedDeploymentScale({
    namespace,
    name: 'web',
    body: { metadata: scale.metadata, spec: { replicas: 4 } },
  });
  expect((await apps.readNamespacedDeployment({ namespace, name: 'web' })).spec?.replicas).toBe(4);
});

test.each([
  {
    name: 'a missing required field',
    body: { metadata: { name: 'p' }, spec: { containers: [] } },
    code: 422,
    says: 'spec.containers: Required value',
  },
  {
    name: 'a bad name',
    body: { metadata: { name: 'Bad_Name' }, spec: { containers: [{ name: 'c', image: 'i' }] } },
    code: 422,
    says: 'metadata.name: Invalid value: "Bad_Name"',
  },
])('$name is refused with the field in the message', async ({ body, code, says }) => {
  await expect(core.createNamespacedPod({ namespace, body })).rejects.toMatchObject({
    code,
    body: expect.stringContaining(JSON.stringify(says).slice(1, -1)) as unknown,
  });
});

test('nobody gets in without credentials', async () => {
  const anonymous = new KubeConfig();
  anonymous.loadFromClusterAndUser(
    { name: 'c', server: server.url, caFile: server.caFile, skipTLSVerify: false },
    { name: 'nobody' },
  );
  await expect(anonymous.makeApiClient(CoreV1Api).listNamespace()).rejects.toMatchObject({ code: 401 });
});
