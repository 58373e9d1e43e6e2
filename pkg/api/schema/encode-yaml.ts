// YAML exactly as kubectl prints it (sigs.k8s.io/yaml over Go's yaml.v2): keys sorted the way that library sorts them,
// lists not indented under their key, its choice among plain, quoted and literal scalars, its folding at 80 columns. Pure.
import type { Json, JsonObject } from './json.ts';
import { analyzeScalar, resolvesToString } from './encode-yaml-scalar.ts';

const FOLD_COLUMN = 80;
const INDENT = 2;

/** One document, ending with a newline. */
export function toYaml(value: Json): string {
  const writer = new YamlWriter();
  writer.node(value, -1, false, false);
  return writer.finish();
}

class YamlWriter {
  #done = '';
  #column = 0;
  /** Whether only indentation stands on the current line. */
  #fresh = true;

  finish(): string {
    return this.#done.endsWith('\n') ? this.#done : `${this.#done}\n`;
  }

  /** `indent` is that of the enclosing block; `inMapping`: the value of a key, whose lists are not indented. */
  node(value: Json, indent: number, inMapping: boolean, afterDash: boolean): void {
    if (Array.isArray(value) && value.length > 0) this.#sequence(value, indent, inMapping, afterDash);
    else if (isObject(value) && Object.keys(value).length > 0) this.#mapping(value, indent, afterDash);
    else this.#scalar(value, indent);
  }

  #sequence(items: readonly Json[], indent: number, inMapping: boolean, afterDash: boolean): void {
    const inner = indent < 0 ? 0 : inMapping ? indent : indent + INDENT;
    for (const [index, item] of items.entries()) {
      if (index > 0 || !afterDash) this.#newLine(inner);
      else this.#put(' ');
      this.#put('-');
      this.node(item, inner, false, true);
    }
  }

  #mapping(value: JsonObject, indent: number, afterDash: boolean): void {
    const inner = indent < 0 ? 0 : indent + INDENT;
    const keys = Object.keys(value).sort(compareKeys);
    for (const [index, key] of keys.entries()) {
      if (index > 0 || !afterDash) this.#newLine(inner);
      else this.#put(' ');
      this.#key(key);
      this.#put(':');
      this.node(value[key] ?? null, inner, true, false);
    }
  }

  #key(key: string): void {
    const analysis = analyzeScalar(key);
    if (resolvesToString(key) && analysis.plain) this.#put(key);
    else if (resolvesToString(key) && analysis.single) this.#put(`'${key.replaceAll("'", "''")}'`);
    else this.#put(`"${escapeDouble(key)}"`);
  }

  #scalar(value: Json, indent: number): void {
    this.#put(' ');
    const inner = indent < 0 ? INDENT : indent + INDENT;
    if (typeof value !== 'string') return this.#put(plainText(value));
    const analysis = analyzeScalar(value);
    if (value.includes('\n')) return analysis.block ? this.#literal(value, inner) : this.#double(value, inner);
    if (!resolvesToString(value)) return this.#double(value, inner);
    if (analysis.plain) return this.#folding(value, inner, (char) => char, '');
    if (analysis.single) return this.#folding(value, inner, (char) => (char === "'" ? "''" : char), "'");
    this.#double(value, inner);
  }

  #literal(value: string, indent: number): void {
    const hint = value.startsWith(' ') || value.startsWith('\n') ? String(INDENT) : '';
    const chomp = !value.endsWith('\n') ? '-' : value === '\n' || value.endsWith('\n\n') ? '+' : '';
    this.#put(`|${hint}${chomp}`);
    const lines = value.split('\n');
    if (lines.at(-1) === '') lines.pop();
    for (const line of lines) this.#done += line === '' ? '\n' : `\n${' '.repeat(indent)}${line}`;
    if (value.endsWith('\n')) this.#done += '\n';
    this.#fresh = value.endsWith('\n');
    this.#column = 0;
  }

  /** Plain and single-quoted text: broken at a single space once the line is full. */
  #folding(value: string, indent: number, encode: (char: string) => string, quote: string): void {
    this.#put(quote);
    const chars = Array.from(value);
    let spaces = false;
    for (const [index, char] of chars.entries()) {
      const edge = quote !== '' && (index === 0 || index === chars.length - 1);
      if (char === ' ' && !spaces && this.#column > FOLD_COLUMN && !edge && chars[index + 1] !== ' ')
        this.#newLine(indent);
      else this.#put(encode(char));
      spaces = char === ' ';
    }
    this.#put(quote);
  }

  #double(value: string, indent: number): void {
    this.#put('"');
    const chars = Array.from(value);
    let spaces = false;
    for (const [index, char] of chars.entries()) {
      if (char === ' ' && !spaces && this.#column > FOLD_COLUMN && index > 0 && index < chars.length - 1) {
        this.#newLine(indent);
        if (chars[index + 1] === ' ') this.#put('\\');
      } else this.#put(escapeDouble(char));
      spaces = char === ' ';
    }
    this.#put('"');
  }

  #put(text: string): void {
    if (text === '') return;
    this.#done += text;
    this.#column += Array.from(text).length;
    this.#fresh = false;
  }

  #newLine(indent: number): void {
    if (!this.#fresh) this.#done += '\n';
    this.#done += ' '.repeat(indent);
    this.#column = indent;
    this.#fresh = false;
  }
}

