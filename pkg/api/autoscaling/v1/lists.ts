// Lists and maps of autoscaling/v1: how apply and patches merge them. The notation is explained in pkg/api/schema/merge-rules.ts.
import type { MergeRules } from '../../schema/merge-rules.ts';

export const lists: MergeRules = {
  CrossVersionObjectReference: '*:atomicMap',
};
