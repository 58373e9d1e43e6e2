// What `wait --for` may say, parsed.
import type { JsonObject } from '../../api/schema/json.ts';
import { Failure } from '../cli/failure.ts';
import { valueText } from '../printers/jsonpath/evaluate.ts';

export type WaitCondition =
  | { readonly kind: 'create' }
  | { readonly kind: 'delete' }
  | { readonly kind: 'condition'; readonly type: string; readonly status: string }
  | { readonly kind: 'field'; test(object: JsonObject): boolean };

/** Throws Failure for what kubectl does not understand either. */
export async function parseCondition(given: string): Promise<WaitCondition> {
  const lower = given.toLowerCase();
  if (lower === 'delete') return { kind: 'delete' };
  if (lower === 'create') return { kind: 'create' };
  if (given.startsWith('condition=')) {
    const rest = given.slice('condition='.length);
    const equals = rest.indexOf('=');
    return equals < 0
      ? { kind: 'condition', type: rest, status: 'true' }
      : { kind: 'condition', type: rest.slice(0, equals), status: rest.slice(equals + 1) };
  }
  if (given.startsWith('jsonpath=')) return fieldCondition(given.slice('jsonpath='.length));
  throw new Failure(`unrecognized condition: ${JSON.stringify(given)}`);
}

async function fieldCondition(given: string): Promise<WaitCondition> {
  const [{ parseJsonPath, relaxedPath }, { findResults }] = await Promise.all([
    import('../printers/jsonpath/parse.ts'),
    import('../printers/jsonpath/evaluate.ts'),
  ]);
  const { path, value } = splitCondition(given);
  if (value !== undefined && value === '')
    throw new Failure(
      "jsonpath wait has to have a value after equal sign, like --for=jsonpath='{.status.readyReplicas}'=3",
    );
  const expression = relaxedPath(unquote(path));
  if (expression === '{.}' || expression === '') throw new Failure('jsonpath expression cannot be empty');
  const template = parseJsonPath(expression);
  const wanted = value === undefined ? undefined : unquote(value);
  return {
    kind: 'field',
    test(object) {
      const found = findResults(template, object, { allowMissing: true }).flat();
      if (found.length > 1) throw new Failure('given jsonpath expression matches more than one value');
      const [only] = found;
      if (only === undefined || only === null) return false;
      if (wanted === undefined) return true;
      if (typeof only === 'object')
        throw new Failure('jsonpath leads to a nested object or list which is not supported');
      return valueText(only) === wanted;
    },
  };
}

/** At the equals sign that stands outside of filters. */
function splitCondition(given: string): { path: string; value: string | undefined } {
  const close = given.lastIndexOf('}');
  const equals = given.indexOf('=', close < 0 ? 0 : close);
  return equals < 0
    ? { path: given, value: undefined }
    : { path: given.slice(0, equals), value: given.slice(equals + 1) };
}

function unquote(text: string): string {
  return /^(["'])(.*)\1$/s.exec(text)?.[2] ?? text;
}
