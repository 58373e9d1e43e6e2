// HorizontalPodAutoscalers of autoscaling/v1: a view of v2 that knows processor utilisation only. What v1 has no field for
// goes through annotations, in the shape that Kubernetes has given them.
import { formatQuantity, parseQuantity } from '../../meta/quantity.ts';
import { horizontalPodAutoscalers, horizontalPodAutoscalersV1 } from '../../resources.ts';
import { age, columns, text } from '../../schema/columns.ts';
import { defineKind } from '../../schema/define-kind.ts';
import type { HorizontalPodAutoscaler as AutoscalerV1 } from '../../schema/generated/autoscaling.v1.gen.ts';
import type { HorizontalPodAutoscaler, MetricSpec, MetricTarget } from '../../schema/generated/autoscaling.v2.gen.ts';
import type { KubeObject } from '../../schema/resource-type.ts';
import { validateAutoscaler } from '../v2/autoscaler-validation.ts';
import { defaultAutoscaler } from '../v2/horizontal-pod-autoscaler.ts';
import { metricsCell } from '../v2/metric-sources.ts';

const METRICS = 'autoscaling.alpha.kubernetes.io/metrics';
const BEHAVIOR = 'autoscaling.alpha.kubernetes.io/behavior';

export const horizontalPodAutoscalerV1Kind = defineKind<AutoscalerV1>({
  type: horizontalPodAutoscalersV1,
  schema: 'autoscaling.v1.HorizontalPodAutoscaler',
  shortNames: ['hpa'],
  categories: ['all'],
  hasStatus: true,
  columns: columns<AutoscalerV1>(
    text(
      'Reference',
      'scaleTargetRef points to the target resource to scale.',
      ({ spec: { scaleTargetRef } }) => `${scaleTargetRef.kind}/${scaleTargetRef.name}`,
    ),
    text(
      'Targets',
      'metrics contains the specifications for which to use to calculate the desired replica count.',
      (autoscaler) => metricsCell(toV2(autoscaler)),
    ),
    text(
      'MinPods',
      'minReplicas is the lower limit for the number of replicas to which the autoscaler can scale down.',
      ({ spec }) => String(spec.minReplicas ?? '<unset>'),
    ),
    text(
      'MaxPods',
      'maxReplicas is the upper limit for the number of replicas to which the autoscaler can scale up.',
      ({ spec }) => spec.maxReplicas,
    ),
    text(
      'Replicas',
      'currentReplicas is current number of replicas of pods managed by this autoscaler.',
      ({ status }) => status.currentReplicas,
    ),
    age(),
  ),
  setDefaults(autoscaler) {
    autoscaler.spec ??= { maxReplicas: 0, scaleTargetRef: { kind: '', name: '' } };
    autoscaler.status ??= { currentReplicas: 0, desiredReplicas: 0 };
    autoscaler.spec.minReplicas ??= 1;
    if (autoscaler.metadata.annotations?.[METRICS] === undefined) {
      autoscaler.spec.targetCPUUtilizationPercentage ??= 80;
    }
  },
  prepareForCreate(autoscaler) {
    autoscaler.status = { currentReplicas: 0, desiredReplicas: 0 };
  },
  validate: (autoscaler) => validateAutoscaler(toV2(autoscaler)),
  storage: {
    type: horizontalPodAutoscalers,
    toStored: toV2,
    fromStored: (stored: KubeObject) => fromV2(stored as HorizontalPodAutoscaler), // What is stored there is one.
  },
});

function toV2({ spec, status, metadata, ...rest }: AutoscalerV1): HorizontalPodAutoscaler {
  const { targetCPUUtilizationPercentage: percent, ...same } = spec;
  const { [METRICS]: moreMetrics, [BEHAVIOR]: behavior, ...annotations } = metadata.annotations ?? {};
  const metrics = readList(moreMetrics).map(fromAnnotated);
  if (percent !== undefined) {
    const target: MetricTarget = { type: 'Utilization', averageUtilization: percent };
    metrics.push({ type: 'Resource', resource: { name: 'cpu', target } });
  }
  const { currentCPUUtilizationPercentage: current, ...counts } = status;
  const { annotations: _, ...meta } = metadata;
  const autoscaler: HorizontalPodAutoscaler = {
    ...rest,
    apiVersion: 'autoscaling/v2',
    metadata: { ...meta, ...(Object.keys(annotations).length > 0 && { annotations }) },
    spec: { ...same, ...(metrics.length > 0 && { metrics }) },
    status: {
      ...counts,
      ...(current !== undefined && {
        currentMetrics: [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: current } } }],
      }),
    },
  };
  if (behavior !== undefined) {
    const parsed = readJson(behavior);
    // Kubernetes ignores an annotation that it cannot read.
    if (typeof parsed === 'object' && parsed !== null) autoscaler.spec.behavior = parsed;
  }
  defaultAutoscaler(autoscaler);
  return autoscaler;
}

