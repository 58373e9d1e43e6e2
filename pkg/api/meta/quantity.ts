// Kubernetes' quantities (`1500m`, `1.5Gi`, `1e3`): exact, with its canonical form. The rules, down to where a value is
// capped, are k8s.io/apimachinery/pkg/api/resource's. Values are bigints of nanos; anything finer is rounded away from zero.

export type QuantityFormat = 'decimalSI' | 'binarySI' | 'decimalExponent';

export interface Quantity {
  /** In units of 10^-9. */
  readonly nanos: bigint;
  /** How it was written, which is how it is written back. */
  readonly format: QuantityFormat;
  /** The text as written, where Kubernetes takes that for canonical and repeats it (`1E3`, `1025Gi`). */
  readonly text?: string;
}

export type ParsedQuantity =
  | { readonly ok: true; readonly quantity: Quantity }
  | { readonly ok: false; readonly fault: string };

const FORMAT_FAULT = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const SUFFIX_FAULT = "unable to parse quantity's suffix";
const SHAPE = /^([+-]?)([0-9]*)(?:\.([0-9]*))?([eEinumkKMGTP]*[-+]?[0-9]*)$/;
const EXPONENT = /^[eE]([-+]?[0-9]+)$/;

const DECIMAL_SUFFIXES: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  '': 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};
const BINARY_SUFFIXES: Readonly<Record<string, number>> = { Ki: 10, Mi: 20, Gi: 30, Ti: 40, Pi: 50, Ei: 60 };
const DECIMAL_BY_EXPONENT = new Map(Object.entries(DECIMAL_SUFFIXES).map(([suffix, power]) => [power, suffix]));
const BINARY_BY_EXPONENT = new Map(Object.entries(BINARY_SUFFIXES).map(([suffix, power]) => [power, suffix]));

const NANOS = 1_000_000_000n;
/** A thousandth, in nanos. */
const MILLI = 1_000_000n;
const MAX_INT64 = 2n ** 63n - 1n;
/** Digits beyond which Kubernetes leaves its int64 arithmetic, and with that begins to cap. */
const FAST_DIGITS = 18;
/** An exponent beyond this is no sensible quantity; 10^400 would only cost memory. */
const EXPONENT_LIMIT = 400;

export function parseQuantity(text: string): ParsedQuantity {
  const shape = SHAPE.exec(text);
  if (text === '' || shape === null) return { ok: false, fault: FORMAT_FAULT };
  const [, sign = '', digits = '', fraction = '', suffix = ''] = shape;
  const scale = interpretSuffix(suffix);
  if (scale === undefined) return { ok: false, fault: SUFFIX_FAULT };
  const whole = digits.replace(/^0+/, '') || '0';
  const { nanos, format, written } = magnitudeOf(whole, fraction, scale);
  return {
    ok: true,
    quantity: { nanos: sign === '-' ? -nanos : nanos, format, ...(written && { text }) },
  };
}

interface Scale {
  readonly base: 2 | 10;
  readonly exponent: number;
  readonly format: QuantityFormat;
}

function interpretSuffix(suffix: string): Scale | undefined {
  const decimal = DECIMAL_SUFFIXES[suffix];
  if (decimal !== undefined) return { base: 10, exponent: decimal, format: 'decimalSI' };
  const binary = BINARY_SUFFIXES[suffix];
  if (binary !== undefined) return { base: 2, exponent: binary, format: 'binarySI' };
  const exponent = Number(EXPONENT.exec(suffix)?.[1] ?? Number.NaN);
  if (Number.isNaN(exponent) || Math.abs(exponent) > EXPONENT_LIMIT) return undefined;
  return { base: 10, exponent, format: 'decimalExponent' };
}

function magnitudeOf(
  whole: string,
  fraction: string,
  scale: Scale,
): { nanos: bigint; format: QuantityFormat; written: boolean } {
  const digits = whole + fraction;
  const power = (scale.base === 10 ? scale.exponent : 0) - fraction.length;
  const exact = BigInt(digits) * (scale.base === 2 ? 1n << BigInt(scale.exponent) : 1n);
  const nanos = power + 9 >= 0 ? exact * 10n ** BigInt(power + 9) : roundUp(exact, 10n ** BigInt(-power - 9));
  if (fitsInt64(whole, fraction, scale, power, exact)) {
    return { nanos, format: scale.format, written: keepsItsText(digits, scale, power) };
  }
  if (scale.format !== 'binarySI') return { nanos, format: scale.format, written: false };
  const capped = nanos > MAX_INT64 * NANOS ? MAX_INT64 * NANOS : nanos;
  return { nanos: capped, format: capped < NANOS && capped > 0n ? 'decimalSI' : 'binarySI', written: false };
}

/** Whether Kubernetes keeps this as an int64 with a scale; only other binary numbers are capped. */
function fitsInt64(whole: string, fraction: string, scale: Scale, power: number, exact: bigint): boolean {
  if (exact > MAX_INT64) return false;
  if (scale.base === 10) return FAST_DIGITS - whole.length - fraction.length >= 0 && power >= -9;
  return fraction === '' && 15 - whole.length - Math.trunc((scale.exponent * 3) / 10) - 1 >= 0;
}

