// The tokens of Go's text/template: text between actions, and inside of actions words, literals and signs. Trim markers
// and comments are dealt with here. Pure; a fault is a token, as the parser decides what is said about it.

export type TokenKind =
  | 'text'
  | 'left'
  | 'right'
  | 'space'
  | 'field'
  | 'variable'
  | 'identifier'
  | 'keyword'
  | 'dot'
  | 'nil'
  | 'bool'
  | 'number'
  | 'char'
  | 'string'
  | 'raw'
  | 'pipe'
  | 'declare'
  | 'assign'
  | 'comma'
  | 'open'
  | 'close'
  | 'eof'
  | 'error';

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  /** Where it starts. */
  readonly at: number;
  readonly line: number;
}

const KEYWORDS = new Set(['block', 'break', 'continue', 'define', 'else', 'end', 'if', 'range', 'template', 'with']);

export function lex(source: string): Token[] {
  return new Lexer(source).run();
}

class Lexer {
  readonly #source: string;
  readonly #tokens: Token[] = [];
  #at = 0;
  #line = 1;
  #depth = 0;

  constructor(source: string) {
    this.#source = source;
  }

  run(): Token[] {
    while (this.#at < this.#source.length) {
      if (!this.#text() || !this.#action()) return this.#tokens;
    }
    this.#emit('eof', 0);
    return this.#tokens;
  }

  /** Everything up to the next action; answers whether there is one. */
  #text(): boolean {
    const left = this.#source.indexOf('{{', this.#at);
    const end = left < 0 ? this.#source.length : left;
    const trims = left >= 0 && /^\{\{-[ \t\r\n]/.test(this.#source.slice(left, left + 4));
    let text = this.#source.slice(this.#at, end);
    if (trims) text = text.replace(/[ \t\r\n]+$/, '');
    if (text !== '') this.#push('text', text, this.#at);
    this.#skipTo(end);
    if (left < 0) {
      this.#emit('eof', 0);
      return false;
    }
    const inner = left + 2 + (trims ? 2 : 0);
    if (this.#source.startsWith('/*', inner)) return this.#comment(inner);
    this.#push('left', '{{', left);
    this.#skipTo(inner);
    this.#depth = 0;
    return true;
  }

  #comment(from: number): boolean {
    const close = this.#source.indexOf('*/', from);
    if (close < 0) return this.#fail('unclosed comment');
    const rest = /^(?:[ \t\r\n]-)?\}\}/.exec(this.#source.slice(close + 2));
    if (rest === null) return this.#fail('comment ends before closing delimiter');
    this.#skipTo(close + 2 + rest[0].length);
    if (rest[0].length > 2) this.#trimSpace();
    return this.#at < this.#source.length ? this.#text() : this.#end();
  }

  #end(): false {
    this.#emit('eof', 0);
    return false;
  }

  /** The tokens up to `}}`; false when there was a fault. */
  #action(): boolean {
    for (;;) {
      const rest = this.#source.slice(this.#at);
      const closing = /^(?:[ \t\r\n]+-)?\}\}/.exec(rest);
      if (closing !== null) {
        if (this.#depth > 0) return this.#fail('unclosed left paren');
        const trims = closing[0].length > 2;
        this.#push('right', '}}', this.#at + closing[0].length - 2);
        this.#skipTo(this.#at + closing[0].length);
        if (trims) this.#trimSpace();
        return true;
      }
      if (rest === '') return this.#fail('unclosed action');
      if (!this.#token(rest)) return false;
    }
  }

  #trimSpace(): void {
    const space = /^[ \t\r\n]*/.exec(this.#source.slice(this.#at));
    this.#skipTo(this.#at + (space?.[0].length ?? 0));
  }

  #token(rest: string): boolean {
    const space = /^[ \t\r\n]+/.exec(rest);
    if (space !== null) return this.#emit('space', space[0].length);
    const [first = ''] = rest;
    if (rest.startsWith(':=')) return this.#emit('declare', 2);
    if (first === '=') return this.#emit('assign', 1);
    if (first === ',') return this.#emit('comma', 1);
    if (first === '|') return this.#emit('pipe', 1);
    if (first === '(') {
      this.#depth++;
      return this.#emit('open', 1);
    }
    if (first === ')') {
      if (--this.#depth < 0) return this.#fail('unexpected right paren');
      return this.#emit('close', 1);
    }
    if (first === '"') return this.#quoted(rest, /^"(?:[^"\\\n]|\\.)*"/, 'string', 'unterminated quoted string');
    if (first === "'") return this.#quoted(rest, /^'(?:[^'\\\n]|\\.)*'/, 'char', 'unterminated character constant');
    if (first === '`') return this.#quoted(rest, /^`[^`]*`/, 'raw', 'unterminated raw quoted string');
    const number =
      /^[+-]?(?:0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO]?[0-7_]+(?![0-9.eE])|[0-9][0-9_]*\.?[0-9_]*(?:[eE][+-]?[0-9]+)?|\.[0-9]+(?:[eE][+-]?[0-9]+)?)/.exec(
        rest,
      );
    if (number !== null) {
      if (/^[\p{L}\p{N}_]/u.test(rest.slice(number[0].length)))
        return this.#fail(`bad number syntax: ${JSON.stringify(/^[^ \t\r\n}|()]+/.exec(rest)?.[0] ?? number[0])}`);
      return this.#emit('number', number[0].length);
    }
    const field = /^\.[\p{L}\p{N}_]+/u.exec(rest);
    if (field !== null) return this.#word('field', field[0], rest);
    if (first === '.') return this.#emit('dot', 1);
    const variable = /^\$[\p{L}\p{N}_]*/u.exec(rest);
    if (variable !== null) return this.#word('variable', variable[0], rest);
    const word = /^[\p{L}_][\p{L}\p{N}_]*/u.exec(rest)?.[0];
    if (word === undefined) return this.#fail(`unrecognized character in action: U+${hex(first)} '${first}'`);
    if (word === 'true' || word === 'false') return this.#word('bool', word, rest);
    if (word === 'nil') return this.#word('nil', word, rest);
    return this.#word(KEYWORDS.has(word) ? 'keyword' : 'identifier', word, rest);
  }

  /** A word must be followed by a sign that can stand there. */
  #word(kind: TokenKind, word: string, rest: string): boolean {
    const next = rest.slice(word.length);
    if (next !== '' && !/^[ \t\r\n.,|:()=}]/.test(next))
      return this.#fail(`bad character U+${hex(next[0] ?? '')} '${next[0] ?? ''}'`);
    return this.#emit(kind, word.length);
  }

  #quoted(rest: string, pattern: RegExp, kind: TokenKind, fault: string): boolean {
    const found = pattern.exec(rest);
    return found === null ? this.#fail(fault) : this.#emit(kind, found[0].length);
  }

  #emit(kind: TokenKind, length: number): true {
    this.#push(kind, this.#source.slice(this.#at, this.#at + length), this.#at);
    this.#skipTo(this.#at + length);
    return true;
  }

  #fail(message: string): false {
    this.#push('error', message, this.#at);
    return false;
  }

  #push(kind: TokenKind, text: string, at: number): void {
    this.#tokens.push({ kind, text, at, line: this.#line });
  }

  #skipTo(at: number): void {
    for (const char of this.#source.slice(this.#at, at)) if (char === '\n') this.#line++;
    this.#at = at;
  }
}

function hex(char: string): string {
  return (char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
}
