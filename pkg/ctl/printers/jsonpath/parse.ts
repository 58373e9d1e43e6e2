// kubectl's JSONPath templates, parsed: text outside of braces, paths, {range}...{end}, unions, slices, filters. The
// grammar and the error sentences are those of client-go's util/jsonpath. Pure.
import { Failure } from '../../cli/failure.ts';

export type PathNode =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'identifier'; readonly name: string }
  | {
      readonly kind: 'slice';
      readonly start?: number;
      readonly end?: number;
      readonly single: boolean;
      readonly step?: number;
    }
  | { readonly kind: 'filter'; readonly left: PathList; readonly operator: string; readonly right: PathList }
  | { readonly kind: 'wildcard' }
  | { readonly kind: 'recursive' }
  | { readonly kind: 'union'; readonly members: readonly PathList[] }
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'list'; readonly nodes: PathList };
export type PathList = readonly PathNode[];

/** Throws Failure with the sentence kubectl gives for a faulty template. */
export function parseJsonPath(template: string): PathList {
  return new TemplateParser(template).parse();
}

/** Sort keys and custom columns may leave out braces and the leading dot. */
export function relaxedPath(expression: string): string {
  if (expression === '') return expression;
  const match = /^\{\.?([^{}]+)\}$|^\.?([^{}]+)$/.exec(expression);
  if (match === null)
    throw new Failure(
      `unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'`,
    );
  return `{.${match[1] ?? match[2] ?? ''}}`;
}

const SLICE = /^(-?\d*)(:-?\d*)?(:-?\d*)?$/;

class TemplateParser {
  readonly #input: string;
  #at = 0;

  constructor(input: string) {
    this.#input = input;
  }

