// What may change about where a pod goes while scheduling gates hold it back: it may be told more closely, never otherwise.
import { isDeepStrictEqual } from 'node:util';
import type { Faults } from '../../meta/field-faults.ts';
import type { NodeAffinity, NodeSelectorTerm, PodSpec } from '../../schema/generated/core.v1.gen.ts';

type Labels = Readonly<Record<string, string>>;
const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';

export function addsToNodeSelector(faults: Faults, next: Labels, before: Labels): void {
  if (Object.entries(before).every(([name, value]) => next[name] === value)) return;
  const sentence = 'only additions to spec.nodeSelector are allowed (no mutations or deletions)';
  faults.invalid('nodeSelector', next, sentence);
}

export function addsToNodeAffinity(
  faults: Faults,
  next: NodeAffinity | undefined,
  before: NodeAffinity | undefined,
): void {
  const old = before?.[REQUIRED]?.nodeSelectorTerms ?? [];
  if (old.length === 0) return;
  const terms = next?.[REQUIRED]?.nodeSelectorTerms ?? [];
  const at = ['affinity', 'nodeAffinity', REQUIRED, 'nodeSelectorTerms'];
  if (terms.length !== old.length) {
    return faults.invalid(at, terms, 'no additions/deletions to non-empty NodeSelectorTerms list are allowed');
  }
  terms.forEach((term, i) => {
    if (onlyAdds(term, old[i] ?? {})) return;
    faults.invalid([...at, i], term, 'only additions are allowed (no mutations or deletions)');
  });
}

function onlyAdds(next: NodeSelectorTerm, before: NodeSelectorTerm): boolean {
  const lists = ['matchExpressions', 'matchFields'] as const;
  const empty = lists.every((list) => (before[list] ?? []).length === 0);
  // A term that says nothing selects nothing; more words would select something.
  if (empty) return lists.every((list) => (next[list] ?? []).length === 0);
  return lists.every((list) => {
    const old = before[list] ?? [];
    return isDeepStrictEqual((next[list] ?? []).slice(0, old.length), old);
  });
}

/** `spec` with the node affinity of `old`, which has been compared by itself. */
export function withNodeAffinityOf(spec: PodSpec, old: PodSpec): PodSpec {
  const [next, before] = [spec.affinity?.nodeAffinity, old.affinity?.nodeAffinity];
  if (isDeepStrictEqual(next, before)) return spec;
  const { nodeAffinity: _, ...affinity } = spec.affinity ?? {};
  const { affinity: __, ...rest } = spec;
  if (before !== undefined) return { ...rest, affinity: { ...affinity, nodeAffinity: before } };
  const emptied = Object.keys(affinity).length === 0 && old.affinity === undefined;
  return emptied ? rest : { ...rest, affinity };
}
