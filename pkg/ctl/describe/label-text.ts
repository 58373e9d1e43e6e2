// Maps and label selectors on one line, as descriptions show them. Pure.
import type { Json, JsonObject } from '../../api/schema/json.ts';
import { compareBytes, object, objects, pairs, text, texts } from '../objects/access.ts';

/** `a=b,c=d`, sorted as whole words, `<none>` for an empty map. */
export function labelsText(labels: Json | undefined): string {
  const words = pairs(labels).map(([key, value]) => `${key}=${value}`);
  return words.sort(compareBytes).join(',') || '<none>';
}

/** A label selector on one line, `a=b,c in (d)`. */
export function selectorSummary(selector: JsonObject): string {
  const equal = Object.entries(object(selector, 'matchLabels')).map(([key, value]) => `${key}=${text(value)}`);
  const others = objects(selector, 'matchExpressions').map((expression) => {
    const key = text(expression, 'key');
    const values = `(${texts(expression, 'values').sort().join(',')})`;
    const operator = text(expression, 'operator');
    if (operator === 'Exists') return key;
    if (operator === 'DoesNotExist') return `!${key}`;
    return `${key} ${operator === 'In' ? 'in' : 'notin'} ${values}`;
  });
  return [...equal, ...others].sort().join(',');
}
