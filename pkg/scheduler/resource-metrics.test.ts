import { expect, test } from 'vitest';
import type { Pod } from '../api/schema/generated/core.v1.gen.ts';
import { podResourceLines } from './resource-metrics.ts';
import { pod } from './testing/objects.ts';

const told = (of: Pod) => podResourceLines([of]).filter((line) => !line.startsWith('#'));
const labels = (resource: string, unit: string, node = '') =>
  `{namespace="default",pod="x",node="${node}",scheduler="mine",priority="7",resource="${resource}",unit="${unit}"}`;
const spec = { schedulerName: 'mine', priority: 7 };

test('amounts are told with their units, requests with the overhead', () => {
  const of = pod('x', {
    requests: { cpu: '250m', memory: '1Ki', 'example.com/gpu': '2', 'ephemeral-storage': '0' },
    spec: { ...spec, nodeName: 'n1', overhead: { cpu: '50m' } },
  });
  expect(told(of)).toEqual([
    `kube_pod_resource_request${labels('cpu', 'cores', 'n1')} 0.3`,
    `kube_pod_resource_request${labels('memory', 'bytes', 'n1')} 1024`,
    `kube_pod_resource_request${labels('example.com/gpu', '', 'n1')} 2`,
  ]);
});

test('limits are told where there are some', () => {
  const of = pod('x', { spec: { ...spec, overhead: { cpu: '50m', memory: '1Mi' } } });
  of.spec.containers = [{ name: 'c', image: 'x', resources: { limits: { cpu: '1' } } }];
  expect(told(of)).toContain(`kube_pod_resource_limit${labels('cpu', 'cores')} 1.05`);
  expect(told(of).filter((line) => line.includes('limit'))).toHaveLength(1);
});

test('pods that are done count for nothing', () => {
  const of = pod('x', { requests: { cpu: '1' }, spec: { nodeName: 'n1' } });
  of.status = { ...of.status, phase: 'Succeeded' };
  expect(told(of)).toEqual([]);
});