function keepsItsText(digits: string, scale: Scale, power: number): boolean {
  if (scale.base === 2) return (BigInt(digits) & 7n) !== 0n;
  return power % 3 === 0 && !digits.endsWith('000') && !digits.startsWith('0');
}

function roundUp(value: bigint, divisor: bigint): bigint {
  return (value + divisor - 1n) / divisor;
}

/** The one text that Kubernetes writes for this value and format. */
export function formatQuantity({ nanos, format, text }: Quantity): string {
  if (text !== undefined) return text;
  if (nanos === 0n) return '0';
  if (format === 'binarySI' && nanos % NANOS === 0n) {
    const value = nanos / NANOS;
    if (value <= -1024n || value >= 1024n) return formatBinary(value);
  }
  return formatDecimal(nanos, format === 'decimalExponent');
}

function formatBinary(value: bigint): string {
  let [amount, exponent] = [value, 0];
  while (amount % 1024n === 0n && exponent < 60) {
    amount /= 1024n;
    exponent += 10;
  }
  return `${amount}${BINARY_BY_EXPONENT.get(exponent) ?? ''}`;
}

function formatDecimal(nanos: bigint, exponentForm: boolean): string {
  let [amount, exponent] = [nanos, -9];
  const largest = exponentForm ? Number.MAX_SAFE_INTEGER : 18;
  while (amount % 1000n === 0n && exponent < largest) {
    amount /= 1000n;
    exponent += 3;
  }
  if (!exponentForm) return `${amount}${DECIMAL_BY_EXPONENT.get(exponent) ?? ''}`;
  return exponent === 0 ? `${amount}` : `${amount}e${exponent}`;
}

/** The canonical text of a quantity; undefined when it is none. */
export function canonicalQuantity(text: string): string | undefined {
  const known = canonicalTexts.get(text);
  if (known !== undefined) return known;
  const parsed = parseQuantity(text);
  if (!parsed.ok) return undefined;
  const canonical = formatQuantity(parsed.quantity);
  remember(canonicalTexts, text, canonical);
  return canonical;
}

/** A quantity of a resource list, where nothing is finer than a thousandth: canonical, and rounded up to that. */
export function canonicalResourceAmount(text: string): string | undefined {
  const known = resourceAmounts.get(text);
  if (known !== undefined) return known;
  const parsed = parseQuantity(text);
  if (!parsed.ok) return undefined;
  const { quantity } = parsed;
  const { nanos } = quantity;
  const rounded = nanos < 0n ? -roundUp(-nanos, MILLI) : roundUp(nanos, MILLI);
  const amount = rounded * MILLI === nanos ? quantity : milliQuantityOf(rounded, quantity.format);
  const canonical = formatQuantity(amount);
  remember(resourceAmounts, text, canonical);
  return canonical;
}

/** Negative, zero or positive, as sort functions answer. */
export function compareQuantities(a: Quantity, b: Quantity): number {
  return a.nanos < b.nanos ? -1 : a.nanos > b.nanos ? 1 : 0;
}

/** The sum, in the format of the first unless that is zero. */
export function addQuantities(a: Quantity, b: Quantity): Quantity {
  return { nanos: a.nanos + b.nanos, format: a.nanos === 0n ? b.format : a.format };
}

/** The difference, in the format of the first unless that is zero. */
export function subtractQuantities(a: Quantity, b: Quantity): Quantity {
  return { nanos: a.nanos - b.nanos, format: a.nanos === 0n ? b.format : a.format };
}

/** A quantity of whole units. */
export function quantityOf(value: number | bigint, format: QuantityFormat): Quantity {
  return { nanos: BigInt(value) * NANOS, format };
}

/** A quantity of thousandths, as CPU is counted. */
export function milliQuantityOf(value: number | bigint, format: QuantityFormat): Quantity {
  return { nanos: BigInt(value) * MILLI, format };
}

/** Thousandths, rounded up; NaN for a text that is no quantity. CPU is reckoned in these. */
export function milliValue(text: string): number {
  return scaled(milliValues, text, MILLI);
}

/** Whole units, rounded up; NaN for a text that is no quantity. Memory and counts are reckoned in these. */
export function wholeValue(text: string): number {
  return scaled(wholeValues, text, NANOS);
}

/** Texts remembered per cache; clusters use a few dozen different ones. */
const CACHE_LIMIT = 4096;
const canonicalTexts = new Map<string, string>();
const resourceAmounts = new Map<string, string>();
const milliValues = new Map<string, number>();
const wholeValues = new Map<string, number>();

function scaled(cache: Map<string, number>, text: string, unit: bigint): number {
  const known = cache.get(text);
  if (known !== undefined) return known;
  const parsed = parseQuantity(text);
  if (!parsed.ok) return Number.NaN;
  const { nanos } = parsed.quantity;
  const value = Number(nanos < 0n ? -roundUp(-nanos, unit) : roundUp(nanos, unit));
  remember(cache, text, value);
  return value;
}

function remember<V>(cache: Map<string, V>, key: string, value: V): void {
  if (cache.size >= CACHE_LIMIT) cache.clear();
  cache.set(key, value);
}