function fromV2({ spec, status, metadata, ...rest }: HorizontalPodAutoscaler): AutoscalerV1 {
  const { metrics = [], behavior, ...same } = spec;
  const cpu = metrics.findIndex(
    ({ resource }) => resource?.name === 'cpu' && resource.target.averageUtilization !== undefined,
  );
  const others = metrics.filter((_, i) => i !== cpu);
  const annotations: Record<string, string> = { ...metadata.annotations };
  if (others.length > 0) annotations[METRICS] = JSON.stringify(others.map(toAnnotated));
  if (behavior !== undefined) annotations[BEHAVIOR] = JSON.stringify(behavior);
  const percent = metrics[cpu]?.resource?.target.averageUtilization;
  const { currentMetrics = [], conditions: _, ...counts } = status;
  const current = currentMetrics.find(({ resource }) => resource?.name === 'cpu')?.resource?.current.averageUtilization;
  return {
    ...rest,
    apiVersion: 'autoscaling/v1',
    metadata: { ...metadata, ...(Object.keys(annotations).length > 0 && { annotations }) },
    spec: { ...same, ...(percent !== undefined && { targetCPUUtilizationPercentage: percent }) },
    status: {
      ...counts,
      currentReplicas: counts.currentReplicas ?? 0,
      ...(current !== undefined && { currentCPUUtilizationPercentage: current }),
    },
  };
}

/** A metric as the annotation has it: names and targets side by side with the source. */
interface Annotated {
  type: string;
  resource?: { name: string; targetAverageUtilization?: number; targetAverageValue?: string };
  containerResource?: {
    name: string;
    container: string;
    targetAverageUtilization?: number;
    targetAverageValue?: string;
  };
  pods?: { metricName: string; targetAverageValue?: string; selector?: never };
  object?: {
    target: { kind: string; name: string; apiVersion?: string };
    metricName: string;
    targetValue?: string;
    averageValue?: string;
  };
  external?: { metricName: string; targetValue?: string; targetAverageValue?: string };
}

function fromAnnotated(metric: Annotated): MetricSpec {
  const { type, resource, containerResource, pods, object, external } = metric;
  const result: MetricSpec = { type };
  if (resource !== undefined) {
    result.resource = {
      name: resource.name,
      target: target(resource.targetAverageUtilization, resource.targetAverageValue),
    };
  }
  if (containerResource !== undefined) {
    const { name, container, targetAverageUtilization, targetAverageValue } = containerResource;
    result.containerResource = { name, container, target: target(targetAverageUtilization, targetAverageValue) };
  }
  if (pods !== undefined) {
    result.pods = { metric: { name: pods.metricName }, target: target(undefined, pods.targetAverageValue) };
  }
  if (object !== undefined) {
    result.object = {
      describedObject: object.target,
      metric: { name: object.metricName },
      target: target(undefined, object.averageValue, object.targetValue),
    };
  }
  if (external !== undefined) {
    const wanted = target(undefined, external.targetAverageValue, external.targetValue);
    result.external = { metric: { name: external.metricName }, target: wanted };
  }
  return result;
}

function toAnnotated(metric: MetricSpec): Annotated {
  const { type, resource, containerResource, pods, object, external } = metric;
  const average = (of: MetricTarget) => ({
    ...(of.averageUtilization !== undefined && { targetAverageUtilization: of.averageUtilization }),
    ...(of.averageValue !== undefined && { targetAverageValue: of.averageValue }),
  });
  return {
    type,
    ...(resource && { resource: { name: resource.name, ...average(resource.target) } }),
    ...(containerResource && {
      containerResource: {
        name: containerResource.name,
        container: containerResource.container,
        ...average(containerResource.target),
      },
    }),
    ...(pods && { pods: { metricName: pods.metric.name, ...average(pods.target) } }),
    ...(object && {
      object: {
        target: object.describedObject,
        metricName: object.metric.name,
        ...(object.target.value !== undefined && { targetValue: object.target.value }),
        ...(object.target.averageValue !== undefined && { averageValue: object.target.averageValue }),
      },
    }),
    ...(external && {
      external: {
        metricName: external.metric.name,
        ...(external.target.value !== undefined && { targetValue: external.target.value }),
        ...average(external.target),
      },
    }),
  };
}

function target(utilization: number | undefined, average: string | undefined, value?: string): MetricTarget {
  if (utilization !== undefined) return { type: 'Utilization', averageUtilization: utilization };
  if (average !== undefined && average !== '0') return { type: 'AverageValue', averageValue: canonical(average) };
  return { type: 'Value', ...(value !== undefined && { value: canonical(value) }) };
}

function canonical(text: string): string {
  const parsed = parseQuantity(text);
  return parsed.ok ? formatQuantity(parsed.quantity) : text;
}

function readList(text: string | undefined): Annotated[] {
  const parsed = text === undefined ? undefined : readJson(text);
  if (!Array.isArray(parsed)) return [];
  return parsed.filter((item): item is Annotated => typeof item === 'object' && item !== null && 'type' in item);
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // An annotation that is no JSON is one of somebody else's.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
