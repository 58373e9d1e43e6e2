import { expect, test } from 'vitest';
import type { Pod } from '../../api/schema/generated/core.v1.gen.ts';
import { container, pod } from '../testing/pods.ts';
import { allocationOf, answerResize, enforcedResources, limitsOf, unequalLimits, withAllocation } from './resize.ts';

const node = { allocatable: { cpu: '2', memory: '1Gi', pods: '110' } };
const asking = (cpu: string, memory = '64Mi'): Pod =>
  pod({ containers: [container('c', { resources: { requests: { cpu, memory } } })] });
const given = allocationOf(asking('500m'));

test.each([
  { name: 'nothing when nothing changed', wanted: asking('0.5'), others: [], want: { answer: 'nothing-asked' } },
  { name: 'what fits', wanted: asking('1'), others: [asking('1')], want: { answer: 'granted' } },
  { name: 'less', wanted: asking('100m'), others: [asking('1500m')], want: { answer: 'granted' } },
  {
    name: 'not what does not fit beside the others',
    wanted: asking('1500m'),
    others: [asking('1')],
    want: {
      answer: 'pending',
      reason: 'Deferred',
      message: "Node didn't have enough resource: cpu, requested: 1500, used: 1000, capacity: 2000",
    },
  },
  {
    name: 'never more than there is',
    wanted: asking('3'),
    others: [],
    want: {
      answer: 'pending',
      reason: 'Infeasible',
      message: "Node didn't have enough capacity: cpu, requested: 3000, capacity: 2000",
    },
  },
])('a resize is granted: $name', ({ wanted, others, want }) => {
  expect(answerResize(wanted, given, others, node)).toMatchObject(want);
});

test('a pod with its allocation asks for what it has', () => {
  expect(withAllocation(asking('2'), given).spec.containers[0]?.resources).toEqual({
    requests: { cpu: '500m', memory: '64Mi' },
  });
});

test('the status says what is enforced where that differs from what was given', () => {
  const spec = container('c', {
    resources: { requests: { cpu: '500m', memory: '64Mi' }, limits: { cpu: '1', memory: '128Mi' } },
  });
  expect(enforcedResources(spec, limitsOf(spec))).toEqual(spec.resources);
  const older = { cpuShares: 256, cpuQuota: 50_000, memoryLimit: 64 << 20 };
  expect(unequalLimits(older, limitsOf(spec))).toEqual(['cpu', 'memory']);
  expect(enforcedResources(spec, older)).toEqual({
    requests: { cpu: '250m', memory: '64Mi' },
    limits: { cpu: '500m', memory: '64Mi' },
  });
});
