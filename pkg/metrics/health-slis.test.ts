import { expect, test } from 'vitest';
import { HealthSlis } from './health-slis.ts';

const samples = (slis: HealthSlis) =>
  slis
    .text()
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));

test('the last answer is a gauge, all of them are counted', () => {
  const slis = new HealthSlis();
  slis.observed('etcd', 'readyz', false);
  slis.observed('etcd', 'readyz', true);
  slis.observed('ping', 'livez', true);
  expect(samples(slis)).toEqual([
    'kubernetes_healthcheck{name="etcd",type="readyz"} 1',
    'kubernetes_healthcheck{name="ping",type="livez"} 1',
    'kubernetes_healthchecks_total{name="etcd",status="success",type="readyz"} 1',
    'kubernetes_healthchecks_total{name="etcd",status="error",type="readyz"} 1',
    'kubernetes_healthchecks_total{name="ping",status="success",type="livez"} 1',
  ]);
});

test('nothing is told before the first question', () => {
  expect(new HealthSlis().text()).toBe('');
});
