// Lists and maps of apps/v1: how apply and patches merge them. The notation is explained in pkg/api/schema/merge-rules.ts.
import type { MergeRules } from '../../schema/merge-rules.ts';

export const lists: MergeRules = {
  DaemonSetStatus: 'conditions:merge(type)',
  DeploymentSpec: 'strategy:retainKeys',
  DeploymentStatus: 'conditions:merge(type)',
  ReplicaSetStatus: 'conditions:merge(type)',
  StatefulSetSpec: 'volumeClaimTemplates:atomic',
  StatefulSetStatus: 'conditions:merge(type)',
};
