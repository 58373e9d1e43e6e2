// Parses Go's text/template into nodes: pipelines, variables, branches, ranges and named templates. Pure; throws
// TemplateSyntaxError with Go's sentence.
import { lex, type Token } from './lex.ts';
import { constantOf, literalText } from './literals.ts';
import type { BranchNode, CommandNode, Operand, PipeNode, Template, TemplateNode } from './nodes.ts';

export class TemplateSyntaxError extends Error {
  override readonly name = 'TemplateSyntaxError';
}

/** How kubectl names its template in messages. */
export const TEMPLATE_NAME = 'output';

export function parseTemplate(source: string, functions: ReadonlySet<string>): Template {
  return new Parser(source, functions).template();
}

interface Ending {
  readonly word: 'end' | 'else' | 'eof';
}

class Parser {
  readonly #source: string;
  readonly #functions: ReadonlySet<string>;
  readonly #tokens: readonly Token[];
  readonly #defined = new Map<string, readonly TemplateNode[]>();
  #at = 0;
  #variables: string[] = ['$'];
  #ranges = 0;

  constructor(source: string, functions: ReadonlySet<string>) {
    this.#source = source;
    this.#functions = functions;
    this.#tokens = lex(source);
  }

  template(): Template {
    const { nodes, ending } = this.#list(true);
    if (ending.word !== 'eof') this.#fail(`unexpected {{${ending.word}}}`);
    return { source: this.#source, body: nodes, defined: this.#defined };
  }

  /** Nodes up to `{{end}}`, `{{else}}` or, at the top, the end of the text. */
  #list(top: boolean): { nodes: TemplateNode[]; ending: Ending } {
    const nodes: TemplateNode[] = [];
    for (;;) {
      const token = this.#next();
      if (token.kind === 'eof') {
        if (!top) this.#fail('unexpected EOF');
        return { nodes, ending: { word: 'eof' } };
      }
      if (token.kind === 'text') nodes.push({ kind: 'text', at: token.at, text: token.text });
      else if (token.kind === 'left') {
        const made = this.#action(top);
        if (made !== undefined && 'word' in made) return { nodes, ending: made };
        if (made !== undefined) nodes.push(made);
      } else this.#unexpected(token, 'input');
    }
  }

  #action(top: boolean): TemplateNode | Ending | undefined {
    const token = this.#nextWord();
    if (token.kind === 'keyword')
      switch (token.text) {
        case 'if':
        case 'with':
        case 'range':
          return this.#branch(token.text, token);
        case 'template':
          return this.#call();
        case 'define':
          if (!top) this.#unexpected(token, 'command');
          this.#define();
          return undefined;
        case 'block':
          return this.#block();
        case 'end':
          this.#expect('right', 'end');
          return { word: 'end' };
        case 'else': {
          const next = this.#peekWord();
          if (!(next.kind === 'keyword' && (next.text === 'if' || next.text === 'with'))) this.#expect('right', 'else');
          return { word: 'else' };
        }
        case 'break':
        case 'continue':
          if (this.#ranges === 0) this.#fail(`{{${token.text}}} outside {{range}}`);
          this.#expect('right', `{{${token.text}}}`);
          return { kind: token.text, at: token.at, text: `{{${token.text}}}` };
      }
    this.#at--;
    const pipe = this.#pipeline('command', 'right', false);
    return { kind: 'action', at: pipe.at, text: `{{${pipe.text}}}`, pipe };
  }

  #branch(kind: BranchNode['kind'], token: Token): BranchNode {
    const scope = this.#variables.length;
    const pipe = this.#pipeline(kind, 'right', kind === 'range');
    if (kind === 'range') this.#ranges++;
    const { nodes: body, ending } = this.#list(false);
    if (kind === 'range') this.#ranges--;
    let otherwise: TemplateNode[] | undefined;
    if (ending.word === 'else') {
      const next = this.#peekWord();
      if (next.kind === 'keyword' && next.text === kind && kind !== 'range') {
        this.#nextWord();
        // `{{else if}}` ends with the inner branch's `{{end}}`.
        otherwise = [this.#branch(kind, next)];
      } else if (next.kind === 'keyword' && (next.text === 'if' || next.text === 'with'))
        this.#unexpected(next, 'else');
      else {
        const rest = this.#list(false);
        if (rest.ending.word !== 'end') this.#fail('expected end; found {{else}}');
        otherwise = rest.nodes;
      }
    }
    this.#variables = this.#variables.slice(0, scope);
    return { kind, at: token.at, text: `{{${kind} ${pipe.text}}}`, pipe, body, otherwise };
  }

