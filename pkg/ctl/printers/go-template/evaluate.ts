// Runs a parsed template over an object, with text/template's semantics: what is missing is shown as `<no value>`, faults
// name the place where they happened. Pure; what was written before a fault stays written.
import type { Json } from '../../../api/schema/json.ts';
import { FUNCTIONS, FunctionError } from './functions.ts';
import type {
  BranchNode,
  ChainNode,
  CommandNode,
  FunctionNode,
  Operand,
  PipeNode,
  Template,
  TemplateNode,
} from './nodes.ts';
import { TEMPLATE_NAME } from './parse.ts';
import {
  GoNumber,
  goText,
  goType,
  isFloat,
  isMap,
  isNumber,
  isTrue,
  numberOf,
  sortedKeys,
  type Value,
} from './values.ts';

export class TemplateExecutionError extends Error {
  override readonly name = 'TemplateExecutionError';
}

export interface TemplateOptions {
  /** Otherwise a key that a map lacks is a fault. */
  readonly allowMissing: boolean;
  write(text: string): void;
}

/** Throws TemplateExecutionError. */
export function executeTemplate(template: Template, data: Json, options: TemplateOptions): void {
  new Execution(template, options).run(data);
}

interface Variable {
  readonly name: string;
  value: Value;
}

/** How a list of nodes ended, inside of a range. */
type Flow = 'on' | 'break' | 'continue';

/** Templates that call themselves end here; Go allows more, but the stack of this runtime is smaller. */
const DEEPEST = 1000;

/** Stands where a function's last argument is not given by a pipeline. */
const NONE = Symbol('none');
type Final = Value | typeof NONE;

class Execution {
  readonly #template: Template;
  readonly #options: TemplateOptions;
  #variables: Variable[] = [];
  #here: { readonly at: number; readonly text: string } = { at: 0, text: '' };
  #depth = 0;

  constructor(template: Template, options: TemplateOptions) {
    this.#template = template;
    this.#options = options;
  }

  run(data: Json): void {
    this.#variables = [{ name: '$', value: data }];
    this.#list(this.#template.body, data);
  }

