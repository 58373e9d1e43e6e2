// Label selectors evaluated on this side, for objects read from files. The server evaluates all others.
import type { JsonObject } from '../../api/schema/json.ts';
import { parseLabelSelector } from '../../api/meta/label-selector.ts';
import { pairs } from '../objects/access.ts';

/** Throws ApiError (BadRequest) for text that is no selector. */
export function labelPredicate(selector: string): (object: JsonObject) => boolean {
  const parsed = parseLabelSelector(selector);
  return (object) => parsed.matches(Object.fromEntries(pairs(object, 'metadata', 'labels')));
}