function plainText(value: Json): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return '[]';
  if (isObject(value)) return '{}';
  if (typeof value === 'number') return numberText(value);
  return String(value);
}

/** Go's shortest form: exponents have two digits and a sign, and begin beyond 20 digits. */
export function numberText(value: number): string {
  return String(value).replace(/e([+-])(\d)$/, 'e$10$2');
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\0': '\\0',
  '\x07': '\\a',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\v': '\\v',
  '\f': '\\f',
  '\r': '\\r',
  '\x1b': '\\e',
  '"': '\\"',
  '\\': '\\\\',
  '\x85': '\\N',
  '\u2028': '\\L',
  '\u2029': '\\P',
};

function escapeDouble(text: string): string {
  return Array.from(text)
    .map((char) => ESCAPES[char] ?? (isPrintable(char) ? char : hexEscape(char)))
    .join('');
}

function hexEscape(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  const hex = code.toString(16).toUpperCase();
  if (code <= 0xff) return `\\x${hex.padStart(2, '0')}`;
  return code <= 0xffff ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}

function isPrintable(char: string): boolean {
  const code = char.codePointAt(0) ?? 0;
  if (code === 0x0a || (code >= 0x20 && code <= 0x7e)) return true;
  const surrogate = code >= 0xd800 && code <= 0xdfff;
  return code >= 0xa0 && code < 0xfffe && !surrogate && code !== 0xfeff;
}

/** yaml.v2's order of keys: numbers inside of names count as numbers, letters come after everything else. */
export function compareKeys(left: string, right: string): number {
  const a = Array.from(left);
  const b = Array.from(right);
  for (let at = 0; at < a.length && at < b.length; at++) {
    const x = a[at] ?? '';
    const y = b[at] ?? '';
    if (x === y) continue;
    const xLetter = /\p{L}/u.test(x);
    const yLetter = /\p{L}/u.test(y);
    if (xLetter && yLetter) return x < y ? -1 : 1;
    if (xLetter || yLetter) return yLetter ? -1 : 1;
    let start = 0n;
    if (x === '0' || y === '0') {
      for (let back = at - 1; back >= 0 && isDigit(a[back]); back--) {
        if (a[back] !== '0') {
          start = 1n;
          break;
        }
      }
    }
    const xRun = digitRun(a, at, start);
    const yRun = digitRun(b, at, start);
    if (xRun.value !== yRun.value) return xRun.value < yRun.value ? -1 : 1;
    if (xRun.end !== yRun.end) return xRun.end - yRun.end;
    return x < y ? -1 : 1;
  }
  return a.length - b.length;
}

function digitRun(chars: readonly string[], from: number, start: bigint): { value: bigint; end: number } {
  let value = start;
  let end = from;
  for (; end < chars.length && isDigit(chars[end]); end++) value = value * 10n + BigInt(chars[end] ?? '0');
  return { value, end };
}

function isDigit(char: string | undefined): boolean {
  return char !== undefined && char >= '0' && char <= '9';
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
