// Reads JSON text the way Kubernetes' decoder does: every key counts (duplicates are remembered, the last one wins) and
// what is wrong is said in the words of Go's encoding/json. Used only where JSON.parse failed or duplicates are suspected.

/** What a text says that its value does not show. */
export interface TextNotes {
  /** For each object that was read, the keys that stood there more than once. */
  readonly duplicates: WeakMap<object, ReadonlySet<string>>;
  /** For each object and list, its members that were numbers with an exponent, as they were written. */
  readonly literals: WeakMap<object, ReadonlyMap<string, string>>;
}

export type JsonReading =
  | { readonly ok: true; readonly value: unknown; readonly notes: TextNotes }
  | { readonly ok: false; readonly message: string };

/** Deeper nesting is refused, as by Go's decoder. */
const MAX_DEPTH = 10_000;

class SyntaxFault extends Error {}

/** Parses `text`; a fault is an answer, with the message that Go's decoder has for it. */
export function readJson(text: string): JsonReading {
  const reader = new JsonReader(text);
  try {
    const value = reader.document();
    return { ok: true, value, notes: reader.notes };
  } catch (error) {
    if (error instanceof SyntaxFault) return { ok: false, message: error.message };
    throw error;
  }
}

class JsonReader {
  readonly notes: TextNotes = { duplicates: new WeakMap(), literals: new WeakMap() };
  /** The number just read as it was written, if it has an exponent. */
  #exponential: string | undefined;
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): unknown {
    this.#space();
    const value = this.#value('looking for beginning of value');
    this.#space();
    if (this.#at < this.#text.length) this.#unexpected('after top-level value');
    return value;
  }

  #space(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.#at++;
    }
  }

  #unexpected(context: string): never {
    if (this.#at >= this.#text.length) throw new SyntaxFault('unexpected end of JSON input');
    const character = String.fromCodePoint(this.#text.codePointAt(this.#at) ?? 0);
    throw new SyntaxFault(`invalid character ${quoteCharacter(character)} ${context}`);
  }

  #value(context: string): unknown {
    switch (this.#text[this.#at] ?? '') {
      case '{':
        return this.#nested(() => this.#object());
      case '[':
        return this.#nested(() => this.#array());
      case '"':
        return this.#string();
      case 't':
        return this.#literal('true', true);
      case 'f':
        return this.#literal('false', false);
      case 'n':
        return this.#literal('null', null);
      default:
        return this.#number(context);
    }
  }

  #nested<T>(read: () => T): T {
    if (++this.#depth > MAX_DEPTH) throw new SyntaxFault('exceeded max depth');
    const value = read();
    this.#depth--;
    return value;
  }

  #object(): Record<string, unknown> {
    const entries = new Map<string, unknown>();
    const repeated = new Set<string>();
    const literals = new Map<string, string>();
    this.#at++;
    this.#space();
    while (this.#text[this.#at] !== '}') {
      if (this.#text[this.#at] !== '"') this.#unexpected('looking for beginning of object key string');
      const key = this.#string();
      this.#space();
      if (this.#text[this.#at] !== ':') this.#unexpected('after object key');
      this.#at++;
      this.#space();
      const value = this.#member(literals, key);
      if (entries.has(key)) repeated.add(key);
      entries.set(key, value);
      this.#space();
      if (this.#text[this.#at] === '}') break;
      if (this.#text[this.#at] !== ',') this.#unexpected('after object key:value pair');
      this.#at++;
      this.#space();
      if (this.#text[this.#at] === '}') this.#unexpected('looking for beginning of object key string');
    }
    this.#at++;
    const object: Record<string, unknown> = Object.fromEntries(entries);
    if (repeated.size > 0) this.notes.duplicates.set(object, repeated);
    if (literals.size > 0) this.notes.literals.set(object, literals);
    return object;
  }

  #array(): unknown[] {
    const items: unknown[] = [];
    const literals = new Map<string, string>();
    this.#at++;
    this.#space();
    if (this.#text[this.#at] === ']') {
      this.#at++;
      return items;
    }
    for (;;) {
      this.#space();
      items.push(this.#member(literals, String(items.length)));
      this.#space();
      const next = this.#text[this.#at];
      if (next === ']') break;
      if (next !== ',') this.#unexpected('after array element');
      this.#at++;
    }
    this.#at++;
    if (literals.size > 0) this.notes.literals.set(items, literals);
    return items;
  }

  #member(literals: Map<string, string>, key: string): unknown {
    this.#exponential = undefined;
    const value = this.#value('looking for beginning of value');
    if (typeof value === 'number' && this.#exponential !== undefined) literals.set(key, this.#exponential);
    return value;
  }

  #literal<T>(word: string, value: T): T {
    for (let i = 0; i < word.length; i++) {
      if (this.#text[this.#at] !== word[i])
        this.#unexpected(`in literal ${word} (expecting ${quoteCharacter(word[i] ?? '')})`);
      this.#at++;
    }
    return value;
  }

  #string(): string {
    const start = this.#at++;
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (Number.isNaN(code)) throw new SyntaxFault('unexpected end of JSON input');
      if (code === 0x22) break;
      if (code < 0x20) this.#unexpected('in string literal');
      if (code !== 0x5c) {
        this.#at++;
        continue;
      }
      this.#at++;
      const escape = this.#text[this.#at];
      if (escape === undefined || !'"\\/bfnrtu'.includes(escape)) this.#unexpected('in string escape code');
      this.#at++;
      if (escape === 'u') this.#hexadecimal();
    }
    this.#at++;
    return String(JSON.parse(this.#text.slice(start, this.#at)));
  }

  #hexadecimal(): void {
    for (let i = 0; i < 4; i++) {
      if (!/[0-9a-fA-F]/.test(this.#text[this.#at] ?? '')) this.#unexpected('in \\u hexadecimal character escape');
      this.#at++;
    }
  }

  #number(context: string): number {
    const start = this.#at;
    if (this.#text[this.#at] === '-') this.#at++;
    if (this.#text[this.#at] === '0') this.#at++;
    else if (!this.#digits()) this.#unexpected(this.#at > start ? 'in numeric literal' : context);
    if (this.#text[this.#at] === '.') {
      this.#at++;
      if (!this.#digits()) this.#unexpected('after decimal point in numeric literal');
    }
    if (this.#text[this.#at] === 'e' || this.#text[this.#at] === 'E') {
      this.#at++;
      if (this.#text[this.#at] === '+' || this.#text[this.#at] === '-') this.#at++;
      if (!this.#digits()) this.#unexpected('in exponent of numeric literal');
    }
    const text = this.#text.slice(start, this.#at);
    this.#exponential = /[eE]/.test(text) ? text : undefined;
    return Number(text);
  }

  /** Whether there was at least one digit. */
  #digits(): boolean {
    const start = this.#at;
    while (this.#text.charCodeAt(this.#at) >= 0x30 && this.#text.charCodeAt(this.#at) <= 0x39) this.#at++;
    return this.#at > start;
  }
}

const ESCAPES: Readonly<Record<string, string>> = {
  "'": String.raw`\'`,
  '\\': String.raw`\\`,
  '\u0007': String.raw`\a`,
  '\b': String.raw`\b`,
  '\f': String.raw`\f`,
  '\n': String.raw`\n`,
  '\r': String.raw`\r`,
  '\t': String.raw`\t`,
  '\v': String.raw`\v`,
};

/** As Go's quoteChar: in single quotes. Go looks at bytes, so of other characters than ASCII's it shows the first byte. */
function quoteCharacter(character: string): string {
  const [byte = 0] = Buffer.from(character);
  const shown = String.fromCharCode(byte);
  const escaped = ESCAPES[shown];
  if (escaped !== undefined) return `'${escaped}'`;
  const hex = byte.toString(16).padStart(2, '0');
  if (byte < 0x20 || byte === 0x7f) return `'\\x${hex}'`;
  return (byte >= 0x80 && byte <= 0xa0) || byte === 0xad ? `'\\u00${hex}'` : `'${shown}'`;
}

/** Whether objects and lists are nested deeper than Go's decoder allows. Short texts cannot be and are not looked at. */
export function nestedTooDeeply(text: string): boolean {
  if (text.length < 2 * MAX_DEPTH) return false;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x22:
        at = endOfString(text, at);
        break;
      case 0x5b:
      case 0x7b:
        if (++depth > MAX_DEPTH) return true;
        break;
      case 0x5d:
      case 0x7d:
        depth--;
        break;
    }
  }
  return false;
}

/** Where the string ends that begins at `start`. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end >= 0 && text.charCodeAt(end - 1) === 0x5c && endsInEscape(text, end)) end = text.indexOf('"', end + 1);
  return end < 0 ? text.length : end;
}

/** Whether a member of some object may be a number with an exponent: cheap, and right when it says no. */
export function mayHaveExponents(text: string): boolean {
  return /["[,]\s*:?\s*-?\d+(?:\.\d+)?[eE]/.test(text);
}

/**
 * Whether any object of the text has a key twice, told by counting: `value` is what JSON.parse made of the text, and it has
 * fewer keys than the text when one was overwritten. Much cheaper than reading the text again with a set for each object.
 */
export function hasDuplicateKeys(text: string, value: unknown): boolean {
  return keysInText(text) !== keysInValue(value);
}

function keysInText(text: string): number {
  let keys = 0;
  let at = text.indexOf('"');
  while (at >= 0) {
    const end = endOfString(text, at);
    let next = end + 1;
    let code = text.charCodeAt(next);
    while (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09) code = text.charCodeAt(++next);
    if (code === 0x3a) keys++;
    at = text.indexOf('"', next);
  }
  return keys;
}

/** Whether the quote at `end` is escaped: an odd number of backslashes stands before it. */
function endsInEscape(text: string, end: number): boolean {
  let slashes = 0;
  while (text.charCodeAt(end - 1 - slashes) === 0x5c) slashes++;
  return slashes % 2 === 1;
}

/** Without recursion: what was parsed may be nested deeper than the stack. */
function keysInValue(value: unknown): number {
  let keys = 0;
  const pending: unknown[] = [value];
  while (pending.length > 0) {
    const next = pending.pop();
    if (typeof next !== 'object' || next === null) continue;
    const inner: unknown[] = Array.isArray(next) ? next : Object.values(next);
    if (!Array.isArray(next)) keys += inner.length;
    for (const item of inner) if (typeof item === 'object') pending.push(item);
  }
  return keys;
}
