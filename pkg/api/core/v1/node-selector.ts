// Node selectors: terms are alternatives, requirements within a term are all needed. A term without requirements matches
// no node. Rules: k8s.io/component-helpers/scheduling/corev1/nodeaffinity.
import type {
  NodeSelector,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  Pod,
} from '../../schema/generated/core.v1.gen.ts';

export interface Selectable {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

export function matchesRequirement(requirement: NodeSelectorRequirement, value: string | undefined): boolean {
  const values = requirement.values ?? [];
  switch (requirement.operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
    case 'Lt': {
      const [own, bound] = [integer(value), integer(values[0])];
      if (own === undefined || bound === undefined || values.length !== 1) return false;
      return requirement.operator === 'Gt' ? own > bound : own < bound;
    }
    default:
      return false;
  }
}

/** Base 10, optional sign, 64 bits; anything else is no number. */
function integer(text: string | undefined): bigint | undefined {
  if (text === undefined || !/^[+-]?\d+$/.test(text)) return undefined;
  const value = BigInt(text.replace(/^\+/, ''));
  return BigInt.asIntN(64, value) === value ? value : undefined;
}

export function isEmptyTerm(term: NodeSelectorTerm): boolean {
  return (term.matchExpressions ?? []).length === 0 && (term.matchFields ?? []).length === 0;
}

export function matchesTerm(term: NodeSelectorTerm, node: Selectable): boolean {
  if (isEmptyTerm(term)) return false;
  for (const requirement of term.matchExpressions ?? []) {
    if (!matchesRequirement(requirement, node.labels[requirement.key])) return false;
  }
  for (const requirement of term.matchFields ?? []) {
    if (!matchesRequirement(requirement, requirement.key === 'metadata.name' ? node.name : undefined)) return false;
  }
  return true;
}

export function matchesNodeSelector(selector: NodeSelector, node: Selectable): boolean {
  return selector.nodeSelectorTerms.some((term) => matchesTerm(term, node));
}

/** `spec.nodeSelector` and required node affinity together; undefined when the pod has neither. */
export function requiredNodeMatch({ spec }: Pod): ((node: Selectable) => boolean) | undefined {
  const labels = Object.entries(spec.nodeSelector ?? {});
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  if (labels.length === 0 && required === undefined) return undefined;
  return (node) => {
    for (const [key, value] of labels) if (node.labels[key] !== value) return false;
    return required === undefined || matchesNodeSelector(required, node);
  };
}
