import { expect, test } from 'vitest';
import { answerHealth, type HealthCheck } from './health.ts';

const good: HealthCheck = { name: 'ping', endpoints: ['livez', 'readyz'], check: () => undefined };
const bad: HealthCheck = { name: 'etcd', endpoints: ['readyz'], check: () => Promise.reject(new Error('gone')) };

async function show(target: string): Promise<string> {
  const url = new URL(target, 'https://server');
  const answer = await answerHealth(url.pathname, url.searchParams, [good, bad]);
  return answer?.form === 'object' ? `${answer.status} ${String(answer.body.value)}` : 'none';
}

test.each([
  ['/livez', '200 ok'],
  ['/livez?verbose', '200 [+]ping ok\nlivez check passed\n'],
  ['/readyz', '500 [+]ping ok\n[-]etcd failed: reason withheld\nreadyz check failed\n'],
  ['/readyz?exclude=etcd', '200 ok'],
  ['/readyz?verbose&exclude=etcd', '200 [+]ping ok\n[+]etcd excluded: ok\nreadyz check passed\n'],
  [
    '/livez?verbose&exclude=nope',
    '200 [+]ping ok\nwarn: some health checks cannot be excluded: no matches for "nope"\nlivez check passed\n',
  ],
  ['/readyz/ping', '200 ok'],
  ['/readyz/etcd', '500 internal server error: gone\n'],
  ['/livez/etcd', '404 404 page not found\n'],
  ['/elsewhere', 'none'],
])('%s answers %j', async (path, want) => {
  expect(await show(path)).toBe(want);
});
