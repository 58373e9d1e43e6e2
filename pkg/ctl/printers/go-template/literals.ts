// The literals of Go that stand in templates: strings with escapes, raw strings, characters and numbers. Pure.
import { GoNumber, type Value } from './values.ts';

/** The value of a literal; undefined when it is none. */
export function constantOf(kind: 'bool' | 'number' | 'char' | 'string' | 'raw', text: string): Value {
  switch (kind) {
    case 'bool':
      return text === 'true';
    case 'string':
    case 'raw':
      return literalText(text);
    case 'char': {
      const code = literalText(text)?.codePointAt(0);
      return code === undefined ? undefined : new GoNumber('int', code);
    }
    case 'number': {
      const plain = text.replaceAll('_', '').replace(/^\+/, '');
      const negative = plain.startsWith('-');
      const digits = plain.replace(/^-/, '').replace(/^0(?=[0-7]+$)/, '0o');
      const value = Number(digits);
      if (Number.isNaN(value)) return undefined;
      // A constant such as 1e6 is a float even where it is whole.
      const float = /^[0-9.]*[.eE]/.test(digits) && !/^0[xXbBoO]/.test(digits);
      return new GoNumber(float ? 'float64' : 'int', negative ? -value : value);
    }
  }
}

const ESCAPES: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
};

/** What a quoted literal stands for. */
export function literalText(quoted: string): string | undefined {
  const inner = quoted.slice(1, -1);
  if (quoted.startsWith('`')) return inner;
  let wrong = false;
  const text = inner.replace(
    /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.))/gs,
    (_, byte?: string, short?: string, long?: string, octal?: string, letter?: string) => {
      const hex = byte ?? short ?? long;
      if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
      if (octal !== undefined) return String.fromCodePoint(Number.parseInt(octal, 8));
      const plain = ESCAPES[letter ?? ''];
      if (plain === undefined) wrong = true;
      return plain ?? '';
    },
  );
  return wrong ? undefined : text;
}
