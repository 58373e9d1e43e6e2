import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseExposition } from '../metrics/parse-exposition.ts';
import { issueCertificate } from '../pki/certificates.ts';
import { ask } from './testing/ask.ts';
import { startServerUnderTest, type ServerUnderTest } from './testing/server-under-test.ts';

let server: ServerUnderTest;
beforeAll(async () => {
  server = await startServerUnderTest();
});
afterAll(() => server[Symbol.asyncDispose]());

test('made-up resources and subresources do not become series of their own', async () => {
  for (const path of [
    '/api/v1/madeupthings',
    '/apis/apps/v1/madeupthings',
    '/api/v1/namespaces/default/pods/p/madeupthings',
  ]) {
    await expect(server.direct.request({ method: 'GET', path })).rejects.toMatchObject({ code: 404 });
  }
  await server.direct.request({ method: 'GET', path: '/api/v1/namespaces' });
  const { body } = await server.direct.request({ method: 'GET', path: '/metrics' });
  expect(body).toContain('resource="namespaces"');
  expect(body).not.toContain('madeupthings');
});

/** Lines of one metric, `label="value"` pairs sorted. */
async function samples(name: string): Promise<string[]> {
  const { body } = await server.direct.request({ method: 'GET', path: '/metrics' });
  return parseExposition(String(body), new Set([name])).map(({ labels, value }) =>
    [...Object.entries(labels).map(([label, text]) => `${label}=${text}`), String(value)].join(' '),
  );
}

const configMap = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } });
const MAPS = '/api/v1/namespaces/default/configmaps';

test('a write is counted on its way through authentication, authorization, admission and the cache', async () => {
  await server.https.request({ method: 'POST', path: MAPS, body: configMap('counted') });
  await expect(
    server.https.request({ method: 'POST', path: '/api/v1/namespaces/none/configmaps', body: configMap('refused') }),
  ).rejects.toMatchObject({ code: 404 });
  expect(await samples('authentication_attempts')).toEqual(['result=success 2', 'result=failure 0', 'result=error 0']);
  expect(await samples('authenticated_user_requests')).toEqual(['username=admin 2']);
  expect(await samples('authorization_attempts_total')).toContain('result=denied 0');
  expect(await samples('apiserver_admission_step_admission_duration_seconds_count')).toContain(
    'type=admit operation=CREATE rejected=true 1',
  );
  expect(await samples('apiserver_admission_controller_admission_duration_seconds_count')).toContain(
    'name=NamespaceLifecycle type=admit operation=CREATE rejected=true 1',
  );
  expect(await samples('apiserver_watch_cache_events_received_total')).toContain('group= resource=configmaps 1');
  expect(await samples('apiserver_request_sli_duration_seconds_count')).toContain(
    'component=apiserver group= resource=configmaps scope=resource subresource= verb=POST version=v1 2',
  );
});

test('lists are counted with what they looked at and what they answered', async () => {
  const before = await server.https.request({ method: 'GET', path: `${MAPS}?limit=1` });
  const revision = (before.body as { metadata: { resourceVersion: string } }).metadata.resourceVersion;
  for (const name of ['b', 'c']) await server.https.request({ method: 'POST', path: MAPS, body: configMap(name) });
  await server.https.request({ method: 'GET', path: `${MAPS}?fieldSelector=metadata.name!=b` });
  await server.https.request({
    method: 'GET',
    path: `${MAPS}?resourceVersionMatch=Exact&resourceVersion=${revision}`,
  });
  const of = async (name: string) => (await samples(name)).find((line) => line.includes('resource=configmaps'));
  expect(await of('apiserver_cache_list_total')).toBe('group= resource=configmaps index= 2');
  expect(await of('apiserver_cache_list_fetched_objects_total')).toBe('group= resource=configmaps index= 4');
  expect(await of('apiserver_cache_list_returned_objects_total')).toBe('group= resource=configmaps 3');
  expect(await of('apiserver_storage_list_total')).toBe('group= resource=configmaps 1');
  expect(await of('apiserver_storage_list_returned_objects_total')).toBe('group= resource=configmaps 1');
  expect(await of('apiserver_watch_cache_consistent_read_total')).toBe(
    'group= resource=configmaps success=true fallback=false 2',
  );
  expect(await of('apiserver_response_sizes_count')).toMatch(/scope=namespace .*verb=LIST.* 3$/);
});

test('events of watches are counted, and measured where they left over the network', async () => {
  const stop = new AbortController();
  const events = await server.https.watch(`${MAPS}?watch=1`, stop.signal);
  for await (const { object } of events) {
    if ((object as { metadata: { name: string } }).metadata.name === 'c') break;
  }
  stop.abort();
  const of = async (name: string) => (await samples(name)).find((line) => line.includes('resource=configmaps'));
  expect(await of('apiserver_watch_events_total')).toBe('group= version=v1 resource=configmaps 3');
  expect(await of('apiserver_watch_events_sizes_count')).toBe('group= version=v1 resource=configmaps 3');
});

test('health checks are told as service level indicators once somebody has asked', async () => {
  await ask(server, '/readyz', { anonymous: true });
  const { body } = await server.direct.request({ method: 'GET', path: '/metrics/slis' });
  expect(body).toContain('kubernetes_healthcheck{name="etcd",type="readyz"} 1\n');
  expect(body).toContain('kubernetes_healthchecks_total{name="etcd",status="success",type="readyz"} 1\n');
});

test('whoever shows a certificate adds to how long those in use are still good for', async () => {
  const { certificate, key } = await issueCertificate(
    server.authority,
    { commonName: 'jane', usages: ['client'], days: 3 },
    Date.now(),
  );
  await ask(server, '/version', { cert: certificate, key });
  await ask(server, '/version', { token: 'wrong' });
  const buckets = await samples('apiserver_client_certificate_expiration_seconds_bucket');
  expect(buckets.filter((line) => /^le=(172800|345600) /.test(line))).toEqual(['le=172800 0', 'le=345600 1']);
  expect(await samples('authentication_attempts')).toContain('result=error 1');
});

test('the store says how much it takes on disk', async () => {
  const [line = ''] = await samples('apiserver_storage_size_bytes');
  expect(line).toMatch(/^storage_cluster_id=etcd-0 \d{4,}$/);
});

test('what is deprecated is told once somebody asks for it', async () => {
  expect(await samples('apiserver_requested_deprecated_apis')).toEqual([]);
  await server.https.request({ method: 'GET', path: '/api/v1/endpoints' });
  expect(await samples('apiserver_requested_deprecated_apis')).toEqual([
    'group= removed_release= resource=endpoints subresource= version=v1 1',
  ]);
});
