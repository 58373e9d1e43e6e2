import { expect, test } from 'vitest';
import type { HorizontalPodAutoscaler } from '../../schema/generated/autoscaling.v2.gen.ts';
import { horizontalPodAutoscalerV1Kind as v1 } from './horizontal-pod-autoscaler.ts';

const stored: HorizontalPodAutoscaler = {
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  metadata: { name: 'h', namespace: 'ns', uid: 'u', resourceVersion: '1', creationTimestamp: '2024-01-01T00:00:00Z' },
  spec: {
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' },
    minReplicas: 1,
    maxReplicas: 3,
    metrics: [
      { type: 'Pods', pods: { metric: { name: 'rps' }, target: { type: 'AverageValue', averageValue: '10' } } },
      { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 60 } } },
    ],
    behavior: {
      scaleUp: {
        stabilizationWindowSeconds: 0,
        selectPolicy: 'Max',
        policies: [{ type: 'Pods', value: 4, periodSeconds: 15 }],
      },
      scaleDown: { selectPolicy: 'Max', policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }] },
    },
  },
  status: { desiredReplicas: 0, currentReplicas: 0 },
};

test('v1 shows the processor target as a field and the rest as annotations', () => {
  const seen = v1.storage?.fromStored(stored);
  expect(seen?.spec).toEqual({
    scaleTargetRef: stored.spec.scaleTargetRef,
    minReplicas: 1,
    maxReplicas: 3,
    targetCPUUtilizationPercentage: 60,
  });
  expect(seen?.metadata.annotations?.['autoscaling.alpha.kubernetes.io/metrics']).toBe(
    '[{"type":"Pods","pods":{"metricName":"rps","targetAverageValue":"10"}}]',
  );
});

test('what v2 said survives being read and written as v1', () => {
  const seen = v1.storage?.fromStored(structuredClone(stored));
  expect(seen && v1.storage?.toStored(seen)).toEqual(stored);
});

test('faults of v1 are told in the words of v2', () => {
  const seen = v1.storage?.fromStored(structuredClone(stored));
  if (seen === undefined) expect.unreachable();
  seen.spec.targetCPUUtilizationPercentage = 0;
  expect(v1.validate(seen)).toMatchObject([{ field: 'spec.metrics[1].resource.target.averageUtilization' }]);
});