  parse(): PathNode[] {
    const nodes: PathNode[] = [];
    while (this.#at < this.#input.length) {
      const open = this.#input.indexOf('{', this.#at);
      const end = open < 0 ? this.#input.length : open;
      if (end > this.#at) nodes.push({ kind: 'text', text: this.#input.slice(this.#at, end) });
      this.#at = end;
      if (open < 0) break;
      this.#at++;
      nodes.push({ kind: 'list', nodes: this.#action() });
    }
    return nodes;
  }

  /** Up to the closing brace. */
  #action(): PathNode[] {
    const nodes: PathNode[] = [];
    for (;;) {
      const rest = this.#input.slice(this.#at);
      const char = rest[0];
      if (char === '}') {
        this.#at++;
        return nodes;
      }
      if (rest.startsWith('[?(')) nodes.push(this.#filter());
      else if (rest.startsWith('..')) nodes.push(...this.#recursive());
      else if (char === undefined || char === '\n' || char === '\r') throw new Failure('unclosed action');
      else if (char === ' ' || char === '@' || char === '$') this.#at++;
      else if (char === '[') nodes.push(...this.#array());
      else if (char === '"' || char === "'") nodes.push(this.#quote(char));
      else if (char === '.') {
        this.#at++;
        nodes.push(this.#field());
      } else if (/[-+\d]/.test(char)) nodes.push(this.#number());
      else if (/[\p{L}\p{N}_]/u.test(char)) nodes.push(this.#identifier());
      else throw new Failure(`unrecognized character in action: ${codePointLabel(rest)}`);
    }
  }

  /** Reads up to a character that ends a name. A backslash takes the next character as it is. */
  #word(): string {
    const start = this.#at;
    while (this.#at < this.#input.length) {
      const char = this.#input[this.#at] ?? '';
      if (char === '\\') {
        this.#at += 2;
        continue;
      }
      if (' \t\r\n.,[]$@{}'.includes(char)) break;
      this.#at++;
    }
    return this.#input.slice(start, this.#at);
  }

  #field(): PathNode {
    const name = this.#word();
    return name === '*' ? { kind: 'wildcard' } : { kind: 'field', name: name.replaceAll('\\', '') };
  }

  #identifier(): PathNode {
    const name = this.#word();
    return name === 'true' || name === 'false'
      ? { kind: 'boolean', value: name === 'true' }
      : { kind: 'identifier', name };
  }

  #recursive(): PathNode[] {
    this.#at += 2;
    const next = this.#input[this.#at] ?? '';
    return /[\p{L}\p{N}_]/u.test(next) ? [{ kind: 'recursive' }, this.#field()] : [{ kind: 'recursive' }];
  }

  #number(): PathNode {
    const match = /^[-+]?[\d.]*/.exec(this.#input.slice(this.#at));
    const word = match?.[0] ?? '';
    this.#at += word.length;
    const value = Number(word);
    if (Number.isNaN(value)) throw new Failure(`cannot parse number ${word}`);
    return { kind: 'number', value };
  }

  #quote(mark: string): PathNode {
    const start = this.#at;
    this.#at++;
    for (;;) {
      const char = this.#input[this.#at];
      if (char === undefined || char === '\n') throw new Failure('unterminated quoted string');
      this.#at++;
      if (char === '\\') this.#at++;
      else if (char === mark) break;
    }
    return { kind: 'text', text: unquote(this.#input.slice(start + 1, this.#at - 1)) };
  }

  #array(): PathNode[] {
    const close = this.#input.slice(this.#at).search(/[\]\n]/);
    if (close < 0 || this.#input[this.#at + close] === '\n') throw new Failure('unterminated array');
    const inside = this.#input.slice(this.#at + 1, this.#at + close);
    this.#at += close + 1;
    return subscript(inside);
  }

  #filter(): PathNode {
    this.#at += 3;
    const start = this.#at;
    let depth = 1;
    let quote = '';
    while (depth > 0) {
      const char = this.#input[this.#at];
      if (char === undefined || char === '\n') throw new Failure('unterminated filter');
      this.#at++;
      if (quote !== '') {
        if (char === '\\') this.#at++;
        else if (char === quote) quote = '';
      } else if (char === '"' || char === "'") quote = char;
      else if (char === '(') depth++;
      else if (char === ')') depth--;
    }
    const text = this.#input.slice(start, this.#at - 1);
    if (this.#input[this.#at] !== ']') throw new Failure('unclosed array expect ]');
    this.#at++;
    const comparison = /^([^!<>=]+)([!<>=]+)(.+?)$/.exec(text);
    if (comparison === null) return { kind: 'filter', left: parseInside(text), operator: 'exists', right: [] };
    return {
      kind: 'filter',
      left: parseInside(comparison[1] ?? ''),
      operator: comparison[2] ?? '',
      right: parseInside(comparison[3] ?? ''),
    };
  }
}

/** What stands between braces, without them. */
function parseInside(text: string): PathNode[] {
  return new TemplateParser(`{${text}}`).parse().flatMap((node) => (node.kind === 'list' ? node.nodes : [node]));
}

function subscript(inside: string): PathNode[] {
  const text = inside === '*' ? ':' : inside;
  const parts = text.split(',');
  if (parts.length > 1) return [{ kind: 'union', members: parts.map((part) => parseInside(`[${part.trim()}]`)) }];
  const key = /^'([^']*)'$/.exec(text);
  if (key !== null) return parseInside(`.${key[1] ?? ''}`);
  const slice = SLICE.exec(text);
  if (slice === null) throw new Failure(`invalid array index ${text}`);
  const [, first = '', second, third] = slice;
  const bound = (part: string | undefined) => {
    const digits = part?.replace(':', '') ?? '';
    return digits === '' ? undefined : Number(digits);
  };
  const start = first === '' ? undefined : Number(first);
  const single = second === undefined;
  const end = single ? (start ?? 0) + 1 : bound(second);
  const step = bound(third);
  return [
    {
      kind: 'slice',
      single,
      ...(start !== undefined && { start }),
      ...(end !== undefined && { end }),
      ...(step !== undefined && { step }),
    },
  ];
}

const ESCAPED: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', a: '\x07', b: '\b', f: '\f', v: '\v' };

function unquote(text: string): string {
  return text.replace(/\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|U[0-9a-fA-F]{8}|[0-7]{3}|[^])/g, (_, code: string) => {
    if (/^[uUx]./.test(code)) return String.fromCodePoint(Number.parseInt(code.slice(1), 16));
    if (/^[0-7]{3}$/.test(code)) return String.fromCodePoint(Number.parseInt(code, 8));
    return ESCAPED[code] ?? code;
  });
}

function codePointLabel(text: string): string {
  const code = text.codePointAt(0) ?? 0;
  return `U+${code.toString(16).toUpperCase().padStart(4, '0')} '${String.fromCodePoint(code)}'`;
}
