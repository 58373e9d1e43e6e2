// Pod templates as `describe` and `rollout history` show them. Pure.
import type { JsonObject } from '../../api/schema/json.ts';
import { at, compareBytes, has, number, object, objects, text } from '../objects/access.ts';
import { describeContainers } from './containers.ts';
import { selectorSummary } from './label-text.ts';
import { describeVolumes } from './volumes.ts';
import { DescriptionWriter } from './writer.ts';

/** Unaligned, with tabs. */
export function describeTemplate(template: JsonObject): string {
  const out = new DescriptionWriter();
  writeTemplate(template, out);
  return out.raw();
}

export function writeTemplate(template: JsonObject, out: DescriptionWriter): void {
  const spec = object(template, 'spec');
  out.write(0, 'Pod Template:\n');
  out.labels('  Labels', at(template, 'metadata', 'labels'));
  if (has(template, 'metadata', 'annotations'))
    out.annotations('  Annotations', at(template, 'metadata', 'annotations'));
  if (text(spec, 'serviceAccountName') !== '') out.line(0, '  Service Account', text(spec, 'serviceAccountName'));
  const context = { pod: undefined, statuses: [], space: '  ' };
  const initial = objects(spec, 'initContainers');
  if (initial.length > 0) describeContainers('Init Containers', initial, context, out);
  describeContainers('Containers', objects(spec, 'containers'), context, out);
  describeVolumes(objects(spec, 'volumes'), '  ', out);
  writeSpreadConstraints(spec, '  ', out);
  if (text(spec, 'priorityClassName') !== '') out.line(0, '  Priority Class Name', text(spec, 'priorityClassName'));
  out.labels('  Node-Selectors', at(spec, 'nodeSelector'));
  out.list('  Tolerations', tolerationLines(spec));
}

export function writeSpreadConstraints(spec: JsonObject, space: string, out: DescriptionWriter): void {
  const constraints = objects(spec, 'topologySpreadConstraints').sort((left, right) =>
    compareBytes(text(left, 'topologyKey'), text(right, 'topologyKey')),
  );
  if (constraints.length === 0) return;
  const lines = constraints.map((constraint) => {
    const selector = selectorSummary(object(constraint, 'labelSelector'));
    const tail = selector === '' ? '' : ` for selector ${selector}`;
    return `${text(constraint, 'topologyKey')}:${text(constraint, 'whenUnsatisfiable')} when max skew ${number(constraint, 'maxSkew')} is exceeded${tail}`;
  });
  out.list(`${space}Topology Spread Constraints`, lines);
}

/** By key, as kubectl lists them. */
export function tolerationLines(spec: JsonObject): string[] {
  return objects(spec, 'tolerations')
    .sort((left, right) => compareBytes(text(left, 'key'), text(right, 'key')))
    .map(tolerationText);
}

function tolerationText(toleration: JsonObject): string {
  const key = text(toleration, 'key');
  const value = text(toleration, 'value');
  const effect = text(toleration, 'effect');
  let shown = key + (value === '' ? '' : `=${value}`) + (effect === '' ? '' : `:${effect}`);
  if (text(toleration, 'operator') === 'Exists' && value === '')
    shown += key !== '' || effect !== '' ? ' op=Exists' : 'op=Exists';
  if (has(toleration, 'tolerationSeconds')) shown += ` for ${number(toleration, 'tolerationSeconds')}s`;
  return shown;
}
