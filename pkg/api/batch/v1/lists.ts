// Lists and maps of batch/v1: how apply and patches merge them. The notation is explained in pkg/api/schema/merge-rules.ts.
import type { MergeRules } from '../../schema/merge-rules.ts';

export const lists: MergeRules = {
  CronJobStatus: 'active:atomic',
  JobStatus: 'conditions:mergeAtomic(type)',
  PodFailurePolicy: 'rules:atomic',
  PodFailurePolicyOnExitCodesRequirement: 'values:set',
  PodFailurePolicyRule: 'onPodConditions:atomic',
  SuccessPolicy: 'rules:atomic',
  UncountedTerminatedPods: 'failed,succeeded:set',
};
