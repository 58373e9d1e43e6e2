// matchLabelKeys and mismatchLabelKeys of a new pod: its own labels under these keys become part of the selectors.
import type { Pod, PodAffinity } from '../../schema/generated/core.v1.gen.ts';
import type { LabelSelector } from '../../schema/generated/meta.v1.gen.ts';

interface WithLabelKeys {
  labelSelector?: LabelSelector;
  matchLabelKeys?: string[];
  mismatchLabelKeys?: string[];
}

export function selectByOwnLabels({ metadata, spec }: Pod): void {
  const labels = metadata.labels ?? {};
  const { podAffinity, podAntiAffinity } = spec.affinity ?? {};
  for (const term of [...termsOf(podAffinity), ...termsOf(podAntiAffinity)]) addExpressions(term, labels);
  for (const constraint of spec.topologySpreadConstraints ?? []) addExpressions(constraint, labels);
}

function termsOf(affinity: PodAffinity | undefined): WithLabelKeys[] {
  const preferred = affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  return [
    ...(affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
    ...preferred.flatMap(({ podAffinityTerm }) => podAffinityTerm ?? []),
  ];
}

function addExpressions(term: WithLabelKeys, labels: Readonly<Record<string, string>>): void {
  const { labelSelector } = term;
  if (labelSelector === undefined) return;
  const add = (keys: readonly string[] | undefined, operator: string) => {
    for (const key of keys ?? []) {
      const value = labels[key];
      if (value !== undefined) (labelSelector.matchExpressions ??= []).push({ key, operator, values: [value] });
    }
  };
  add(term.matchLabelKeys, 'In');
  add(term.mismatchLabelKeys, 'NotIn');
}
