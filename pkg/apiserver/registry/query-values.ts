// Reading query parameters as Kubernetes converts them, with its sentences for what cannot be converted.
import { badRequest } from '../http-errors.ts';
import { truthy } from '../request-info.ts';

/** Undefined when it is absent or empty; 400 when it is no whole number. */
export function integerOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  if (!/^[+-]?\d+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  const value = BigInt(text.replace('+', ''));
  if (BigInt.asIntN(64, value) !== value) {
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: value out of range`);
  }
  // No limit or time so large is ever reached, so losing its last digits changes nothing.
  return Number(value);
}

export function booleanOf(query: URLSearchParams, name: string): boolean | undefined {
  const text = query.get(name);
  return text === null ? undefined : truthy(text);
}

/** A revision; 400 when it is none. */
export function revisionOf(text: string): number {
  const digits = /^\d+$/.test(text);
  if (digits && BigInt.asUintN(64, BigInt(text)) === BigInt(text)) return Number(text);
  const quoted = JSON.stringify(text);
  const why = digits ? 'value out of range' : 'invalid syntax';
  throw badRequest(
    `invalid resource version: resourceVersion: Invalid value: ${quoted}: strconv.ParseUint: parsing ${quoted}: ${why}`,
  );
}
