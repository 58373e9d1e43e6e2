// `--sort-by`: orders things by what a JSONPath finds in them. Numbers by value, quantities as quantities, the rest as
// text; what lacks the field comes first. Pure.
import type { Json } from '../../api/schema/json.ts';
import { Failure } from '../cli/failure.ts';
import { findResults, valueText } from './jsonpath/evaluate.ts';
import { parseJsonPath, relaxedPath } from './jsonpath/parse.ts';
import { quantityValue } from '../values/quantity.ts';

/** Nothing at all has the field. */
export class SortFieldError extends Failure {
  override readonly name = 'SortFieldError';
}

/** Stable. Throws SortFieldError when nothing at all has the field. */
export function sortByPath<T>(items: readonly T[], expression: string, subject: (item: T) => Json): T[] {
  const path = parseJsonPath(relaxedPath(expression));
  const keyed = items.map((item) => ({
    item,
    key: findResults(path, subject(item), { allowMissing: true }).flat()[0],
  }));
  if (items.length > 0 && keyed.every(({ key }) => key === undefined))
    throw new SortFieldError(
      `couldn't find any field with path ${JSON.stringify(relaxedPath(expression))} in the list of objects`,
    );
  return keyed.sort((left, right) => compareKeys(left.key, right.key)).map(({ item }) => item);
}

function compareKeys(left: Json | undefined, right: Json | undefined): number {
  if (left === undefined || left === null) return right === undefined || right === null ? 0 : -1;
  if (right === undefined || right === null) return 1;
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  const leftText = valueText(left);
  const rightText = valueText(right);
  const leftQuantity = quantityValue(leftText);
  const rightQuantity = quantityValue(rightText);
  if (leftQuantity !== undefined && rightQuantity !== undefined && leftQuantity !== rightQuantity)
    return leftQuantity - rightQuantity;
  // kubectl sorts text "naturally": runs of digits by their value.
  return naturalOrder(leftText, rightText);
}

function naturalOrder(left: string, right: string): number {
  const a = left.match(/\d+|\D+/g) ?? [];
  const b = right.match(/\d+|\D+/g) ?? [];
  for (let at = 0; at < a.length && at < b.length; at++) {
    const x = a[at] ?? '';
    const y = b[at] ?? '';
    if (x === y) continue;
    if (/^\d/.test(x) && /^\d/.test(y)) {
      const difference = Number(x) - Number(y);
      if (difference !== 0) return difference;
      return x.length - y.length;
    }
    return x < y ? -1 : 1;
  }
  return a.length - b.length;
}
