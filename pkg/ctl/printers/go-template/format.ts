// Go's fmt for values of templates: Sprint, Sprintln and Sprintf with the verbs, flags, widths and complaints of Go. Pure.
import { goQuoted } from './quote.ts';
import { floatText, goText, goType, isFloat, isMap, isNumber, numberOf, sortedKeys, type Value } from './values.ts';

/** Operands beside each other, with a space where neither is a string. */
export function sprint(values: readonly Value[]): string {
  return values
    .map((value, index) => {
      const before = values[index - 1];
      const space = index > 0 && typeof value !== 'string' && typeof before !== 'string';
      return (space ? ' ' : '') + goText(value);
    })
    .join('');
}

export function sprintln(values: readonly Value[]): string {
  return `${values.map(goText).join(' ')}\n`;
}

interface Form {
  readonly flags: string;
  readonly width: number | undefined;
  readonly precision: number | undefined;
}

export function sprintf(format: string, values: readonly Value[]): string {
  let used = 0;
  const text = format.replace(
    /%([-+# 0]*)(\*|\d+)?(?:\.(\*|\d+)?)?(.?)/gsu,
    (whole, flags: string, width: string | undefined, precision: string | undefined, verb: string) => {
      if (verb === '%') return '%';
      if (verb === '') return '%!(NOVERB)';
      const sizeOf = (given: string | undefined): number | undefined => {
        if (given === undefined) return undefined;
        if (given !== '*') return Number(given);
        const value = values[used++];
        return isNumber(value) ? numberOf(value) : undefined;
      };
      const wide = sizeOf(width);
      const point = whole.includes('.') ? (sizeOf(precision) ?? 0) : undefined;
      if (used >= values.length) return `%!${verb}(MISSING)`;
      const form = { flags: wide !== undefined && wide < 0 ? `${flags}-` : flags, width: wide, precision: point };
      return formatted(values[used++], verb, form);
    },
  );
  const extra = values
    .slice(used)
    .map((value) => `${goType(value)}${value === undefined || value === null ? '' : `=${goText(value)}`}`);
  return extra.length === 0 ? text : `${text}%!(EXTRA ${extra.join(', ')})`;
}

function formatted(value: Value, verb: string, form: Form): string {
  if (verb === 'T') return padded(goType(value), form);
  if (value === undefined || value === null) return verb === 'v' ? padded('<nil>', form) : `%!${verb}(<nil>)`;
  if (Array.isArray(value)) return `[${value.map((item) => formatted(item, verb, form)).join(' ')}]`;
  if (isMap(value))
    return `map[${sortedKeys(value)
      .map((key) => `${formatted(key, verb, form)}:${formatted(value[key], verb, form)}`)
      .join(' ')}]`;
  const text = typeof value === 'string' ? stringForm(value, verb, form) : scalarForm(value, verb, form);
  return text === undefined ? `%!${verb}(${goType(value)}=${goText(value)})` : text;
}

function stringForm(value: string, verb: string, form: Form): string | undefined {
  const cut = form.precision === undefined ? value : Array.from(value).slice(0, form.precision).join('');
  switch (verb) {
    case 'v':
      return padded(form.flags.includes('#') ? goQuoted(cut) : cut, form);
    case 's':
      return padded(cut, form);
    case 'q':
      return padded(form.flags.includes('#') && !cut.includes('`') ? `\`${cut}\`` : goQuoted(cut), form);
    case 'x':
    case 'X': {
      const hex = Buffer.from(cut).toString('hex');
      return padded(verb === 'x' ? hex : hex.toUpperCase(), form);
    }
    default:
      return undefined;
  }
}

function scalarForm(value: Exclude<Value, undefined | null | string>, verb: string, form: Form): string | undefined {
  if (typeof value === 'boolean') return verb === 'v' || verb === 't' ? padded(String(value), form) : undefined;
  if (!isNumber(value)) return undefined;
  const number = numberOf(value);
  if (isFloat(value)) return floatForm(number, verb, form);
  const based = (base: number, prefix: string) =>
    (number < 0 ? '-' : '') + (form.flags.includes('#') ? prefix : '') + Math.abs(number).toString(base);
  switch (verb) {
    case 'v':
    case 'd':
      return numeric(based(10, ''), form);
    case 'x':
      return numeric(based(16, '0x'), form);
    case 'X':
      return numeric(based(16, '0x').toUpperCase(), form);
    case 'o':
      return numeric(based(8, '0'), form);
    case 'O':
      return numeric(`0o${based(8, '')}`, form);
    case 'b':
      return numeric(based(2, '0b'), form);
    case 'c':
      return padded(String.fromCodePoint(number), form);
    case 'q':
      return padded(`'${String.fromCodePoint(number)}'`, form);
    case 'U':
      return padded(`U+${number.toString(16).toUpperCase().padStart(4, '0')}`, form);
    default:
      return undefined;
  }
}

function floatForm(number: number, verb: string, form: Form): string | undefined {
  const exponent = (text: string) => text.replace(/e([-+])(\d)$/, 'e$10$2');
  switch (verb) {
    case 'v':
    case 'g':
      return numeric(
        form.precision === undefined
          ? floatText(number)
          : exponent(String(Number(number.toPrecision(form.precision || 1)))),
        form,
      );
    case 'f':
    case 'F':
      return numeric(fixed(number, form.precision ?? 6), form);
    case 'e':
      return numeric(exponent(number.toExponential(form.precision ?? 6)), form);
    case 'E':
      return numeric(exponent(number.toExponential(form.precision ?? 6)).toUpperCase(), form);
    default:
      return undefined;
  }
}

/** Go rounds what lies exactly between two to the even one. */
function fixed(number: number, precision: number): string {
  const scaled = Math.abs(number) * 10 ** precision;
  const even = Math.floor(scaled) % 2 === 0;
  if (scaled % 1 !== 0.5 || !even) return number.toFixed(precision);
  return ((Math.sign(number) * Math.floor(scaled)) / 10 ** precision).toFixed(precision);
}

function numeric(text: string, form: Form): string {
  const sign = text.startsWith('-') ? '-' : form.flags.includes('+') ? '+' : form.flags.includes(' ') ? ' ' : '';
  const digits = text.replace(/^-/, '');
  const zeros = form.flags.includes('0') && !form.flags.includes('-') && form.width !== undefined;
  return padded(sign + (zeros ? digits.padStart((form.width ?? 0) - sign.length, '0') : digits), form);
}

function padded(text: string, { flags, width }: Form): string {
  const missing = Math.abs(width ?? 0) - Array.from(text).length;
  if (missing <= 0) return text;
  return flags.includes('-') ? text + ' '.repeat(missing) : ' '.repeat(missing) + text;
}
