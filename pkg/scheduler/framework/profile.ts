// A profile: which plugins decide about the pods of one scheduler name, in which order and with which weight.
import type { Plugin } from './plugin.ts';

export interface WeightedPlugin {
  readonly plugin: Plugin;
  readonly weight: number;
}

export interface Profile {
  /** Pods with this `spec.schedulerName` are placed by this profile. */
  readonly schedulerName: string;
  readonly preEnqueue: readonly Plugin[];
  /** In the order in which nodes are held against them; the first that fails is the reason. */
  readonly filters: readonly Plugin[];
  readonly scores: readonly WeightedPlugin[];
  /** Whether pods of lower priority may be evicted for those that fit nowhere. */
  readonly preempts: boolean;
}
