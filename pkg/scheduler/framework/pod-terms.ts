// A pod's terms about other pods (affinity, anti-affinity), parsed once: which pods a term speaks of, within which
// topology, and how much it weighs.
import type { Pod, PodAffinityTerm } from '../../api/schema/generated/core.v1.gen.ts';
import { selectorFromObject, type LabelSelector } from '../../api/meta/label-selector.ts';

export type Labels = Readonly<Record<string, string>>;

export interface PodTerm {
  readonly topologyKey: string;
  /** 0 for required terms. */
  readonly weight: number;
  /** Undefined: the term selects no pod at all. */
  readonly selector: LabelSelector | undefined;
  readonly namespaces: ReadonlySet<string>;
  readonly namespaceSelector: LabelSelector | undefined;
}

export interface PodTerms {
  readonly requiredAffinity: readonly PodTerm[];
  readonly requiredAntiAffinity: readonly PodTerm[];
  readonly preferredAffinity: readonly PodTerm[];
  readonly preferredAntiAffinity: readonly PodTerm[];
}

const NO_TERMS: PodTerms = {
  requiredAffinity: [],
  requiredAntiAffinity: [],
  preferredAffinity: [],
  preferredAntiAffinity: [],
};

export function podTermsOf(pod: Pod): PodTerms {
  const { podAffinity, podAntiAffinity } = pod.spec.affinity ?? {};
  if (podAffinity === undefined && podAntiAffinity === undefined) return NO_TERMS;
  const namespace = pod.metadata.namespace ?? '';
  const required = (terms: readonly PodAffinityTerm[] | undefined) =>
    (terms ?? []).map((term) => parseTerm(term, 0, namespace));
  const preferred = (terms: readonly { weight: number; podAffinityTerm: PodAffinityTerm }[] | undefined) =>
    (terms ?? []).map((term) => parseTerm(term.podAffinityTerm, term.weight, namespace));
  return {
    requiredAffinity: required(podAffinity?.requiredDuringSchedulingIgnoredDuringExecution),
    requiredAntiAffinity: required(podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution),
    preferredAffinity: preferred(podAffinity?.preferredDuringSchedulingIgnoredDuringExecution),
    preferredAntiAffinity: preferred(podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution),
  };
}

function parseTerm(term: PodAffinityTerm, weight: number, ownNamespace: string): PodTerm {
  const named = term.namespaces ?? [];
  const own = named.length === 0 && term.namespaceSelector === undefined;
  return {
    topologyKey: term.topologyKey,
    weight,
    selector: term.labelSelector === undefined ? undefined : selectorFromObject(term.labelSelector),
    namespaces: new Set(own ? [ownNamespace] : named),
    namespaceSelector: term.namespaceSelector === undefined ? undefined : selectorFromObject(term.namespaceSelector),
  };
}

/** Whether the term speaks of a pod with these labels in that namespace, whose own labels are `namespaceLabels`. */
export function termSelects(
  term: PodTerm,
  pod: { namespace: string; labels: Labels },
  namespaceLabels: Labels,
): boolean {
  if (term.selector === undefined) return false;
  if (!term.namespaces.has(pod.namespace) && !(term.namespaceSelector?.matches(namespaceLabels) ?? false)) return false;
  return term.selector.matches(pod.labels);
}
