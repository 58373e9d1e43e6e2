// Validation of where a pod may run: affinity, tolerations, spreading.
import type { Faults } from '../../meta/field-faults.ts';
import { validateLabelSelector } from '../../meta/label-selector-validation.ts';
import { dnsLabelFaults, dnsSubdomainFaults, labelValueFaults, qualifiedNameFaults } from '../../meta/names.ts';
import { checkOptionalOneOf, NOT_POSITIVE } from '../../meta/value-checks.ts';
import type {
  Affinity,
  NodeSelector,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodAffinity,
  PodAffinityTerm,
  Toleration,
  TopologySpreadConstraint,
} from '../../schema/generated/core.v1.gen.ts';
import type { LabelSelector } from '../../schema/generated/meta.v1.gen.ts';

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';
const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution';
const BAD_WEIGHT = 'must be in the range 1-100';
const TAINT_EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

export function validateAffinity(faults: Faults, affinity: Affinity | undefined): void {
  if (affinity === undefined) return;
  const { nodeAffinity, podAffinity, podAntiAffinity } = affinity;
  faults.at('affinity', () => {
    if (nodeAffinity !== undefined) {
      faults.at('nodeAffinity', () => {
        const { [REQUIRED]: needed, [PREFERRED]: wished } = nodeAffinity;
        if (needed !== undefined) faults.at(REQUIRED, () => validateNodeSelector(faults, needed));
        faults.each(PREFERRED, wished, ({ weight, preference }) => {
          validateWeight(faults, weight);
          // A preference for a label that no node can have does no harm.
          faults.at('preference', () => validateTerm(faults, preference ?? {}, false));
        });
      });
    }
    if (podAffinity !== undefined) faults.at('podAffinity', () => validatePodAffinity(faults, podAffinity));
    if (podAntiAffinity !== undefined) {
      faults.at('podAntiAffinity', () => validatePodAffinity(faults, podAntiAffinity));
    }
  });
}

/** The current path is the selector's. */
export function validateNodeSelector(faults: Faults, selector: NodeSelector): void {
  if ((selector.nodeSelectorTerms ?? []).length === 0) {
    return faults.required('nodeSelectorTerms', 'must have at least one node selector term');
  }
  faults.each('nodeSelectorTerms', selector.nodeSelectorTerms, (term) => validateTerm(faults, term, true));
}

function validateTerm(faults: Faults, term: NodeSelectorTerm, checkValues: boolean): void {
  faults.each('matchExpressions', term.matchExpressions, (requirement) => {
    validateRequirement(faults, requirement);
    if (!checkValues) return;
    (requirement.values ?? []).forEach((value, i) => faults.invalidAll(['values', i], value, labelValueFaults(value)));
  });
  faults.each('matchFields', term.matchFields, (requirement) => validateFieldRequirement(faults, requirement));
}

function validateRequirement(faults: Faults, { key, operator, values = [] }: NodeSelectorRequirement): void {
  switch (operator) {
    case 'In':
    case 'NotIn':
      if (values.length === 0) faults.required('values', "must be specified when `operator` is 'In' or 'NotIn'");
      break;
    case 'Exists':
    case 'DoesNotExist':
      if (values.length > 0) {
        faults.forbidden('values', "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
      }
      break;
    case 'Gt':
    case 'Lt':
      if (values.length !== 1) {
        faults.required('values', "must be specified single value when `operator` is 'Lt' or 'Gt'");
      }
      break;
    default:
      faults.invalid('operator', operator ?? '', 'not a valid selector operator');
  }
  faults.invalidAll('key', key ?? '', qualifiedNameFaults(key ?? ''));
}

function validateFieldRequirement(faults: Faults, { key, operator, values = [] }: NodeSelectorRequirement): void {
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length !== 1) {
      faults.required('values', "must be only one value when `operator` is 'In' or 'NotIn' for node field selector");
    }
  } else faults.invalid('operator', operator ?? '', 'not a valid selector operator');
  if (key !== 'metadata.name') return faults.invalid('key', key ?? '', 'not a valid field selector key');
  values.forEach((value, i) => faults.invalidAll(['values', i], value, dnsSubdomainFaults(value)));
}

function validateWeight(faults: Faults, weight: number | undefined): void {
  if (weight === undefined || weight < 1 || weight > 100) faults.invalid('weight', weight ?? 0, BAD_WEIGHT);
}

function validatePodAffinity(faults: Faults, affinity: PodAffinity): void {
  faults.each(REQUIRED, affinity[REQUIRED], (term) => validatePodTerm(faults, term));
  faults.each(PREFERRED, affinity[PREFERRED], ({ weight, podAffinityTerm }) => {
    validateWeight(faults, weight);
    faults.at('podAffinityTerm', () => validatePodTerm(faults, podAffinityTerm ?? { topologyKey: '' }));
  });
}

function validatePodTerm(faults: Faults, term: PodAffinityTerm): void {
  faults.at('labelSelector', () => validateLabelSelector(faults, term.labelSelector));
  faults.at('namespaceSelector', () => validateLabelSelector(faults, term.namespaceSelector));
  for (const name of term.namespaces ?? []) faults.invalidAll('namespace', name, dnsLabelFaults(name));
  validateLabelKeys(faults, term, 'matchLabelKeys');
  validateLabelKeys(faults, term, 'mismatchLabelKeys');
  repeatedKeys(term).forEach((i) => faults.invalid([i], term.matchLabelKeys?.[i], IN_BOTH));
  (term.matchLabelKeys ?? []).forEach((name, i) => {
    if (!term.mismatchLabelKeys?.includes(name)) return;
    faults.invalid(['matchLabelKeys', i], name, 'exists in both matchLabelKeys and mismatchLabelKeys');
  });
  if (!term.topologyKey) faults.required('topologyKey', 'can not be empty');
  faults.invalidAll('topologyKey', term.topologyKey ?? '', qualifiedNameFaults(term.topologyKey ?? ''));
}

