// HorizontalPodAutoscalers: how many pods, by what is measured. autoscaling/v1 is a view of these.
import { horizontalPodAutoscalers } from '../../resources.ts';
import { age, columns, text } from '../../schema/columns.ts';
import { defineKind } from '../../schema/define-kind.ts';
import type { HorizontalPodAutoscaler, HPAScalingRules } from '../../schema/generated/autoscaling.v2.gen.ts';
import { validateAutoscaler } from './autoscaler-validation.ts';
import { metricsCell } from './metric-sources.ts';

const DEFAULT_UTILIZATION = 80;

export const horizontalPodAutoscalerKind = defineKind<HorizontalPodAutoscaler>({
  type: horizontalPodAutoscalers,
  schema: 'autoscaling.v2.HorizontalPodAutoscaler',
  shortNames: ['hpa'],
  categories: ['all'],
  hasStatus: true,
  columns: columns<HorizontalPodAutoscaler>(
    text(
      'Reference',
      'scaleTargetRef points to the target resource to scale.',
      ({ spec: { scaleTargetRef } }) => `${scaleTargetRef.kind}/${scaleTargetRef.name}`,
    ),
    text(
      'Targets',
      'metrics contains the specifications for which to use to calculate the desired replica count.',
      metricsCell,
    ),
    text(
      'MinPods',
      'minReplicas is the lower limit for the number of replicas to which the autoscaler can scale down.',
      ({ spec }) => String(spec.minReplicas ?? '<unset>'),
    ),
    text(
      'MaxPods',
      'maxReplicas is the upper limit for the number of replicas to which the autoscaler can scale up.',
      ({ spec }) => spec.maxReplicas,
    ),
    text(
      'Replicas',
      'currentReplicas is current number of replicas of pods managed by this autoscaler.',
      ({ status }) => status.currentReplicas ?? 0,
    ),
    age(),
  ),
  setDefaults: defaultAutoscaler,
  prepareForCreate(autoscaler) {
    autoscaler.status = { desiredReplicas: 0 };
  },
  validate: validateAutoscaler,
});

export function defaultAutoscaler(autoscaler: HorizontalPodAutoscaler): void {
  autoscaler.spec ??= { maxReplicas: 0, scaleTargetRef: { kind: '', name: '' } };
  autoscaler.status ??= { desiredReplicas: 0 };
  const { spec } = autoscaler;
  spec.minReplicas ??= 1;
  spec.metrics ??= [
    {
      type: 'Resource',
      resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: DEFAULT_UTILIZATION } },
    },
  ];
  const { behavior } = spec;
  if (behavior === undefined || (behavior.scaleUp === undefined && behavior.scaleDown === undefined)) return;
  behavior.scaleUp = withDefaults(behavior.scaleUp, {
    stabilizationWindowSeconds: 0,
    selectPolicy: 'Max',
    policies: [
      { type: 'Pods', value: 4, periodSeconds: 15 },
      { type: 'Percent', value: 100, periodSeconds: 15 },
    ],
  });
  behavior.scaleDown = withDefaults(behavior.scaleDown, {
    selectPolicy: 'Max',
    policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
  });
}

function withDefaults(rules: HPAScalingRules | undefined, defaults: HPAScalingRules): HPAScalingRules {
  return { ...defaults, ...rules };
}
