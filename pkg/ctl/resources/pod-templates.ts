// Where a kind keeps its pod spec, and choosing among its containers. Pure.
import type { JsonObject } from '../../api/schema/json.ts';
import { isObject, objects, text } from '../objects/access.ts';

/** The pod spec inside of an object: its own, its template's or its job template's. Undefined for other kinds. */
export function podSpecOf(workload: JsonObject): JsonObject | undefined {
  const path =
    text(workload, 'kind') === 'Pod'
      ? ['spec']
      : text(workload, 'kind') === 'CronJob'
        ? ['spec', 'jobTemplate', 'spec', 'template', 'spec']
        : ['spec', 'template', 'spec'];
  const spec = path.reduce<JsonObject | undefined>((here, step) => {
    const next = here?.[step];
    return isObject(next) ? next : undefined;
  }, workload);
  return spec;
}

/** Containers whose name matches a pattern with `*`. */
export function selectContainers(containers: readonly JsonObject[], pattern: string): JsonObject[] {
  const expression = new RegExp(
    `^${pattern
      .split('*')
      .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*')}$`,
  );
  return containers.filter((container) => expression.test(text(container, 'name')));
}

export function allContainers(spec: JsonObject): JsonObject[] {
  return [...objects(spec, 'initContainers'), ...objects(spec, 'containers')];
}
