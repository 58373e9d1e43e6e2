// KYAML as kubectl prints it (`-o kyaml`): YAML in braces and brackets, every string in double quotes, text of several lines
// folded one line each, keys quoted only where YAML would take them for something else. Pure.
import type { Json, JsonObject } from '../../api/schema/json.ts';
import { compareBytes, isObject } from '../objects/access.ts';
import { numberText } from '../../api/schema/encode-yaml.ts';

/** One document with its `---`, ending with a newline. Unsorted, keys keep their order. */
export function toKyaml(value: Json, sorted = true): string {
  return `---\n${nodeText(value, 0, sorted)}\n`;
}

const indentation = (level: number) => '  '.repeat(level);

function nodeText(value: Json, level: number, sorted: boolean): string {
  if (Array.isArray(value)) return sequenceText(value, level, sorted);
  if (isObject(value)) return mappingText(value, level, sorted);
  if (typeof value === 'string') return stringText(value, level + 1);
  return typeof value === 'number' ? numberText(value) : String(value);
}

function mappingText(value: JsonObject, level: number, sorted: boolean): string {
  const entries = Object.entries(value);
  if (entries.length === 0) return '{}';
  if (sorted) entries.sort(([left], [right]) => compareBytes(left, right));
  const lines = entries.map(
    ([key, item]) => `${indentation(level + 1)}${keyText(key)}: ${nodeText(item, level + 1, sorted)},\n`,
  );
  return `{\n${lines.join('')}${indentation(level)}}`;
}

/** Lists of nothing but objects and lists stand close together: `[{`, `}, {`, `}]`. */
function sequenceText(items: readonly Json[], level: number, sorted: boolean): string {
  if (items.length === 0) return '[]';
  if (items.every((item) => Array.isArray(item) || isObject(item)))
    return `[${items.map((item) => nodeText(item, level, sorted)).join(', ')}]`;
  const lines = items.map((item) => `${indentation(level + 1)}${nodeText(item, level + 1, sorted)},\n`);
  return `[\n${lines.join('')}${indentation(level)}]`;
}

function keyText(key: string): string {
  return needsQuotes(key) ? `"${Array.from(key, (char) => escaped(char, true)).join('')}"` : key;
}

/** Each line of the text on a line of its own; a backslash at the end takes YAML's own line break away. */
function stringText(value: string, level: number): string {
  if (!value.includes('\n')) return `"${Array.from(value, (char) => escaped(char, false)).join('')}"`;
  const lines = value.split('\n');
  const shown = lines.map((line, index) => {
    const isLast = index === lines.length - 1;
    if (isLast && line === '') return '';
    // White space at the start of a line is YAML's unless it is escaped; other lines are moved to stand below it.
    const start = /^\p{White_Space}/u.test(line) ? '\\' : ' ';
    const text = Array.from(line, (char) => escaped(char, false)).join('');
    return `${indentation(level)}${start}${text}${isLast ? '' : '\\n'}\\\n`;
  });
  return `"\\\n${shown.join('')}${indentation(level)}"`;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\0': '\\0',
  '\x1b': '\\e',
  '\x85': '\\N',
  '\xa0': '\\_',
  '\u2028': '\\L',
  '\u2029': '\\P',
};

function escaped(char: string, inKey: boolean): string {
  if (char === '\t' && !inKey) return char;
  const known = ESCAPES[char];
  if (known !== undefined) return known;
  if (/[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(char)) return char;
  const code = char.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  if (code < 0x20 || code === 0x7f) return `\\x${hex.padStart(2, '0')}`;
  return code < 0x10000 ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}

const PLAIN_KEY = /^[\p{L}\p{N}_](?:[\p{L}\p{N}_./-]*[\p{L}\p{N}_])?$/u;
const WORDS = /^(?:null|true|false|yes|no|on|off|y|n|t|f|inf|infinity|nan)$/i;
const INTEGER = /^(?:0x[0-9a-f]+|0b[01]+|0o?[0-7]+|[1-9]\d*|0)$/i;
const FLOAT = /^(?:\d+\.?\d*(?:e[+-]?\d+)?|0x[0-9a-f]+\.?[0-9a-f]*p[+-]?\d+)$/i;

function needsQuotes(key: string): boolean {
  if (!PLAIN_KEY.test(key) || WORDS.test(key) || isDate(key)) return true;
  const digits = key.replaceAll('_', '');
  if (INTEGER.test(digits) && Number(digits) < 2 ** 63) return true;
  // A number that is too large for any type is taken for text.
  return FLOAT.test(digits) && (/^0x/i.test(digits) || Number.isFinite(Number(digits)));
}

function isDate(key: string): boolean {
  const parts = /^(\d{4})-(\d{1,2})-(\d{1,2})$/.exec(key);
  if (parts === null) return false;
  const [year = 0, month = 0, day = 0] = parts.slice(1).map(Number);
  const date = new Date(Date.UTC(year, month - 1, day));
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}
