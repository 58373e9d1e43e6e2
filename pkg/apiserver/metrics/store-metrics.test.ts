import { expect, test } from 'vitest';
import { VirtualClock } from '../../clock/virtual-clock.ts';
import { parseExposition } from '../../metrics/parse-exposition.ts';
import type { Store } from '../../storage/store.ts';
import { StoreMetrics } from './store-metrics.ts';

test('calls of the store are counted and timed by resource, failures too', async () => {
  const clock = new VirtualClock();
  const metrics = new StoreMetrics(clock);
  const slow = {
    get: () => clock.sleep(300).then(() => undefined),
    create: () => Promise.reject(new Error('away')),
    list: () => Promise.resolve({ entries: [], revision: 1 }),
  } as unknown as Store; // only these are called
  const store = metrics.metered(slow);
  const got = store.get('/registry/core/pods/default/a');
  await clock.advance(300);
  await got;
  await expect(store.create('/registry/apps/deployments/default/a', new Uint8Array())).rejects.toThrow('away');
  await store.list('/registry/');
  const of = (name: string) =>
    parseExposition(metrics.lines().join('\n'), new Set([name])).map(({ labels, value }) => ({ ...labels, value }));
  expect(of('etcd_requests_total')).toEqual([
    { operation: 'get', group: '', resource: 'pods', value: 1 },
    { operation: 'create', group: 'apps', resource: 'deployments', value: 1 },
    { operation: 'list', group: '', resource: '', value: 1 },
  ]);
  expect(of('etcd_request_errors_total').map(({ value }) => value)).toEqual([0, 1, 0]);
  expect(of('etcd_request_duration_seconds_sum')[0]).toMatchObject({ value: 0.3 });
  const buckets = of('etcd_request_duration_seconds_bucket').filter(
    (line) => 'resource' in line && line.resource === 'pods',
  );
  expect(buckets).toContainEqual(expect.objectContaining({ le: '0.2', value: 0 }));
  expect(buckets).toContainEqual(expect.objectContaining({ le: '0.4', value: 1 }));
});