const IN_BOTH = 'exists in both matchLabelKeys and labelSelector';

interface WithLabelKeys {
  readonly labelSelector?: LabelSelector;
  readonly matchLabelKeys?: readonly string[];
  readonly mismatchLabelKeys?: readonly string[];
}

function validateLabelKeys(
  faults: Faults,
  constraint: WithLabelKeys,
  field: 'matchLabelKeys' | 'mismatchLabelKeys',
): void {
  const keys = constraint[field] ?? [];
  if (keys.length === 0) return;
  if (constraint.labelSelector === undefined) {
    return faults.forbidden(field, 'must not be specified when labelSelector is not set');
  }
  keys.forEach((name, i) => faults.invalidAll([field, i], name, qualifiedNameFaults(name)));
}

/**
 * Positions in matchLabelKeys whose key the selector asks for by itself. A pod's selector already has one expression for each
 * of these keys, which was made of it.
 */
function repeatedKeys({ labelSelector, matchLabelKeys = [] }: WithLabelKeys): number[] {
  const seen = new Set(Object.keys(labelSelector?.matchLabels ?? {}));
  const repeated: number[] = [];
  for (const { key } of labelSelector?.matchExpressions ?? []) {
    if (seen.has(key) && matchLabelKeys.includes(key)) repeated.push(matchLabelKeys.lastIndexOf(key));
    seen.add(key);
  }
  return repeated;
}

export function validateTolerations(faults: Faults, tolerations: readonly Toleration[] | undefined): void {
  faults.each('tolerations', tolerations, (toleration) => {
    const { key, operator = '', value = '', effect = '', tolerationSeconds } = toleration;
    if (key) faults.invalidAll('key', key, qualifiedNameFaults(key));
    else if (operator !== 'Exists') {
      const sentence = 'operator must be Exists when `key` is empty, which means "match all values and all keys"';
      faults.invalid('operator', operator, sentence);
    }
    if (tolerationSeconds !== undefined && effect !== 'NoExecute') {
      faults.invalid('effect', effect, "effect must be 'NoExecute' when `tolerationSeconds` is set");
    }
    if (operator === '' || operator === 'Equal') {
      const bad = labelValueFaults(value);
      if (bad.length > 0) faults.invalid('operator', value, bad.join(';'));
    } else if (operator === 'Exists') {
      if (value !== '') faults.invalid('operator', value, "value must be empty when `operator` is 'Exists'");
    } else faults.notSupported('operator', operator, ['Equal', 'Exists']);
    if (effect !== '') checkTaintEffect(faults, effect);
  });
}

/** Also of the taints of nodes. */
export function checkTaintEffect(faults: Faults, effect: string): void {
  if (!TAINT_EFFECTS.includes(effect)) faults.notSupported('effect', effect, TAINT_EFFECTS);
}

const SPREAD_ACTIONS = ['DoNotSchedule', 'ScheduleAnyway'];
const SPREAD_POLICIES = ['Honor', 'Ignore'];

export function validateSpreadConstraints(
  faults: Faults,
  constraints: readonly TopologySpreadConstraint[] | undefined,
): void {
  faults.each('topologySpreadConstraints', constraints, (constraint, index) => {
    const { topologyKey, minDomains, labelSelector } = constraint;
    const maxSkew = constraint.maxSkew ?? 0;
    const whenUnsatisfiable = constraint.whenUnsatisfiable ?? '';
    if (maxSkew <= 0) faults.invalid('maxSkew', maxSkew, NOT_POSITIVE);
    if (!topologyKey) faults.required('topologyKey', 'can not be empty');
    if (!SPREAD_ACTIONS.includes(whenUnsatisfiable)) {
      faults.notSupported('whenUnsatisfiable', whenUnsatisfiable, SPREAD_ACTIONS);
    }
    const again = (constraints ?? [])
      .slice(index + 1)
      .some((other) => other.topologyKey === topologyKey && other.whenUnsatisfiable === whenUnsatisfiable);
    if (again) faults.duplicate('{topologyKey, whenUnsatisfiable}', `{${topologyKey}, ${whenUnsatisfiable}}`);
    if (minDomains !== undefined) {
      if (minDomains <= 0) faults.invalid('minDomains', minDomains, NOT_POSITIVE);
      if (whenUnsatisfiable !== 'DoNotSchedule') {
        const sentence = `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`;
        faults.invalid('minDomains', minDomains, sentence);
      }
    }
    checkOptionalOneOf(faults, 'nodeAffinityPolicy', constraint.nodeAffinityPolicy, SPREAD_POLICIES);
    checkOptionalOneOf(faults, 'nodeTaintsPolicy', constraint.nodeTaintsPolicy, SPREAD_POLICIES);
    validateLabelKeys(faults, constraint, 'matchLabelKeys');
    repeatedKeys(constraint).forEach((i) =>
      faults.invalid(['matchLabelKeys', i], constraint.matchLabelKeys?.[i], IN_BOTH),
    );
    faults.at('labelSelector', () => validateLabelSelector(faults, labelSelector));
  });
}
