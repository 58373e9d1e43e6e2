// How the scalars of Kubernetes' types are read from JSON: what is accepted, the one form they are kept in, and Go's words
// for what is not. Times are kept in UTC with whole seconds (MicroTime: microseconds), quantities in canonical form.
import { canonicalQuantity, parseQuantity } from '../meta/quantity.ts';
import { canonicalMicroTime, canonicalTime } from '../meta/time.ts';
import type { Scalar } from './object-schema.ts';

export type ScalarReading =
  | { readonly ok: true; readonly value: unknown }
  /** Go's decoder names the field it was reading. */
  | { readonly ok: false; readonly fault: 'type'; readonly got: string; readonly goType: string }
  /** The type's own reader failed; its message stands alone. */
  | { readonly ok: false; readonly fault: 'format'; readonly message: string };

const INT_RANGE = {
  int32: { min: -(2 ** 31), max: 2 ** 31 - 1 },
  // Beyond these a number would be stored as another one, and beyond 63 bits as one that no Go client can read.
  int64: { min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER },
} as const;

/** Reads one scalar that is not null. */
export function readScalar(scalar: Scalar, value: unknown): ScalarReading {
  switch (scalar) {
    case 'json':
      return { ok: true, value };
    case 'string':
      return typeof value === 'string' ? { ok: true, value } : wrongType(value, 'string');
    case 'boolean':
      return typeof value === 'boolean' ? { ok: true, value } : wrongType(value, 'bool');
    case 'double':
      return typeof value === 'number' ? { ok: true, value } : wrongType(value, 'float64');
    case 'int32':
    case 'int64':
      return readInteger(scalar, value);
    case 'bytes':
      return readBytes(value);
    case 'quantity':
      return readQuantity(value);
    case 'intOrString':
      return readIntOrString(value);
    case 'time':
      return readTime(value, TIME_LAYOUT, canonicalTime);
    case 'microTime':
      return readTime(value, MICRO_TIME_LAYOUT, canonicalMicroTime);
  }
}

/** What Go's zero value of the type is in JSON: null read into a list item or a map value gives this. */
export function zeroScalar(scalar: Scalar): unknown {
  switch (scalar) {
    case 'string':
    case 'bytes':
      return '';
    case 'boolean':
      return false;
    case 'int32':
    case 'int64':
    case 'double':
    case 'intOrString':
      return 0;
    case 'quantity':
      return '0';
    case 'time':
    case 'microTime':
    case 'json':
      return null;
  }
}

/** What Go calls the JSON value in its messages. */
export function jsonKind(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'boolean') return 'bool';
  return typeof value;
}

export const GO_SCALARS: Readonly<Record<Scalar, string>> = {
  string: 'string',
  boolean: 'bool',
  int32: 'int32',
  int64: 'int64',
  double: 'float64',
  bytes: '[]uint8',
  quantity: 'resource.Quantity',
  intOrString: 'intstr.IntOrString',
  time: 'v1.Time',
  microTime: 'v1.MicroTime',
  json: 'runtime.RawExtension',
};

function wrongType(value: unknown, goType: string): ScalarReading {
  return { ok: false, fault: 'type', got: jsonKind(value), goType };
}

function readInteger(scalar: 'int32' | 'int64', value: unknown): ScalarReading {
  if (typeof value !== 'number') return wrongType(value, scalar);
  const { min, max } = INT_RANGE[scalar];
  if (Number.isInteger(value) && value >= min && value <= max) return { ok: true, value };
  return { ok: false, fault: 'type', got: `number ${value}`, goType: scalar };
}

function readIntOrString(value: unknown): ScalarReading {
  if (typeof value === 'string') return { ok: true, value };
  const reading = readInteger('int32', value);
  if (reading.ok || reading.fault === 'format') return reading;
  return format(`json: cannot unmarshal ${reading.got} into Go value of type int32`);
}

/** The text of a JSON number is as good as a string. */
function readQuantity(value: unknown): ScalarReading {
  const text = typeof value === 'string' || typeof value === 'number' ? String(value).trim() : '';
  const canonical = canonicalQuantity(text);
  if (canonical !== undefined) return { ok: true, value: canonical };
  const parsed = parseQuantity(text);
  return parsed.ok ? { ok: true, value: text } : format(parsed.fault);
}

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** Whether the text is padded base64 without line breaks: what Go writes. */
export function isBase64(text: string): boolean {
  return text.length % 4 === 0 && BASE64.test(text);
}

function readBytes(value: unknown): ScalarReading {
  if (typeof value !== 'string') return wrongType(value, '[]uint8');
  const text = value.replaceAll(/[\r\n]/g, '');
  if (isBase64(text)) return { ok: true, value: Buffer.from(text, 'base64').toString('base64') };
  const good = /^[A-Za-z0-9+/]*/.exec(text)?.[0].length ?? 0;
  const at = good === text.length || text[good] === '=' ? Math.min(text.length, good - (good % 4)) : good;
  return format(`illegal base64 data at input byte ${at}`);
}

const TIME_LAYOUT = '2006-01-02T15:04:05Z07:00';
const MICRO_TIME_LAYOUT = '2006-01-02T15:04:05.000000Z07:00';
function readTime(value: unknown, layout: string, canonical: (text: string) => string | undefined): ScalarReading {
  if (typeof value !== 'string') {
    return format(`json: cannot unmarshal ${jsonKind(value)} into Go value of type string`);
  }
  const text = canonical(value);
  return text === undefined ? format(timeFault(value, layout)) : { ok: true, value: text };
}

/** Go's parser names the first piece of its layout that it could not find. */
function timeFault(text: string, layout: string): string {
  const pieces: readonly [RegExp, string][] = [
    [/^\d{4}/, '2006'],
    [/^-/, '-'],
    [/^\d{2}/, '01'],
    [/^-/, '-'],
    [/^\d{2}/, '02'],
    [/^T/, 'T'],
    [/^\d{1,2}/, '15'],
    [/^:/, ':'],
    [/^\d{2}/, '04'],
    [/^:/, ':'],
    [/^\d{2}/, '05'],
    layout === MICRO_TIME_LAYOUT ? [/^\.\d{6}(?!\d)/, '.000000'] : [/^([.,]\d+)?/, '.000000'],
    [/^(Z|[+-]\d{2}:\d{2})/, 'Z07:00'],
  ];
  let rest = text;
  for (const [piece, name] of pieces) {
    const match = piece.exec(rest);
    if (match === null) {
      return `parsing time ${JSON.stringify(text)} as ${JSON.stringify(layout)}: cannot parse ${JSON.stringify(rest)} as ${JSON.stringify(name)}`;
    }
    rest = rest.slice(match[0].length);
  }
  if (rest !== '') return `parsing time ${JSON.stringify(text)}: extra text: ${JSON.stringify(rest)}`;
  // Every piece is there, so one of the numbers is too large.
  const [, month = 0, , hour = 0, minute = 0, second = 0] = text.split(/[-T:.,Z+]/).map(Number);
  const part =
    month < 1 || month > 12 ? 'month' : hour > 23 ? 'hour' : minute > 59 ? 'minute' : second > 59 ? 'second' : 'day';
  return `parsing time ${JSON.stringify(text)}: ${part} out of range`;
}

function format(message: string): ScalarReading {
  return { ok: false, fault: 'format', message };
}
