// Reads arguments by a table of flags as pflag does: flags may stand before and after positionals, `-it` bundles, `-n=x`,
// `-nx`, `--flag=value`, `--flag value`, repeated flags add up, and everything behind `--` is positional. Pure; wrong
// input is an answer with pflag's own sentence.
import { parseGoDuration } from '../../api/meta/duration.ts';
import { flagLabel, type AnyFlag, type FlagTable, type FlagValue } from './flags.ts';

export interface ParsedFlags {
  readonly values: Readonly<Record<string, FlagValue>>;
  /** Names of the flags that were given. */
  readonly changed: ReadonlySet<string>;
  readonly args: readonly string[];
  /** How many of `args` stood before `--`; -1 when there was none. */
  readonly dash: number;
}

export type FlagFault =
  | { readonly kind: 'help' }
  | { readonly kind: 'unknown'; readonly message: string; readonly name: string }
  | { readonly kind: 'invalid'; readonly message: string };

export type ParseResult =
  | { readonly ok: true; readonly parsed: ParsedFlags }
  | { readonly ok: false; readonly fault: FlagFault };

type Reading<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly message: string };

export function parseFlags(table: FlagTable, argv: readonly string[]): ParseResult {
  const byShort = new Map<string, string>();
  for (const [name, spec] of Object.entries(table)) if (spec.short !== undefined) byShort.set(spec.short, name);
  const values: Record<string, FlagValue> = {};
  for (const [name, spec] of Object.entries(table)) values[name] = spec.default;
  const changed = new Set<string>();
  const args: string[] = [];
  let dash = -1;
  // Whoever asks for help and gets another flag wrong hears of that, as pflag has it.
  let help = false;

  const set = (name: string, spec: AnyFlag, text: string): FlagFault | undefined => {
    const reading = readValue(spec, text);
    if (!reading.ok)
      return {
        kind: 'invalid',
        message: `invalid argument ${JSON.stringify(text)} for "${flagLabel(name, spec)}" flag: ${reading.message}`,
      };
    const before = values[name];
    const adds = typeof reading.value === 'object' && changed.has(name) && typeof before === 'object';
    values[name] = adds && typeof reading.value === 'object' ? [...before, ...reading.value] : reading.value;
    changed.add(name);
    return undefined;
  };

  for (let at = 0; at < argv.length; at++) {
    const argument = argv[at] ?? '';
    if (argument === '--') {
      dash = args.length;
      args.push(...argv.slice(at + 1));
      break;
    }
    if (!argument.startsWith('-') || argument === '-') {
      args.push(argument);
      continue;
    }
    if (argument.startsWith('--')) {
      const equals = argument.indexOf('=');
      const name = (equals < 0 ? argument.slice(2) : argument.slice(2, equals)).replaceAll('_', '-');
      if (name === '' || name.startsWith('-'))
        return { ok: false, fault: { kind: 'invalid', message: `bad flag syntax: ${argument}` } };
      const spec = table[name];
      if (spec === undefined) {
        if (name === 'help') {
          help = true;
          continue;
        }
        return { ok: false, fault: { kind: 'unknown', message: `unknown flag: --${name}`, name } };
      }
      let text: string;
      if (equals >= 0) text = argument.slice(equals + 1);
      else if (spec.bare !== undefined) text = spec.bare;
      else if (at + 1 < argv.length) text = argv[++at] ?? '';
      else return { ok: false, fault: { kind: 'invalid', message: `flag needs an argument: --${name}` } };
      const fault = set(name, spec, text);
      if (fault !== undefined) return { ok: false, fault };
      continue;
    }
    let letters = argument.slice(1);
    while (letters !== '') {
      const letter = letters[0] ?? '';
      const rest = letters.slice(1);
      const name = byShort.get(letter);
      const spec = name === undefined ? undefined : table[name];
      if (name === undefined || spec === undefined) {
        if (letter === 'h') {
          help = true;
          letters = rest;
          continue;
        }
        const message = `unknown shorthand flag: '${letter}' in -${letters}`;
        return { ok: false, fault: { kind: 'unknown', message, name: letter } };
      }
      let text: string;
      if (rest.startsWith('=')) {
        text = rest.slice(1);
        letters = '';
      } else if (spec.bare !== undefined) {
        text = spec.bare;
        letters = rest;
      } else if (rest !== '') {
        text = rest;
        letters = '';
      } else if (at + 1 < argv.length) {
        text = argv[++at] ?? '';
        letters = '';
      } else
        return {
          ok: false,
          fault: { kind: 'invalid', message: `flag needs an argument: '${letter}' in -${argument.slice(1)}` },
        };
      const fault = set(name, spec, text);
      if (fault !== undefined) return { ok: false, fault };
    }
  }
  if (help) return { ok: false, fault: { kind: 'help' } };
  return { ok: true, parsed: { values, changed, args, dash } };
}

const TRUE = new Set(['1', 't', 'T', 'true', 'TRUE', 'True']);
const FALSE = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False']);

function readValue(spec: AnyFlag, text: string): Reading<FlagValue> {
  switch (spec.kind) {
    case 'string':
      return { ok: true, value: text };
    case 'array':
      return { ok: true, value: [text] };
    case 'list':
      return { ok: true, value: splitCsv(text) };
    case 'bool':
      if (TRUE.has(text)) return { ok: true, value: true };
      if (FALSE.has(text)) return { ok: true, value: false };
      return { ok: false, message: `strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax` };
    case 'int': {
      if (!/^[+-]?(0x[0-9a-fA-F]+|\d+)$/.test(text))
        return { ok: false, message: `strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax` };
      return { ok: true, value: Number(text) };
    }
    case 'duration': {
      const duration = parseGoDuration(text);
      if (duration === undefined) return { ok: false, message: durationComplaint(text) };
      return { ok: true, value: duration };
    }
  }
}

function durationComplaint(text: string): string {
  return /^[-+]?\d+(\.\d+)?$/.test(text)
    ? `time: missing unit in duration ${JSON.stringify(text)}`
    : `time: invalid duration ${JSON.stringify(text)}`;
}

/** One line of CSV: pflag's string slices keep a comma that stands in double quotes. */
function splitCsv(text: string): string[] {
  if (text === '') return [];
  if (!text.includes('"')) return text.split(',');
  const fields: string[] = [];
  for (const match of text.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g))
    fields.push(match[1] === undefined ? (match[2] ?? '') : match[1].replaceAll('""', '"'));
  return fields;
}