  #call(): TemplateNode {
    const name = this.#nextWord();
    const called = this.#templateName(name, 'template clause');
    let pipe: PipeNode | undefined;
    if (this.#nextWord().kind !== 'right') {
      this.#at--;
      pipe = this.#pipeline('template clause', 'right', false);
    }
    const inner = pipe === undefined ? '' : ` ${pipe.text}`;
    return {
      kind: 'template',
      at: name.at,
      text: `{{template ${JSON.stringify(called)}${inner}}}`,
      name: called,
      pipe,
    };
  }

  #define(): void {
    const name = this.#templateName(this.#nextWord(), 'define clause');
    this.#expect('right', 'define clause');
    this.#body(name);
  }

  #block(): TemplateNode {
    const name = this.#nextWord();
    const called = this.#templateName(name, 'block clause');
    const pipe = this.#pipeline('block clause', 'right', false);
    this.#body(called);
    const text = `{{template ${JSON.stringify(called)} ${pipe.text}}}`;
    return { kind: 'template', at: name.at, text, name: called, pipe };
  }

  #body(name: string): void {
    const outer = this.#variables;
    const ranges = this.#ranges;
    this.#variables = ['$'];
    this.#ranges = 0;
    const { nodes, ending } = this.#list(false);
    if (ending.word !== 'end') this.#fail(`unexpected {{${ending.word}}} in define clause`);
    this.#defined.set(name, nodes);
    this.#variables = outer;
    this.#ranges = ranges;
  }

  #templateName(token: Token, context: string): string {
    if (token.kind !== 'string' && token.kind !== 'raw') this.#unexpected(token, context);
    return literalText(token.text) ?? this.#fail('invalid syntax');
  }

  #pipeline(context: string, end: 'right' | 'close', inRange: boolean): PipeNode {
    const start = this.#peekWord();
    const { variables, assigns } = this.#declarations(context, inRange);
    const commands: CommandNode[] = [];
    for (;;) {
      const token = this.#nextWord();
      if (token.kind === end) break;
      if (['right', 'close', 'declare', 'assign', 'comma', 'pipe', 'keyword', 'eof', 'error'].includes(token.kind))
        this.#unexpected(token, context);
      this.#at--;
      commands.push(this.#command());
    }
    if (commands.length === 0) this.#fail(`missing value for ${context}`);
    for (const [index, { operands }] of commands.entries()) {
      const first = operands[0]?.kind;
      if (index > 0 && (first === 'constant' || first === 'dot' || first === 'nil'))
        this.#fail(`non executable command in pipeline stage ${index + 1}`);
    }
    const given = variables.length === 0 ? '' : `${variables.join(', ')} ${assigns ? '=' : ':='} `;
    if (!assigns) this.#variables.push(...variables);
    const text = given + commands.map((command) => command.text).join(' | ');
    return { kind: 'pipe', at: start.at, text, variables, assigns, commands };
  }

  /** `$x :=`, `$x =` and, in a range, `$key, $value :=`. */
  #declarations(context: string, inRange: boolean): { variables: string[]; assigns: boolean } {
    const from = this.#at;
    const variables: string[] = [];
    for (;;) {
      const token = this.#peekWord();
      if (token.kind !== 'variable') break;
      this.#nextWord();
      const sign = this.#peekWord();
      if (sign.kind === 'declare' || sign.kind === 'assign') {
        this.#nextWord();
        const assigns = sign.kind === 'assign';
        if (assigns) this.#checkVariable(token.text);
        return { variables: [...variables, token.text], assigns };
      }
      if (sign.kind !== 'comma' || !inRange) break;
      this.#nextWord();
      variables.push(token.text);
      if (variables.length > 1) this.#fail(`too many declarations in ${context}`);
    }
    this.#at = from;
    return { variables: [], assigns: false };
  }

  #command(): CommandNode {
    const start = this.#peekWord();
    const operands: Operand[] = [];
    for (;;) {
      this.#peekWord();
      const operand = this.#operand();
      if (operand !== undefined) operands.push(operand);
      const token = this.#next();
      if (token.kind === 'space') continue;
      if (token.kind === 'right' || token.kind === 'close') this.#at--;
      else if (token.kind !== 'pipe') this.#unexpected(token, 'operand');
      break;
    }
    if (operands.length === 0) this.#fail('empty command');
    const text = operands.map((operand) => (operand.kind === 'pipe' ? `(${operand.text})` : operand.text)).join(' ');
    return { kind: 'command', at: start.at, text, operands };
  }

  #operand(): Operand | undefined {
    const term = this.#term();
    if (term === undefined) return undefined;
    const chain = this.#tokens[this.#at];
    if (chain?.kind !== 'field') return term;
    const path: string[] = [];
    while (this.#tokens[this.#at]?.kind === 'field') path.push(this.#next().text.slice(1));
    const text = (term.kind === 'pipe' ? `(${term.text})` : term.text) + path.map((name) => `.${name}`).join('');
    if (term.kind === 'field' || term.kind === 'variable')
      return { ...term, at: chain.at, text, path: [...term.path, ...path] };
    if (term.kind === 'constant' || term.kind === 'nil' || term.kind === 'dot')
      return this.#fail(`unexpected . after term ${JSON.stringify(term.text)}`);
    return { kind: 'chain', at: chain.at, text, operand: term, path };
  }

  #term(): Operand | undefined {
    const token = this.#nextWord();
    const { kind, at, text } = token;
    if (kind === 'identifier') {
      if (!this.#functions.has(text)) this.#fail(`function ${JSON.stringify(text)} not defined`);
      return { kind: 'function', at, text, name: text };
    }
    if (kind === 'dot' || kind === 'nil') return { kind, at, text };
    if (kind === 'variable') {
      this.#checkVariable(text);
      return { kind, at, text, name: text, path: [] };
    }
    if (kind === 'field') return { kind, at, text, path: [text.slice(1)] };
    if (kind === 'open') return this.#pipeline('parenthesized pipeline', 'close', false);
    if (kind === 'bool' || kind === 'number' || kind === 'char' || kind === 'string' || kind === 'raw') {
      const value = constantOf(kind, text);
      if (value === undefined) this.#fail(`bad number syntax: ${JSON.stringify(text)}`);
      return { kind: 'constant', at, text, value };
    }
    this.#at--;
    return undefined;
  }

  #checkVariable(name: string): void {
    if (!this.#variables.includes(name)) this.#fail(`undefined variable ${JSON.stringify(name)}`);
  }

  #next(): Token {
    const token = this.#tokens[this.#at] ?? this.#tokens.at(-1);
    this.#at++;
    return token ?? { kind: 'eof', text: '', at: 0, line: 1 };
  }

  #nextWord(): Token {
    let token = this.#next();
    while (token.kind === 'space') token = this.#next();
    return token;
  }

  #peekWord(): Token {
    const token = this.#nextWord();
    this.#at--;
    return token;
  }

  #expect(kind: Token['kind'], context: string): void {
    const token = this.#nextWord();
    if (token.kind !== kind) this.#unexpected(token, context);
  }

  #unexpected(token: Token, context: string): never {
    if (token.kind === 'error') return this.#fail(token.text);
    return this.#fail(`unexpected ${shown(token)} in ${context}`);
  }

  #fail(message: string): never {
    const token = this.#tokens[Math.min(this.#at, this.#tokens.length) - 1] ?? this.#tokens.at(-1);
    throw new TemplateSyntaxError(`template: ${TEMPLATE_NAME}:${token?.line ?? 1}: ${message}`);
  }
}

function shown(token: Token): string {
  if (token.kind === 'eof') return 'EOF';
  if (token.kind === 'keyword') return `<${token.text}>`;
  return token.text.length > 10 ? `${JSON.stringify(token.text.slice(0, 10))}...` : JSON.stringify(token.text);
}
