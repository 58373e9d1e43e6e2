import { expect, test } from 'vitest';
import type { Pod, PodSpec } from '../../api/schema/generated/core.v1.gen.ts';
import { container, pod } from '../testing/pods.ts';
import { admit, type AdmittingNode } from './admission.ts';

const node: AdmittingNode = {
  name: 'n1',
  labels: { zone: 'a' },
  taints: [
    { key: 'quiet', effect: 'NoSchedule' },
    { key: 'gone', value: 'yes', effect: 'NoExecute' },
  ],
  allocatable: { cpu: '2', memory: '1Gi', pods: '3' },
};
const tolerations = [{ key: 'gone', operator: 'Exists' }];
const asking = (requests: Record<string, string>, more: Partial<PodSpec> = {}): Pod =>
  pod({ containers: [container('c', { resources: { requests } })], tolerations, ...more });

test.each([
  {
    name: 'what fits',
    wanted: asking({ cpu: '500m', memory: '256Mi' }),
    others: [asking({ cpu: '1500m' })],
    want: undefined,
  },
  {
    name: 'more processors than are left',
    wanted: asking({ cpu: '501m' }),
    others: [asking({ cpu: '1500m' })],
    want: ['OutOfcpu', "Node didn't have enough resource: cpu, requested: 501, used: 1500, capacity: 2000"],
  },
  {
    name: 'more memory than there is',
    wanted: asking({ memory: '2Gi' }),
    others: [],
    want: [
      'OutOfmemory',
      "Node didn't have enough resource: memory, requested: 2147483648, used: 0, capacity: 1073741824",
    ],
  },
  {
    name: 'one pod too many',
    wanted: asking({}),
    others: [asking({}), asking({}), asking({})],
    want: ['OutOfpods', "Node didn't have enough resource: pods, requested: 1, used: 3, capacity: 3"],
  },
  {
    name: 'the overhead beside the containers',
    wanted: asking({ cpu: '1900m' }, { overhead: { cpu: '200m' } }),
    others: [],
    want: ['OutOfcpu', "Node didn't have enough resource: cpu, requested: 2100, used: 0, capacity: 2000"],
  },
  {
    name: 'the largest init container',
    wanted: asking({ cpu: '1' }, { initContainers: [container('i', { resources: { requests: { cpu: '3' } } })] }),
    others: [],
    want: ['OutOfcpu', "Node didn't have enough resource: cpu, requested: 3000, used: 0, capacity: 2000"],
  },
  {
    name: 'nothing that the node knows nothing of',
    wanted: asking({ 'vendor.io/gpu': '1' }),
    others: [],
    want: undefined,
  },
  {
    name: 'a selector of other nodes',
    wanted: asking({}, { nodeSelector: { zone: 'b' } }),
    others: [],
    want: ['NodeAffinity', "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector"],
  },
  {
    name: 'no toleration of what expels',
    wanted: asking({}, { tolerations: [{ key: 'gone', value: 'no' }] }),
    others: [],
    want: ['TaintToleration', "Predicate TaintToleration failed: node(s) had taints that the pod didn't tolerate"],
  },
  {
    name: 'another operating system',
    wanted: asking({}, { os: { name: 'windows' } }),
    others: [],
    want: ['PodOSNotSupported', "Failed to admit pod as the OS field doesn't match node OS"],
  },
])('a pod is held against the node: $name', ({ wanted, others, want }) => {
  const verdict = admit(wanted, others, node);
  expect(verdict && [verdict.reason, verdict.message]).toEqual(want && [want[0], `Pod was rejected: ${want[1]}`]);
});

test('a pod that has ended is not refused after the fact', () => {
  expect(admit({ ...asking({ cpu: '9' }), status: { phase: 'Succeeded' } }, [], node)).toBeUndefined();
});
