// Lists and maps of autoscaling/v2: how apply and patches merge them. The notation is explained in pkg/api/schema/merge-rules.ts.
import type { MergeRules } from '../../schema/merge-rules.ts';

export const lists: MergeRules = {
  HPAScalingRules: 'policies:atomic',
  HorizontalPodAutoscalerSpec: 'metrics:atomic',
  HorizontalPodAutoscalerStatus: 'conditions:merge(type) currentMetrics:atomic',
};
