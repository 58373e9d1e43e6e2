// What the five kinds of metrics of an autoscaler have in common: a name, a target, a current value.
import type {
  HorizontalPodAutoscaler,
  MetricSpec,
  MetricTarget,
  MetricValueStatus,
} from '../../schema/generated/autoscaling.v2.gen.ts';

/** By `type`, the field that holds the source. */
export const SOURCE_OF = {
  ContainerResource: 'containerResource',
  External: 'external',
  Object: 'object',
  Pods: 'pods',
  Resource: 'resource',
} as const;

/** A table's cell shows this many metrics. */
const SHOWN = 2;

export function isMetricType(type: string): type is keyof typeof SOURCE_OF {
  return Object.hasOwn(SOURCE_OF, type);
}

export function targetOf(metric: MetricSpec): MetricTarget | undefined {
  return isMetricType(metric.type) ? metric[SOURCE_OF[metric.type]]?.target : undefined;
}

/** `cpu: 30%/80%, 10/100`: what is measured and what is wanted, of the first metrics. */
export function metricsCell({ spec, status }: HorizontalPodAutoscaler): string {
  const cells = (spec.metrics ?? []).map((metric, i) => {
    const measured = status.currentMetrics?.[i];
    const current =
      measured === undefined || !isMetricType(measured.type) ? undefined : measured[SOURCE_OF[measured.type]]?.current;
    const name = metric.resource?.name ?? metric.containerResource?.name;
    // Averages are so called where the same metric could also be a total.
    const average = metric.object !== undefined || metric.external !== undefined ? ' (avg)' : '';
    const text = currentAndTarget(targetOf(metric), current, average);
    return name === undefined ? text : `${name}: ${text}`;
  });
  if (cells.length === 0) return '<none>';
  const shown = cells.slice(0, SHOWN).join(', ');
  return cells.length > SHOWN ? `${shown} + ${cells.length - SHOWN} more...` : shown;
}

function currentAndTarget(
  target: MetricTarget | undefined,
  current: MetricValueStatus | undefined,
  average: string,
): string {
  const unknown = '<unknown>';
  if (target?.averageValue !== undefined) return `${current?.averageValue ?? unknown}/${target.averageValue}${average}`;
  if (target?.value !== undefined) return `${current?.value ?? unknown}/${target.value}`;
  const percent = (value: number | undefined, none: string) => (value === undefined ? none : `${value}%`);
  return `${percent(current?.averageUtilization, unknown)}/${percent(target?.averageUtilization, '<auto>')}`;
}