  #list(nodes: readonly TemplateNode[], dot: Value): Flow {
    for (const node of nodes) {
      const flow = this.#walk(node, dot);
      if (flow !== 'on') return flow;
    }
    return 'on';
  }

  #walk(node: TemplateNode, dot: Value): Flow {
    this.#here = node;
    switch (node.kind) {
      case 'text':
        this.#options.write(node.text);
        return 'on';
      case 'action': {
        const value = this.#pipe(node.pipe, dot);
        if (node.pipe.variables.length === 0) this.#print(value);
        return 'on';
      }
      case 'if':
      case 'with':
        return this.#choose(node, dot);
      case 'range':
        return this.#range(node, dot);
      case 'template':
        this.#call(node, dot);
        return 'on';
      case 'break':
      case 'continue':
        return node.kind;
    }
  }

  #print(value: Value): void {
    this.#options.write(value === undefined || value === null ? '<no value>' : goText(value));
  }

  #choose(node: BranchNode, dot: Value): Flow {
    const mark = this.#variables.length;
    const value = this.#pipe(node.pipe, dot);
    const flow = isTrue(value)
      ? this.#list(node.body, node.kind === 'with' ? value : dot)
      : this.#list(node.otherwise ?? [], dot);
    this.#variables.length = mark;
    return flow;
  }

  #range(node: BranchNode, dot: Value): Flow {
    const mark = this.#variables.length;
    // Each round gives the variables their values.
    const value = this.#pipe(node.pipe, dot, false);
    const inner = this.#variables.length;
    const entries = this.#entries(value);
    for (const [key, item] of entries) {
      this.#setRange(node.pipe, key, item);
      const flow = this.#list(node.body, item);
      this.#variables.length = inner;
      if (flow === 'break') break;
    }
    this.#variables.length = mark;
    return entries.length === 0 && node.otherwise !== undefined ? this.#list(node.otherwise, dot) : 'on';
  }

  #entries(value: Value): (readonly [Value, Value])[] {
    if (value === undefined || value === null) return [];
    if (Array.isArray(value)) return value.map((item, index) => [new GoNumber('int', index), item]);
    if (isMap(value)) return sortedKeys(value).map((key) => [key, value[key]]);
    if (isNumber(value) && !isFloat(value))
      return Array.from({ length: Math.max(0, numberOf(value)) }, (_, index) => [
        new GoNumber('int', index),
        new GoNumber('int', index),
      ]);
    return this.#fail(`range can't iterate over ${goText(value)}`);
  }

  #setRange(pipe: PipeNode, key: Value, item: Value): void {
    const [first, second] = pipe.variables;
    const set = (name: string | undefined, value: Value) => {
      if (name === undefined) return;
      if (pipe.assigns) this.#assign(name, value);
      else this.#variables.push({ name, value });
    };
    if (second === undefined) set(first, item);
    else {
      set(first, key);
      set(second, item);
    }
  }

  #call(node: Extract<TemplateNode, { kind: 'template' }>, dot: Value): void {
    const body = this.#template.defined.get(node.name);
    if (body === undefined) this.#fail(`template ${JSON.stringify(node.name)} not defined`);
    if (this.#depth >= DEEPEST) this.#fail(`exceeded maximum template depth (${DEEPEST})`);
    const value = node.pipe === undefined ? undefined : this.#pipe(node.pipe, dot);
    const outer = this.#variables;
    this.#variables = [{ name: '$', value }];
    this.#depth++;
    this.#list(body, value);
    this.#depth--;
    this.#variables = outer;
  }

  #pipe(pipe: PipeNode, dot: Value, binds = true): Value {
    this.#here = pipe;
    let value: Final = NONE;
    for (const command of pipe.commands) value = this.#command(command, dot, value);
    const answer = value === NONE ? undefined : value;
    for (const name of binds ? pipe.variables : []) {
      if (pipe.assigns) this.#assign(name, answer);
      else this.#variables.push({ name, value: answer });
    }
    return answer;
  }

  #assign(name: string, value: Value): void {
    const variable = this.#variables.findLast((candidate) => candidate.name === name);
    if (variable === undefined) this.#fail(`undefined variable: ${name}`);
    variable.value = value;
  }

  #command(command: CommandNode, dot: Value, final: Final): Value {
    const [first, ...rest] = command.operands;
    if (first === undefined) return undefined;
    const plain = rest.length === 0 && final === NONE;
    switch (first.kind) {
      case 'function':
        return this.#function(first, command, rest, dot, final);
      case 'field':
      case 'variable':
      case 'chain':
        return this.#path(first, dot, plain);
      case 'pipe':
        if (!plain) this.#notAFunction(first);
        return this.#pipe(first, dot);
      case 'constant':
      case 'dot':
      case 'nil':
        this.#here = first;
        if (!plain) this.#notAFunction(first);
        if (first.kind === 'nil') this.#fail('nil is not a command');
        return first.kind === 'dot' ? dot : first.value;
    }
  }

  #notAFunction(node: Operand): never {
    this.#here = node;
    return this.#fail(`can't give argument to non-function ${node.kind === 'pipe' ? `(${node.text})` : node.text}`);
  }

  #path(node: Extract<Operand, { kind: 'field' | 'variable' }> | ChainNode, dot: Value, plain: boolean): Value {
    this.#here = node;
    const start =
      node.kind === 'field'
        ? dot
        : node.kind === 'variable'
          ? this.#variable(node.name)
          : this.#operand(node.operand, dot);
    if (node.kind === 'chain') this.#here = node;
    if (node.kind === 'variable' && node.path.length === 0 && !plain) this.#notAFunction(node);
    return node.path.reduce<Value>((value, name, index) => {
      if (!plain && index === node.path.length - 1 && isMap(value))
        this.#fail(`${name} is not a method but has arguments`);
      return this.#field(value, name, index === 0 && node.kind === 'field');
    }, start);
  }

  #field(value: Value, name: string, isDot: boolean): Value {
    if (value === undefined) {
      if (!this.#options.allowMissing) this.#fail(`nil data; no entry for key ${JSON.stringify(name)}`);
      return undefined;
    }
    if (value === null) return this.#fail(`nil pointer evaluating interface {}.${name}`);
    if (!isMap(value))
      return this.#fail(
        `can't evaluate field ${name} in type ${isDot && !Array.isArray(value) ? goType(value) : 'interface {}'}`,
      );
    if (Object.hasOwn(value, name)) return value[name];
    if (!this.#options.allowMissing) this.#fail(`map has no entry for key ${JSON.stringify(name)}`);
    return undefined;
  }

  #variable(name: string): Value {
    const variable = this.#variables.findLast((candidate) => candidate.name === name);
    if (variable === undefined) return this.#fail(`undefined variable: ${name}`);
    return variable.value;
  }

  /** An operand as an argument. */
  #operand(node: Operand, dot: Value): Value {
    this.#here = node;
    switch (node.kind) {
      case 'constant':
        return node.value;
      case 'dot':
        return dot;
      case 'nil':
        return null;
      case 'pipe':
        return this.#pipe(node, dot);
      case 'function':
        return this.#function(node, node, [], dot, NONE);
      case 'field':
      case 'variable':
      case 'chain':
        return this.#path(node, dot, true);
    }
  }

  #function(
    node: FunctionNode,
    place: CommandNode | FunctionNode,
    operands: readonly Operand[],
    dot: Value,
    final: Final,
  ): Value {
    this.#here = node;
    const called = FUNCTIONS[node.name];
    if (called === undefined) return this.#fail(`${JSON.stringify(node.name)} is not a defined function`);
    const count = operands.length + (final === NONE ? 0 : 1);
    if (count < called.least && called.most === undefined)
      this.#fail(`wrong number of args for ${node.name}: want at least ${called.least} got ${count}`);
    if (called.most !== undefined && count !== called.most)
      this.#fail(`wrong number of args for ${node.name}: want ${called.most} got ${count}`);
    const values: Value[] = [];
    for (const operand of operands) {
      const value = this.#operand(operand, dot);
      if (called.strings?.includes(values.length) === true) this.#checkString(value, operand);
      values.push(value);
      if ((node.name === 'and' && !isTrue(value)) || (node.name === 'or' && isTrue(value))) return value;
    }
    if (final !== NONE) {
      if (called.strings?.includes(values.length) === true) this.#checkString(final, undefined);
      values.push(final);
    }
    try {
      return called.run(values);
    } catch (error) {
      if (!(error instanceof FunctionError)) throw error;
      this.#here = place;
      return this.#fail(`error calling ${node.name}: ${error.message}`);
    }
  }

  #checkString(value: Value, operand: Operand | undefined): void {
    if (typeof value === 'string') return;
    if (operand?.kind === 'constant') this.#fail(`expected string; found ${operand.text}`);
    if (value === undefined || value === null) this.#fail('invalid value; expected string');
    this.#fail(`wrong type for value; expected string; got ${goType(value)}`);
  }

  #fail(message: string): never {
    const { at, text } = this.#here;
    const before = this.#template.source.slice(0, at);
    const line = before.split('\n').length;
    const column = Buffer.byteLength(before.slice(before.lastIndexOf('\n') + 1));
    throw new TemplateExecutionError(
      `template: ${TEMPLATE_NAME}:${line}:${column}: executing ${JSON.stringify(TEMPLATE_NAME)} at <${text}>: ${message}`,
    );
  }
}
