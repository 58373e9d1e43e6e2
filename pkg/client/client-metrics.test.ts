import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { notFound } from '../api/meta/status.ts';
import { VirtualClock } from '../clock/virtual-clock.ts';
import { meteredTransport } from './client-metrics.ts';
import { UnreachableError, type Transport, type TransportRequest } from './transport.ts';

const clock = new VirtualClock();
const transport = {
  host: 'api:6443',
  async request({ path }: TransportRequest) {
    if (path === '/none') throw notFound({ group: '', resource: 'pods' }, 'none');
    if (path === '/away') throw new UnreachableError('away');
    await clock.sleep(50);
    return { status: 201, warnings: [], body: {} };
  },
  watch: async () => (async function* nothing() {})(),
} as unknown as Transport; // only these are called

test('requests are counted by their outcome and timed by their verb', async () => {
  const registry = new Registry();
  const metered = meteredTransport(transport, { registry, clock });
  const created = metered.request({ method: 'POST', path: '/' });
  await clock.advance(50);
  await created;
  await expect(metered.request({ method: 'GET', path: '/none' })).rejects.toMatchObject({ code: 404 });
  await expect(metered.request({ method: 'GET', path: '/away' })).rejects.toThrow(UnreachableError);
  await metered.watch('/', new AbortController().signal);
  const lines = (await registry.metrics())
    .split('\n')
    .filter((line) => /_total|_sum|_count/.test(line) && !line.startsWith('#'));
  expect(lines).toEqual([
    'rest_client_requests_total{code="201",host="api:6443",method="POST"} 1',
    'rest_client_requests_total{code="404",host="api:6443",method="GET"} 1',
    'rest_client_requests_total{code="<error>",host="api:6443",method="GET"} 1',
    'rest_client_requests_total{code="200",host="api:6443",method="GET"} 1',
    'rest_client_request_duration_seconds_sum{verb="POST",host="api:6443"} 0.05',
    'rest_client_request_duration_seconds_count{verb="POST",host="api:6443"} 1',
    'rest_client_request_duration_seconds_sum{verb="GET",host="api:6443"} 0',
    'rest_client_request_duration_seconds_count{verb="GET",host="api:6443"} 3',
  ]);
});
