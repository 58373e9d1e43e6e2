// Disruption budgets and priority classes, described. Pure.
import type { JsonObject } from '../../api/schema/json.ts';
import { at, flag, has, nameOf, namespaceOf, number, object, text } from '../objects/access.ts';
import { labelsText, selectorSummary } from './label-text.ts';
import type { DescriptionWriter } from './writer.ts';

export function describeDisruptionBudget(budget: JsonObject, out: DescriptionWriter): void {
  const spec = object(budget, 'spec');
  out.line(0, 'Name', nameOf(budget));
  out.line(0, 'Namespace', namespaceOf(budget));
  if (has(spec, 'minAvailable')) out.line(0, 'Min available', text(spec, 'minAvailable'));
  else if (has(spec, 'maxUnavailable')) out.line(0, 'Max unavailable', text(spec, 'maxUnavailable'));
  out.line(0, 'Selector', has(spec, 'selector') ? selectorSummary(object(spec, 'selector')) || '<none>' : '<unset>');
  out.write(0, 'Status:\n');
  for (const [label, field] of [
    ['Allowed disruptions', 'disruptionsAllowed'],
    ['Current', 'currentHealthy'],
    ['Desired', 'desiredHealthy'],
    ['Total', 'expectedPods'],
  ] as const)
    out.line(2, label, String(number(budget, 'status', field)));
}

export function describePriorityClass(priorityClass: JsonObject, out: DescriptionWriter): void {
  out.line(0, 'Name', nameOf(priorityClass));
  out.line(0, 'Value', String(number(priorityClass, 'value')));
  out.line(0, 'GlobalDefault', String(flag(priorityClass, 'globalDefault')));
  out.line(0, 'PreemptionPolicy', text(priorityClass, 'preemptionPolicy'));
  out.line(0, 'Description', text(priorityClass, 'description'));
  out.line(0, 'Annotations', labelsText(at(priorityClass, 'metadata', 'annotations')));
}
