import { afterAll, beforeAll, expect, test } from 'vitest';
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
