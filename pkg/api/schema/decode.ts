// From what a client sent to an object of a kind, with Kubernetes' errors and warnings. Objects that need no change at all
// (nearly every one) pass a compiled validator and are taken as parsed; the others are read by an exact walk that repairs
// what Go would repair and says what is wrong.
import { ApiError } from '../meta/status.ts';
import { withinDepth } from './decode-depth.ts';
import { hasDuplicateKeys, mayHaveExponents, nestedTooDeeply, readJson, type TextNotes } from './decode-json.ts';
import { DecodeFault, isRecord, walkObject } from './decode-walk.ts';
import { readYaml } from './decode-yaml.ts';
import { jsonKind } from './decode-scalars.ts';
import { isBuiltIn, type ObjectSchema } from './object-schema.ts';
import { apiVersionOf, type KubeObject } from './resource-type.ts';
import { validatorOf } from './validators.ts';

export type FieldValidation = 'Strict' | 'Warn' | 'Ignore';

export interface DecodeValueOptions {
  readonly schema: ObjectSchema;
  /** What the object must be; also what it is taken for when it does not say. */
  readonly groupVersionKind: { readonly group: string; readonly version: string; readonly kind: string };
  readonly fieldValidation: FieldValidation;
  /** Versions of the same form that are taken for the kind's own, such as `policy/v1beta1`. */
  readonly olderVersions?: readonly string[];
}

export interface DecodeOptions extends DecodeValueOptions {
  readonly format: 'json' | 'yaml';
}

export interface Decoded {
  /** May share parts with a value that was given in; change a copy. */
  readonly object: KubeObject;
  /** With `Warn`: what `Strict` would have refused. */
  readonly warnings: string[];
}

/** Decodes a request's body; throws a 400 ApiError for what Kubernetes refuses. */
export function decodeObject(text: string, options: DecodeOptions): Decoded {
  return withinDepth(() => (options.format === 'yaml' ? decodeYaml(text, options) : decodeJson(text, options)));
}

function decodeJson(text: string, options: DecodeOptions): Decoded {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    const reading = readJson(text);
    throw unrecognized(text, options, reading.ok ? String(cause) : `${NO_VERSION}: ${reading.message}`, cause);
  }
  if (nestedTooDeeply(text)) throw unrecognized(text, options, `${NO_VERSION}: exceeded max depth`);
  const suspicious = options.fieldValidation !== 'Ignore' && hasDuplicateKeys(text, parsed);
  if (!suspicious) return decode(parsed, options, { text, format: 'json' });
  const reading = readJson(text);
  return reading.ok
    ? decode(reading.value, options, { text, notes: reading.notes })
    : decode(parsed, options, { text, format: 'json' });
}

/** Decodes a value that is already parsed: from a caller in this process, or made by a patch. */
export function decodeValue(value: unknown, options: DecodeValueOptions): Decoded {
  return withinDepth(() => decode(value, options, {}));
}

interface Source {
  readonly text?: string;
  readonly format?: 'json' | 'yaml';
  /** Of a text that was read for them. */
  readonly notes?: TextNotes;
  /** Faults that the text's own parser found. */
  readonly strictErrors?: readonly string[];
}

function decodeYaml(text: string, options: DecodeOptions): Decoded {
  const reading = readYaml(text);
  if (!reading.ok) throw unrecognized(text, options, reading.message);
  return decode(reading.value, options, { text, strictErrors: reading.duplicates });
}

function decode(value: unknown, options: DecodeValueOptions, source: Source): Decoded {
  const { schema, fieldValidation, groupVersionKind } = options;
  if (!isRecord(value)) {
    const kind = value === null ? undefined : jsonKind(value);
    if (kind !== undefined)
      throw unrecognized(source.text ?? '', options, `${NO_VERSION}: json: cannot unmarshal ${kind} into ${TYPE_META}`);
  } else checkTypeMeta(value, options, source.text ?? '');
  const named = identify(isRecord(value) ? value : {}, options);
  if (source.notes === undefined && (source.strictErrors ?? []).length === 0) {
    const validate = validatorOf(schema);
    if (validate?.(named) === true) return { object: asObject(named), warnings: [] };
    const again = source.format === 'json' ? readForExponents(source.text) : undefined;
    if (again !== undefined) return decode(again.value, options, { ...source, notes: again.notes });
  }
  const repeated = isRecord(value) ? source.notes?.duplicates.get(value) : undefined;
  if (repeated !== undefined) source.notes?.duplicates.set(named, repeated);
  try {
    const { object, strictErrors } = walkObject(schema, named, source.notes);
    const faults = fieldValidation === 'Ignore' ? [] : [...(source.strictErrors ?? []), ...strictErrors];
    if (fieldValidation === 'Strict' && faults.length > 0) {
      const { kind, version } = groupVersionKind;
      throw new ApiError(
        'BadRequest',
        `${kind} in version ${JSON.stringify(version)} cannot be handled as a ${kind}: strict decoding error: ${faults.join(', ')}`,
      );
    }
    return { object: asObject(object), warnings: faults };
  } catch (error) {
    if (!(error instanceof DecodeFault)) throw error;
    const { kind, version } = groupVersionKind;
    throw new ApiError(
      'BadRequest',
      `${kind} in version ${JSON.stringify(version)} cannot be handled as a ${kind}: ${error.message}`,
      { cause: error },
    );
  }
}

