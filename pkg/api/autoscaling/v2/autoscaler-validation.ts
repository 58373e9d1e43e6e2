// Validation of HorizontalPodAutoscalers, of both versions in the words of v2.
import { Faults } from '../../meta/field-faults.ts';
import { pathSegmentName } from '../../meta/names.ts';
import { validateLabelSelector } from '../../meta/label-selector-validation.ts';
import type { FieldError } from '../../meta/status.ts';
import { NOT_POSITIVE } from '../../meta/value-checks.ts';
import type {
  CrossVersionObjectReference,
  HorizontalPodAutoscaler,
  HPAScalingRules,
  MetricSpec,
  MetricTarget,
} from '../../schema/generated/autoscaling.v2.gen.ts';
import { quantityIn } from '../../core/v1/resource-amounts.ts';
import { isMetricType, SOURCE_OF } from './metric-sources.ts';

const TARGET_TYPES = ['AverageValue', 'Utilization', 'Value'];
const LONGEST_WINDOW = 3600;
const LONGEST_PERIOD = 1800;

export function validateAutoscaler({ spec }: HorizontalPodAutoscaler): FieldError[] {
  const faults = new Faults();
  faults.at('spec', () => {
    const { minReplicas, scaleTargetRef, metrics, behavior } = spec;
    const maxReplicas = spec.maxReplicas ?? 0;
    if (minReplicas !== undefined && minReplicas < 1) {
      faults.invalid('minReplicas', minReplicas, 'must be greater than or equal to 1');
    }
    if (maxReplicas < 1) faults.invalid('maxReplicas', maxReplicas, 'must be greater than 0');
    if (minReplicas !== undefined && maxReplicas < minReplicas) {
      faults.invalid('maxReplicas', maxReplicas, 'must be greater than or equal to `minReplicas`');
    }
    faults.at('scaleTargetRef', () => validateReference(faults, scaleTargetRef ?? { kind: '', name: '' }));
    faults.each('metrics', metrics, (metric) => validateMetric(faults, metric));
    faults.at('behavior', () => {
      const { scaleUp, scaleDown } = behavior ?? {};
      if (scaleUp !== undefined) faults.at('scaleUp', () => validateRules(faults, scaleUp));
      if (scaleDown !== undefined) faults.at('scaleDown', () => validateRules(faults, scaleDown));
    });
  });
  return faults.errors;
}

function validateReference(faults: Faults, reference: CrossVersionObjectReference): void {
  for (const field of ['kind', 'name'] as const) {
    if (!reference[field]) faults.required(field);
    else faults.invalidAll(field, reference[field], pathSegmentName(reference[field], false));
  }
}

function validateMetric(faults: Faults, metric: MetricSpec): void {
  const types = Object.keys(SOURCE_OF);
  const type = metric.type ?? '';
  if (type === '') return faults.required('type', 'must specify a metric source type');
  if (!isMetricType(type)) return faults.notSupported('type', type, types);
  const expected = SOURCE_OF[type];
  for (const field of Object.values(SOURCE_OF)) {
    if (field !== expected && metric[field] !== undefined) {
      faults.forbidden(field, 'must populate the given metric source only');
    }
  }
  if (metric[expected] === undefined) {
    return faults.required(expected, 'must populate information for the given metric source');
  }
  const { resource, containerResource, pods, object, external } = metric;
  const named = resource ?? containerResource;
  if (named !== undefined) {
    faults.at(expected, () => {
      if (!named.name) faults.required('name', 'must specify a resource name');
      validateTarget(faults, named.target);
      if ((named.target?.averageUtilization === undefined) === (named.target?.averageValue === undefined)) {
        const words = 'must set either a target raw value or a target utilization';
        if (named.target?.averageUtilization === undefined) faults.required(['target', 'averageUtilization'], words);
        else
          faults.forbidden(['target', 'averageValue'], 'may not set both a target raw value and a target utilization');
      }
    });
  }
  for (const source of [pods, object, external]) {
    if (source === undefined) continue;
    faults.at(expected, () => {
      if (!source.metric?.name) faults.required(['metric', 'name'], 'must specify a metric name');
      faults.at('metric', () => faults.at('selector', () => validateLabelSelector(faults, source.metric?.selector)));
      validateTarget(faults, source.target);
    });
  }
}

function validateTarget(faults: Faults, target: MetricTarget | undefined): void {
  const { type = '', averageUtilization, averageValue, value } = target ?? {};
  faults.at('target', () => {
    if (type === '') faults.required('type', 'must specify a metric target type');
    else if (!TARGET_TYPES.includes(type)) {
      faults.invalid('type', type, 'must be either Utilization, Value, or AverageValue');
    }
    if (averageUtilization !== undefined && averageUtilization < 1) {
      faults.invalid('averageUtilization', averageUtilization, 'must be greater than 0');
    }
    for (const [field, amount] of [
      ['value', value],
      ['averageValue', averageValue],
    ] as const) {
      if (amount !== undefined && quantityIn(amount).nanos <= 0n) faults.invalid(field, amount, 'must be positive');
    }
  });
}

function validateRules(faults: Faults, rules: HPAScalingRules): void {
  const { stabilizationWindowSeconds: window, selectPolicy, policies = [] } = rules;
  if (window !== undefined && window < 0)
    faults.invalid('stabilizationWindowSeconds', window, 'must be greater than or equal to zero');
  if (window !== undefined && window > LONGEST_WINDOW) {
    faults.invalid('stabilizationWindowSeconds', window, `must be less than or equal to ${LONGEST_WINDOW}`);
  }
  if (selectPolicy !== undefined && !['Disabled', 'Max', 'Min'].includes(selectPolicy)) {
    faults.notSupported('selectPolicy', selectPolicy, ['Disabled', 'Max', 'Min']);
  }
  if (policies.length === 0) faults.required('policies', 'must specify at least one Policy');
  faults.each('policies', policies, ({ type, value, periodSeconds }) => {
    if (type !== 'Pods' && type !== 'Percent') faults.notSupported('type', type, ['Percent', 'Pods']);
    if (value <= 0) faults.invalid('value', value, NOT_POSITIVE);
    if (periodSeconds <= 0) faults.invalid('periodSeconds', periodSeconds, NOT_POSITIVE);
    else if (periodSeconds > LONGEST_PERIOD) {
      faults.invalid('periodSeconds', periodSeconds, `must be less than or equal to ${LONGEST_PERIOD}`);
    }
  });
}
