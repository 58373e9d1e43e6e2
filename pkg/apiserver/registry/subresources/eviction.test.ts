import { Agent, request as undici } from 'undici';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { ApiError } from '../../../api/meta/status.ts';
import { pods } from '../../../api/resources.ts';
import type { Pod } from '../../../api/schema/generated/core.v1.gen.ts';
import { createClient } from '../../../client/typed-client.ts';
import { startServerUnderTest, TOKEN, type ServerUnderTest } from '../../testing/server-under-test.ts';

const NAMESPACE = 'default';
const API = `/api/v1/namespaces/${NAMESPACE}/pods`;
const BUDGETS = `/apis/policy/v1/namespaces/${NAMESPACE}/poddisruptionbudgets`;
let server: ServerUnderTest;

beforeAll(async () => {
  server = await startServerUnderTest();
  await server.direct.request({
    method: 'POST',
    path: `/api/v1/namespaces/${NAMESPACE}/serviceaccounts`,
    body: { metadata: { name: 'default' } },
  });
});
afterAll(() => server[Symbol.asyncDispose]());

const MERGE = 'application/merge-patch+json';

async function makePod(name: string, app: string, ready: boolean): Promise<void> {
  await server.direct.request({
    method: 'POST',
    path: API,
    body: { metadata: { name, labels: { app } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
  });
  const status = { phase: 'Running', conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] };
  await server.direct.request({ method: 'PATCH', path: `${API}/${name}/status`, contentType: MERGE, body: { status } });
}

async function makeBudget(app: string, status: Record<string, number>): Promise<void> {
  const spec = { minAvailable: 1, selector: { matchLabels: { app } } };
  await server.direct.request({ method: 'POST', path: BUDGETS, body: { metadata: { name: app }, spec } });
  await setBudget(app, status);
}

async function setBudget(app: string, status: Record<string, number>): Promise<void> {
  const body = { status: { expectedPods: 5, observedGeneration: 1, ...status } };
  await server.direct.request({ method: 'PATCH', path: `${BUDGETS}/${app}/status`, contentType: MERGE, body });
}

async function read(name: string): Promise<Pod> {
  return (await server.direct.request({ method: 'GET', path: `${API}/${name}` })).body as Pod; // That is what is there.
}

async function evict(name: string): Promise<number> {
  try {
    const body = { metadata: { name } };
    return (await server.direct.request({ method: 'POST', path: `${API}/${name}/eviction`, body })).status;
  } catch (error) {
    if (error instanceof ApiError) return error.code;
    throw error;
  }
}

test('many evictions at once use a budget as often as it allows, not more', async () => {
  const names = Array.from({ length: 8 }, (_, n) => `many-${n}`);
  for (const name of names) await makePod(name, 'many', true);
  await makeBudget('many', { disruptionsAllowed: 2, currentHealthy: 8, desiredHealthy: 6 });
  const answers = await Promise.all(names.map(evict));
  expect(answers.toSorted((a, b) => a - b)).toEqual([201, 201, 429, 429, 429, 429, 429, 429]);
});

test.each([
  { name: 'goes while the budget is met', currentHealthy: 4, want: 201 },
  { name: 'is held while the budget is not met', currentHealthy: 2, want: 429 },
])('a pod that is not ready $name', async ({ currentHealthy, want }) => {
  const app = `unready-${currentHealthy}`;
  await makePod(app, app, false);
  await makeBudget(app, { disruptionsAllowed: 0, currentHealthy, desiredHealthy: 3 });
  expect(await evict(app)).toBe(want);
});

test('a pod without a budget goes', async () => {
  await makePod('free', 'free', true);
  expect(await evict('free')).toBe(201);
  const left = await createClient(server.direct)
    .resource(pods)
    .list({ namespace: NAMESPACE, labelSelector: 'app=free' });
  expect(left.items.filter(({ metadata }) => metadata.deletionTimestamp === undefined)).toEqual([]);
});

test('a pod says that it was evicted before it goes', async () => {
  await makePod('told', 'told', true);
  const finalizers = { metadata: { finalizers: ['example.com/keep'] } };
  await server.direct.request({ method: 'PATCH', path: `${API}/told`, contentType: MERGE, body: finalizers });
  expect(await evict('told')).toBe(201);
  const { status, metadata } = await read('told');
  expect(metadata.deletionTimestamp).toBeDefined();
  const { lastTransitionTime, ...told } = status.conditions?.find(({ type }) => type === 'DisruptionTarget') ?? {};
  expect(lastTransitionTime).toBeDefined();
  expect(told).toEqual({
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'EvictionByEvictionAPI',
    message: 'Eviction API: evicting',
    observedGeneration: 1,
  });
});

test.each([
  { what: 'uid', preconditions: { uid: 'other' } },
  { what: 'revision', preconditions: { resourceVersion: '1' } },
])('a pod of another $what is neither evicted nor told so', async ({ what, preconditions }) => {
  await makePod(`kept-${what}`, 'kept', true);
  const body = { metadata: { name: `kept-${what}` }, deleteOptions: { preconditions } };
  const path = `${API}/kept-${what}/eviction`;
  await expect(server.direct.request({ method: 'POST', path, body })).rejects.toMatchObject({ code: 409 });
  const { status } = await read(`kept-${what}`);
  expect(status.conditions?.map(({ type }) => type)).toEqual(['Ready']);
});

test('the present revision as a precondition survives the announcement', async () => {
  await makePod('present', 'present', true);
  const { metadata } = await read('present');
  const preconditions = { resourceVersion: metadata.resourceVersion };
  const body = { metadata: { name: 'present' }, deleteOptions: { preconditions } };
  const answer = await server.direct.request({ method: 'POST', path: `${API}/present/eviction`, body });
  expect(answer.status).toBe(201);
});

test('evictions of the older version are taken, and clients are told to come back only where that helps', async () => {
  await makePod('older', 'older', true);
  const dispatcher = new Agent({ connect: { ca: server.ca } });
  onTestFinished(() => dispatcher.close());
  const ask = async () => {
    const body = { apiVersion: 'policy/v1beta1', kind: 'Eviction', metadata: { name: 'older' } };
    const { statusCode, headers } = await undici(`${server.url}${API}/older/eviction`, {
      method: 'POST',
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      dispatcher,
    });
    return { status: statusCode, retryAfter: headers['retry-after'] };
  };
  await makeBudget('older', { observedGeneration: 0 });
  expect(await ask()).toEqual({ status: 429, retryAfter: '10' });
  await setBudget('older', { disruptionsAllowed: 0, currentHealthy: 1, desiredHealthy: 1 });
  expect(await ask()).toEqual({ status: 429, retryAfter: undefined });
  await setBudget('older', { disruptionsAllowed: 1, currentHealthy: 2, desiredHealthy: 1 });
  expect(await ask()).toEqual({ status: 201, retryAfter: undefined });
});
