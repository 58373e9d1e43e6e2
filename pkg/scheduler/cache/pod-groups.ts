// The pods of the cluster, grouped by what other pods' terms can tell apart: namespace, labels, own terms, and whether they
// are being deleted. Thousands of pods of one Deployment are one group, so a selector is held against groups, not pods.
import type { PodInfo } from '../framework/pod-info.ts';
import type { Labels, PodTerms } from '../framework/pod-terms.ts';

export interface PodGroup {
  readonly key: string;
  readonly namespace: string;
  readonly labels: Labels;
  readonly terminating: boolean;
  readonly terms: PodTerms;
  /** Slot of a node -> how many pods of the group are there. */
  readonly nodes: ReadonlyMap<number, number>;
}

interface MutableGroup extends PodGroup {
  readonly nodes: Map<number, number>;
}

export class PodGroups {
  readonly #groups = new Map<string, MutableGroup>();
  /** Groups whose pods have terms about other pods; few, and asked about for every pod that is scheduled. */
  readonly #withTerms = new Map<string, MutableGroup>();

  get all(): Iterable<PodGroup> {
    return this.#groups.values();
  }

  get withTerms(): Iterable<PodGroup> {
    return this.#withTerms.values();
  }

  get anyWithTerms(): boolean {
    return this.#withTerms.size > 0;
  }

  add(pod: PodInfo, slot: number): void {
    let group = this.#groups.get(pod.group);
    if (group === undefined) {
      group = {
        key: pod.group,
        namespace: pod.namespace,
        labels: pod.labels,
        terminating: pod.pod.metadata.deletionTimestamp !== undefined,
        terms: pod.terms,
        nodes: new Map(),
      };
      this.#groups.set(pod.group, group);
      if (hasTerms(pod.terms)) this.#withTerms.set(pod.group, group);
    }
    group.nodes.set(slot, (group.nodes.get(slot) ?? 0) + 1);
  }

  remove(pod: PodInfo, slot: number): void {
    const group = this.#groups.get(pod.group);
    const count = group?.nodes.get(slot);
    if (group === undefined || count === undefined) return;
    if (count > 1) group.nodes.set(slot, count - 1);
    else group.nodes.delete(slot);
    if (group.nodes.size > 0) return;
    this.#groups.delete(pod.group);
    this.#withTerms.delete(pod.group);
  }
}

export function hasTerms(terms: PodTerms): boolean {
  return (
    terms.requiredAffinity.length > 0 ||
    terms.requiredAntiAffinity.length > 0 ||
    terms.preferredAffinity.length > 0 ||
    terms.preferredAntiAffinity.length > 0
  );
}
