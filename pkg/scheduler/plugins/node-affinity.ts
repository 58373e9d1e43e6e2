// Node selector and node affinity: required terms filter, preferred terms add their weight.
import type { NodeSelectorTerm } from '../../api/schema/generated/core.v1.gen.ts';
import { isEmptyTerm, matchesNodeSelector, matchesTerm, requiredNodeMatch } from '../../api/core/v1/node-selector.ts';
import type { Failure, Plugin, Restriction } from '../framework/plugin.ts';
import type { NodeAffinity } from '../../api/schema/generated/core.v1.gen.ts';
import { nodeOf } from '../queue/cluster-event.ts';

const NAME = 'NodeAffinity';
const NO_MATCH: Failure = {
  plugin: NAME,
  reasons: ["node(s) didn't match Pod's node affinity/selector"],
  evictionHelps: false,
};
const NOT_ADDED: Failure = {
  plugin: NAME,
  reasons: ["node(s) didn't match scheduler-enforced node affinity"],
  evictionHelps: false,
};

/** `addedAffinity` (NodeAffinityArgs) is held against every pod of the profile, on top of its own. */
export function nodeAffinity(addedAffinity: NodeAffinity = {}): Plugin {
  const added = addedAffinity.requiredDuringSchedulingIgnoredDuringExecution;
  const addedPreferred = addedAffinity.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  return {
    name: NAME,
    restrict: ({ pod }) =>
      restrictionOf(
        pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [],
      ),
    filter({ pod }) {
      const required = requiredNodeMatch(pod);
      if (required === undefined && added === undefined) return undefined;
      return (node) => {
        if (added !== undefined && !matchesNodeSelector(added, node)) return NOT_ADDED;
        return required === undefined || required(node) ? undefined : NO_MATCH;
      };
    },
    score: {
      scale: 'most',
      prepare({ pod }) {
        const own = pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
        const terms = [...addedPreferred, ...own].filter((term) => term.weight !== 0 && !isEmptyTerm(term.preference));
        if (terms.length === 0) return undefined;
        return (node) => {
          let sum = 0;
          for (const term of terms) if (matchesTerm(term.preference, node)) sum += term.weight;
          return sum;
        };
      },
    },
    helps({ pod }, event) {
      const node = nodeOf(event);
      if (node === undefined || (added !== undefined && !matchesNodeSelector(added, node))) return false;
      return requiredNodeMatch(pod)?.(node) ?? true;
    },
  };
}

/** Terms that all name nodes by metadata.name leave only those to be looked at. */
function restrictionOf(terms: readonly NodeSelectorTerm[]): Restriction | undefined {
  const union = new Set<string>();
  if (terms.length === 0) return undefined;
  for (const term of terms) {
    let names: Set<string> | undefined;
    for (const { key, operator, values } of term.matchFields ?? []) {
      if (key !== 'metadata.name' || operator !== 'In') continue;
      const here = new Set(values);
      names = names?.intersection(here) ?? here;
    }
    if (names === undefined) return undefined;
    for (const name of names) union.add(name);
  }
  return union.size === 0 ? { to: 'nothing', reason: 'pod affinity terms conflict' } : { to: 'nodes', names: union };
}
