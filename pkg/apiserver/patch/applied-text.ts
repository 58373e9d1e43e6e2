// The body of a server-side apply: YAML, or JSON, which clients send just as often and which is read much faster as such.
import { ApiError } from '../../api/meta/status.ts';
import { withinDepth } from '../../api/schema/decode-depth.ts';
import { hasDuplicateKeys } from '../../api/schema/decode-json.ts';
import { readYaml } from '../../api/schema/decode-yaml.ts';
import type { FieldValidation } from '../../api/schema/decode.ts';

export interface AppliedText {
  readonly value: unknown;
  /** With `Warn`: keys that stand twice. */
  readonly warnings: string[];
}

/** Throws a 400 ApiError for what is no YAML and, with `Strict`, for keys that stand twice. */
export function readApplied(text: string, fieldValidation: FieldValidation): AppliedText {
  const { value, duplicates } = withinDepth(() => parse(text));
  if (fieldValidation === 'Ignore' || duplicates.length === 0) return { value, warnings: [] };
  if (fieldValidation === 'Warn') return { value, warnings: [...duplicates] };
  throw new ApiError(
    'BadRequest',
    `error strict decoding YAML: error converting YAML to JSON: ${duplicates.join(', ')}`,
  );
}

function parse(text: string): { value: unknown; duplicates: readonly string[] } {
  if (/^\s*\{/.test(text)) {
    const reading = quickJson(text);
    if (reading !== undefined) return reading;
  }
  const reading = readYaml(text);
  if (!reading.ok)
    throw new ApiError('BadRequest', `error decoding YAML: error converting YAML to JSON: ${reading.message}`);
  return reading;
}

/** Undefined: not JSON (YAML may begin with a brace too), or with a key twice, whose lines only the YAML reader knows. */
function quickJson(text: string): { value: unknown; duplicates: readonly string[] } | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Flow-style YAML is no JSON; the YAML reader says what is wrong if it is not that either.
    return undefined;
  }
  return hasDuplicateKeys(text, value) ? undefined : { value, duplicates: [] };
}
