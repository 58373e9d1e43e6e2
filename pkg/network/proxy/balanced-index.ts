// The index of the Services with a load balancer, which are few among many: what concerns them alone need not look at all.
import type { Service } from '../../api/schema/generated/core.v1.gen.ts';

/** By this name and value, Services of type LoadBalancer. */
export const BALANCED = 'network/balanced';

export const balancedIndex = {
  [BALANCED]: ({ spec }: Service): string[] => (spec.type === 'LoadBalancer' ? [BALANCED] : []),
};
