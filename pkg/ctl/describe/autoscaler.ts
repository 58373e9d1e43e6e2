// Horizontal pod autoscalers (autoscaling/v2), described. Pure.
import type { JsonObject } from '../../api/schema/json.ts';
import { at, has, nameOf, namespaceOf, number, object, objects, text } from '../objects/access.ts';
import { localTime, type DescriptionWriter } from './writer.ts';

export function describeAutoscaler(autoscaler: JsonObject, out: DescriptionWriter): void {
  const spec = object(autoscaler, 'spec');
  const status = object(autoscaler, 'status');
  const kind = text(spec, 'scaleTargetRef', 'kind');
  out.line(0, 'Name', nameOf(autoscaler));
  out.line(0, 'Namespace', namespaceOf(autoscaler));
  out.labels('Labels', at(autoscaler, 'metadata', 'labels'));
  out.annotations('Annotations', at(autoscaler, 'metadata', 'annotations'));
  out.line(0, 'CreationTimestamp', localTime(text(autoscaler, 'metadata', 'creationTimestamp')));
  out.line(0, 'Reference', `${kind}/${text(spec, 'scaleTargetRef', 'name')}`);
  out.line(0, 'Metrics', '( current / target )');
  const current = objects(status, 'currentMetrics');
  for (const [index, metric] of objects(spec, 'metrics').entries())
    out.write(1, `${metricText(metric, current[index] ?? {})}\n`);
  out.line(0, 'Min replicas', has(spec, 'minReplicas') ? text(spec, 'minReplicas') : '<unset>');
  out.line(0, 'Max replicas', text(spec, 'maxReplicas'));
  if (has(spec, 'behavior')) {
    out.write(0, 'Behavior:\n');
    writeDirection('Scale Up', object(spec, 'behavior', 'scaleUp'), out);
    writeDirection('Scale Down', object(spec, 'behavior', 'scaleDown'), out);
  }
  const count = (field: string) => number(status, field);
  out.line(0, `${kind} pods`, `${count('currentReplicas')} current / ${count('desiredReplicas')} desired`);
  const conditions = objects(status, 'conditions');
  if (conditions.length === 0) return;
  out.write(0, 'Conditions:\n  Type\tStatus\tReason\tMessage\n');
  out.write(1, '----\t------\t------\t-------\n');
  for (const condition of conditions)
    out.write(1, `${['type', 'status', 'reason', 'message'].map((field) => text(condition, field)).join('\t')}\n`);
}

const UNKNOWN = '<unknown>';

function metricText(metric: JsonObject, status: JsonObject): string {
  const type = text(metric, 'type');
  const field = type.charAt(0).toLowerCase() + type.slice(1);
  const source = object(metric, field);
  const name = text(source, 'metric', 'name');
  const target = object(source, 'target');
  const current = (value: string) =>
    has(status, field) ? text(status, field, 'current', value) || (value === 'value' ? '0' : UNKNOWN) : UNKNOWN;
  const shares = (value: string) => `${current(value)} / ${text(target, value)}`;
  switch (type) {
    case 'External':
      return has(target, 'averageValue')
        ? `${JSON.stringify(name)} (target average value):\t${shares('averageValue')}`
        : `${JSON.stringify(name)} (target value):\t${shares('value')}`;
    case 'Pods':
      return `${JSON.stringify(name)} on pods:\t${shares('averageValue')}`;
    case 'Object': {
      const described = `${text(source, 'describedObject', 'kind')}/${text(source, 'describedObject', 'name')}`;
      return text(target, 'type') === 'AverageValue'
        ? `"${name}" on ${described} (target average value):\t${shares('averageValue')}`
        : `"${name}" on ${described} (target value):\t${shares('value')}`;
    }
    case 'Resource':
      return `resource ${text(source, 'name')} on pods${resourceText(target, object(status, field, 'current'), shares)}`;
    case 'ContainerResource':
      return `resource ${text(source, 'name')} of container "${text(source, 'container')}" on pods${resourceText(target, object(status, field, 'current'), shares)}`;
    default:
      return `<unknown metric type ${JSON.stringify(type)}>`;
  }
}

function resourceText(target: JsonObject, current: JsonObject, shares: (value: string) => string): string {
  if (has(target, 'averageValue')) return `:\t${shares('averageValue')}`;
  const used = has(current, 'averageUtilization')
    ? `${text(current, 'averageUtilization')}% (${text(current, 'averageValue')})`
    : UNKNOWN;
  const wanted = has(target, 'averageUtilization') ? `${text(target, 'averageUtilization')}%` : '<auto>';
  return `  (as a percentage of request):\t${used} / ${wanted}`;
}

function writeDirection(direction: string, rules: JsonObject, out: DescriptionWriter): void {
  if (Object.keys(rules).length === 0) return;
  out.write(1, `${direction}:\n`);
  if (has(rules, 'stabilizationWindowSeconds'))
    out.write(2, `Stabilization Window: ${text(rules, 'stabilizationWindowSeconds')} seconds\n`);
  const policies = objects(rules, 'policies');
  if (policies.length === 0) return;
  out.write(2, `Select Policy: ${text(rules, 'selectPolicy') || 'Max'}\n`);
  out.write(2, 'Policies:\n');
  for (const policy of policies)
    out.write(
      3,
      `- Type: ${text(policy, 'type')}\tValue: ${number(policy, 'value')}\tPeriod: ${number(policy, 'periodSeconds')} seconds\n`,
    );
}