/** Numbers such as 1e3 have lost their form by parsing; quantities need it. */
function readForExponents(text: string | undefined): { value: unknown; notes: TextNotes } | undefined {
  if (text === undefined || !mayHaveExponents(text)) return undefined;
  const reading = readJson(text);
  return reading.ok ? reading : undefined;
}

/** Puts kind and apiVersion first and fills them in where they are missing; refuses another kind's object. */
function identify(
  value: Record<string, unknown>,
  { schema, groupVersionKind, olderVersions = [] }: DecodeValueOptions,
): Record<string, unknown> {
  const { kind } = groupVersionKind;
  const served = apiVersionOf(groupVersionKind);
  const givenKind = given(value['kind']) ?? kind;
  const named = given(value['apiVersion']) ?? served;
  const givenVersion = givenKind === kind && olderVersions.includes(named) ? served : named;
  // Every group has DeleteOptions and the like under its own name.
  const apiVersion = schema.name.startsWith('meta.v1.') ? givenVersion : served;
  const version = givenVersion.slice(givenVersion.lastIndexOf('/') + 1);
  const expected =
    givenKind === kind && (givenVersion === apiVersion || groupOf(givenVersion) === groupVersionKind.group);
  if (!expected && !isBuiltIn(givenVersion, givenKind)) {
    throw new ApiError(
      'BadRequest',
      `${givenKind} in version ${JSON.stringify(version)} cannot be handled as a ${kind}: ` +
        `no kind ${JSON.stringify(givenKind)} is registered for version ${JSON.stringify(givenVersion)} in scheme ${SCHEME}`,
    );
  }
  if (givenKind !== kind) {
    throw new ApiError(
      'BadRequest',
      `${givenKind} in version ${JSON.stringify(version)} cannot be handled as a ${kind}: ` +
        `converting (${version}.${givenKind}) to (${groupVersionKind.group === '' ? 'core' : groupVersionKind.group.split('.')[0]}.${kind}): unknown conversion`,
    );
  }
  if (givenVersion !== apiVersion) {
    throw new ApiError(
      'BadRequest',
      `the API version in the data (${givenVersion}) does not match the expected API version (${apiVersion})`,
    );
  }
  if (value['kind'] === kind && value['apiVersion'] === apiVersion && startsAsStored(value)) return value;
  const { kind: _kind, apiVersion: _apiVersion, metadata, ...rest } = value;
  return {
    kind: checked(value['kind'], kind),
    apiVersion: checked(value['apiVersion'], apiVersion),
    ...(schema.fields.has('metadata') && { metadata: metadata ?? {} }),
    ...rest,
  };
}

/** Where Kubernetes' own program keeps its kinds; it names the place in this refusal. */
const SCHEME = '"pkg/api/legacyscheme/scheme.go:30"';

function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}

function given(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Objects are stored, and so best kept, with kind, apiVersion and metadata first. */
function startsAsStored(value: Record<string, unknown>): boolean {
  const [first, second, third] = Object.keys(value);
  return first === 'kind' && second === 'apiVersion' && third === 'metadata' && isRecord(value['metadata']);
}

/** A kind that is no text stays, so that the walk refuses it. */
function checked(value: unknown, expected: string): unknown {
  return value === undefined || value === null || typeof value === 'string' ? expected : value;
}

/** After the walk or the validator, kind, apiVersion and metadata are there and everything has its type. */
function asObject(value: Record<string, unknown>): KubeObject {
  return value as unknown as KubeObject;
}

const NO_VERSION = "couldn't get version/kind; json parse error";
const TYPE_META =
  'Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';

/** What is said of a body that is not even an object of some kind. */
export function unrecognized(
  body: string | Buffer,
  options: DecodeValueOptions,
  fault: string,
  cause?: unknown,
): ApiError {
  const { kind } = options.groupVersionKind;
  const why = `the object provided is unrecognized (must be of type ${kind}): ${fault} (${summary(Buffer.from(body))})`;
  return new ApiError('BadRequest', why, { cause });
}

/** Before anything else of an object is read, it must be possible to tell which kind it claims to be. */
function checkTypeMeta(value: Record<string, unknown>, options: DecodeValueOptions, text: string): void {
  for (const [key, given] of Object.entries(value)) {
    if ((key !== 'kind' && key !== 'apiVersion') || typeof given === 'string' || given === null) continue;
    const fault = `json: cannot unmarshal ${jsonKind(given)} into Go struct field .${key} of type string`;
    throw unrecognized(text, options, `${NO_VERSION}: ${fault}`);
  }
  const { apiVersion } = value;
  if (typeof apiVersion === 'string' && apiVersion.split('/').length > 2) {
    throw unrecognized(text, options, `unexpected GroupVersion string: ${apiVersion}`);
  }
}

/** The start of a body: as it is when it looks like an object, else in hexadecimal. */
function summary(bytes: Buffer): string {
  if (bytes.length === 0) return '<empty>';
  const start = bytes.subarray(0, 30);
  const shown = bytes[0] === 0x7b ? start.toString() : start.toString('hex');
  return bytes.length > start.length ? `${shown} ...` : shown;
}
