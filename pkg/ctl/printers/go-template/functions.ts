// The functions that templates may call: those of Go's text/template and kubectl's `exists` and `base64decode`. Pure; a
// fault is thrown as FunctionError with Go's words.
import { sprint, sprintf, sprintln } from './format.ts';
import { GoNumber, goText, goType, isFloat, isMap, isNumber, isTrue, numberOf, type Value } from './values.ts';

/** The function refuses its arguments. */
export class FunctionError extends Error {
  override readonly name = 'FunctionError';
}

export interface TemplateFunction {
  readonly least: number;
  /** Undefined: any number. */
  readonly most: number | undefined;
  /** Positions of arguments that must be strings. */
  readonly strings?: readonly number[];
  run(values: readonly Value[]): Value;
}

const one = (run: (value: Value) => Value): TemplateFunction => ({ least: 1, most: 1, run: ([value]) => run(value) });
const two = (run: (left: Value, right: Value) => Value): TemplateFunction => ({
  least: 2,
  most: 2,
  run: ([left, right]) => run(left, right),
});
const any = (least: number, run: (values: readonly Value[]) => Value): TemplateFunction => ({
  least,
  most: undefined,
  run,
});

/** Nothing is shown as Go shows it in text. */
const textOf = (values: readonly Value[]) => {
  const shown = values.map((value) => (value === undefined || value === null ? '<no value>' : value));
  const [first] = shown;
  return shown.length === 1 && typeof first === 'string' ? first : sprint(shown);
};

export const FUNCTIONS: Readonly<Record<string, TemplateFunction>> = {
  // The evaluation stops at the first value that decides.
  and: any(1, (values) => values.at(-1)),
  or: any(1, (values) => values.at(-1)),
  not: one((value) => !isTrue(value)),
  len: one(length),
  index: any(1, ([item, ...keys]) => keys.reduce(indexed, item)),
  slice: any(1, sliced),
  print: any(0, sprint),
  printf: { ...any(1, ([format, ...values]) => sprintf(goText(format), values)), strings: [0] },
  println: any(0, sprintln),
  html: any(0, (values) => textOf(values).replace(/[\0"'&<>]/g, (char) => HTML[char] ?? char)),
  js: any(0, (values) => jsEscaped(textOf(values))),
  urlquery: any(0, (values) =>
    encodeURIComponent(textOf(values))
      .replaceAll('%20', '+')
      .replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`),
  ),
  call: any(1, ([called, ...rest]) => {
    if (called === undefined || called === null) throw new FunctionError('call of nil');
    throw new FunctionError(`non-function ${sprint([called, ...rest])} of type ${goType(called)}`);
  }),
  eq: any(1, ([first, ...rest]) => {
    if (rest.length === 0) throw new FunctionError('missing argument for comparison');
    return rest.some((value) => equal(first, value));
  }),
  ne: two((left, right) => !equal(left, right)),
  lt: two(less),
  le: two((left, right) => less(left, right) || equal(left, right)),
  gt: two((left, right) => !(less(left, right) || equal(left, right))),
  ge: two((left, right) => !less(left, right)),
  exists: any(1, ([item, ...keys]) => exists(item, keys)),
  base64decode: {
    ...one((value) => {
      const text = goText(value);
      const bad = /[^A-Za-z0-9+/=\r\n]/.exec(text);
      if (bad !== null || text.replace(/[\r\n]/g, '').length % 4 !== 0)
        throw new FunctionError(
          `base64 decode failed: illegal base64 data at input byte ${bad?.index ?? text.length - (text.length % 4)}`,
        );
      return Buffer.from(text, 'base64').toString('utf8');
    }),
    strings: [0],
  },
};

const HTML: Readonly<Record<string, string>> = {
  '\0': '\uFFFD',
  '"': '&#34;',
  "'": '&#39;',
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
};

function jsEscaped(text: string): string {
  return Array.from(text, (char) => {
    const code = char.codePointAt(0) ?? 0;
    if (char === '\\' || char === "'" || char === '"') return `\\${char}`;
    if ('<>&='.includes(char) || code < 0x20) return `\\u${code.toString(16).toUpperCase().padStart(4, '0')}`;
    return char;
  }).join('');
}

function length(value: Value): Value {
  if (value === undefined || value === null)
    throw new FunctionError(
      value === null ? 'len of nil pointer' : 'reflect: call of reflect.Value.Type on zero Value',
    );
  if (typeof value === 'string') return new GoNumber('int', Buffer.byteLength(value));
  if (Array.isArray(value)) return new GoNumber('int', value.length);
  if (isMap(value)) return new GoNumber('int', Object.keys(value).length);
  throw new FunctionError(`len of type ${goType(value)}`);
}

function indexed(item: Value, key: Value): Value {
  if (item === undefined || item === null) throw new FunctionError('index of untyped nil');
  if (isMap(item)) {
    if (typeof key === 'string') return Object.hasOwn(item, key) ? item[key] : undefined;
    if (key === undefined || key === null) throw new FunctionError('value is nil; should be of type string');
    throw new FunctionError(`value has type ${goType(key)}; should be string`);
  }
  if (!Array.isArray(item) && typeof item !== 'string')
    throw new FunctionError(`can't index item of type ${goType(item)}`);
  const at = position(key, Array.isArray(item) ? item.length : Buffer.byteLength(item), false);
  return Array.isArray(item) ? item[at] : new GoNumber('int', Buffer.from(item)[at] ?? 0);
}

function position(key: Value, limit: number, end: boolean): number {
  if (key === undefined || key === null) throw new FunctionError('cannot index slice/array with nil');
  if (!isNumber(key) || isFloat(key)) throw new FunctionError(`cannot index slice/array with type ${goType(key)}`);
  const at = numberOf(key);
  if (at < 0 || at > limit || (!end && at === limit)) throw new FunctionError(`index out of range: ${at}`);
  return at;
}

function sliced([item, ...keys]: readonly Value[]): Value {
  if (item === undefined || item === null) throw new FunctionError('slice of untyped nil');
  if (keys.length > 3) throw new FunctionError(`too many slice indexes: ${keys.length}`);
  if (typeof item !== 'string' && !Array.isArray(item))
    throw new FunctionError(`can't slice item of type ${goType(item)}`);
  if (typeof item === 'string' && keys.length === 3) throw new FunctionError('cannot 3-index slice a string');
  const bytes = typeof item === 'string' ? Buffer.from(item) : undefined;
  const size = bytes?.length ?? item.length;
  const [from = 0, to = size] = keys.map((key) => position(key, size, true));
  if (from > to) throw new FunctionError(`invalid slice index: ${from} > ${to}`);
  return bytes?.subarray(from, to).toString('utf8') ?? (Array.isArray(item) ? item.slice(from, to) : undefined);
}

/** What may be compared with what: Go's basic kinds. */
function basicKind(value: Value): string | undefined {
  if (isNumber(value)) return isFloat(value) ? 'float' : 'int';
  return typeof value === 'string' || typeof value === 'boolean' ? typeof value : undefined;
}

function equal(left: Value, right: Value): boolean {
  const nothing = (value: Value) => value === undefined || value === null;
  if (nothing(left) || nothing(right)) return nothing(left) && nothing(right);
  const [leftKind, rightKind] = [basicKind(left), basicKind(right)];
  if (leftKind === undefined) throw new FunctionError(`non-comparable type ${sprint([left])}: ${goType(left)}`);
  if (leftKind !== rightKind) throw incompatible(left, right);
  return isNumber(left) && isNumber(right) ? numberOf(left) === numberOf(right) : left === right;
}

function less(left: Value, right: Value): boolean {
  const [leftKind, rightKind] = [basicKind(left), basicKind(right)];
  if (leftKind === undefined || rightKind === undefined) throw new FunctionError('invalid type for comparison');
  if (leftKind !== rightKind) throw incompatible(left, right);
  if (isNumber(left) && isNumber(right)) return numberOf(left) < numberOf(right);
  if (typeof left === 'string' && typeof right === 'string') return left < right;
  throw new FunctionError('invalid type for comparison');
}

function incompatible(left: Value, right: Value): FunctionError {
  return new FunctionError(`incompatible types for comparison: ${goType(left)} and ${goType(right)}`);
}

function exists(item: Value, keys: readonly Value[]): boolean {
  let here = item;
  for (const key of keys) {
    if (here === undefined || here === null) return false;
    if (isMap(here)) {
      if (typeof key !== 'string' || !Object.hasOwn(here, key)) return false;
      here = here[key];
    } else if (Array.isArray(here)) {
      if (!isNumber(key) || numberOf(key) < 0 || numberOf(key) >= here.length) return false;
      here = here[numberOf(key)];
    } else return false;
  }
  return here !== undefined;
}
