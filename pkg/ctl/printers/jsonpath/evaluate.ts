// Runs a parsed template over an object. Semantics and error sentences are those of client-go's util/jsonpath: missing
// fields give nothing when they are allowed to be missing, ranges repeat what stands between them and their end. Pure.
import type { Json } from '../../../api/schema/json.ts';
import { Failure } from '../../cli/failure.ts';
import { compareBytes, isObject } from '../../objects/access.ts';
import { numberText } from '../../../api/schema/encode-yaml.ts';
import { toCompactJson, toPrettyJson } from '../json.ts';
import type { PathList, PathNode } from './parse.ts';

export interface PathOptions {
  readonly allowMissing: boolean;
}

/** The values that each part of the template found, in order. */
export function findResults(template: PathList, data: Json, options: PathOptions): Json[][] {
  const results: Json[][] = [];
  new Evaluation(template, options).run(0, data, results, 0);
  return results;
}

/** What kubectl prints for the template; `asJson` as `-o jsonpath-as-json`. */
export function renderJsonPath(
  template: PathList,
  data: Json,
  options: PathOptions & { readonly asJson?: boolean },
): string {
  const results = findResults(template, data, options);
  if (options.asJson === true) return results.map((values) => toPrettyJson(values, true)).join('');
  return results.map((values) => values.map(valueText).join(' ')).join('');
}

/** One found value as text: composites as JSON on one line. */
export function valueText(value: Json): string {
  if (value === null) return '<nil>';
  if (typeof value === 'object') return toCompactJson(value);
  return typeof value === 'number' ? numberText(value) : String(value);
}

class Evaluation {
  readonly #nodes: PathList;
  readonly #options: PathOptions;

  constructor(nodes: PathList, options: PathOptions) {
    this.#nodes = nodes;
    this.#options = options;
  }

  /** From node `from` to the end of the range it is in; answers with the position behind that end. */
  run(from: number, data: Json, results: Json[][], depth: number): number {
    for (let at = from; at < this.#nodes.length; at++) {
      const node = this.#nodes[at];
      if (node === undefined) break;
      const command = commandOf(node);
      if (command === 'end') {
        if (depth === 0) throw new Failure('not in range, nothing to end');
        return at + 1;
      }
      if (command === 'range' && node.kind === 'list') {
        const values = this.#walkList(
          node.nodes.filter((inner) => inner.kind !== 'identifier'),
          [data],
        );
        let behind = this.#nodes.length;
        if (values.length === 0) behind = this.#skip(at + 1);
        for (const value of values) behind = this.run(at + 1, value, results, depth + 1);
        at = behind - 1;
        continue;
      }
      results.push(this.#walk(node, [data]));
    }
    return this.#nodes.length;
  }

  /** The position behind the end of a range that repeats nothing. */
  #skip(from: number): number {
    let open = 1;
    for (let at = from; at < this.#nodes.length; at++) {
      const node = this.#nodes[at];
      const command = node === undefined ? undefined : commandOf(node);
      if (command === 'range') open++;
      else if (command === 'end' && --open === 0) return at + 1;
    }
    return this.#nodes.length;
  }

  #walkList(nodes: PathList, values: readonly Json[]): Json[] {
    let current: Json[] = [...values];
    for (const node of nodes) current = this.#walk(node, current);
    return current;
  }

  #walk(node: PathNode, values: readonly Json[]): Json[] {
    switch (node.kind) {
      case 'list':
        return this.#walkList(node.nodes, values);
      case 'text':
        return [node.text];
      case 'number':
      case 'boolean':
        return values.map(() => node.value);
      case 'identifier':
        throw new Failure(`unrecognized identifier ${node.name}`);
      case 'field':
        return this.#field(node.name, values);
      case 'wildcard':
        return values.flatMap(children);
      case 'recursive':
        return values.flatMap(descendants);
      case 'union':
        return node.members.flatMap((member) => this.#walkList(member, values));
      case 'slice':
        return values.flatMap((value) => (value === null ? [] : slice(node, value)));
      case 'filter':
        return values.flatMap((value) => this.#filter(node, value));
    }
  }

  #field(name: string, values: readonly Json[]): Json[] {
    if (name === '') return [...values];
    const found = values.flatMap((value) => {
      if (!isObject(value) || !Object.hasOwn(value, name)) return [];
      return [value[name] ?? null];
    });
    if (found.length === 0 && !this.#options.allowMissing) throw new Failure(`${name} is not found`);
    return found;
  }

  #filter(node: Extract<PathNode, { kind: 'filter' }>, value: Json): Json[] {
    if (value === null) return [];
    if (!Array.isArray(value)) throw new Failure(`${goType(value)} is not array or slice and cannot be filtered`);
    return value.filter((item) => {
      const quiet = new Evaluation([], { allowMissing: true });
      const left = quiet.#walkList(node.left, [item]);
      if (node.operator === 'exists') return left.length > 0;
      if (left.length === 0) return false;
      if (left.length > 1) throw new Failure('can only compare one element at a time');
      const right = quiet.#walkList(node.right, [item]);
      if (right.length === 0) return false;
      if (right.length > 1) throw new Failure('can only compare one element at a time');
      return compare(left[0] ?? null, node.operator, right[0] ?? null);
    });
  }
}

function commandOf(node: PathNode): 'range' | 'end' | undefined {
  if (node.kind !== 'list') return undefined;
  const first = node.nodes[0];
  if (first?.kind !== 'identifier') return undefined;
  return first.name === 'range' || first.name === 'end' ? first.name : undefined;
}

function children(value: Json): Json[] {
  if (Array.isArray(value)) return value;
  if (!isObject(value)) return [];
  return Object.entries(value)
    .sort(([left], [right]) => compareBytes(left, right))
    .map(([, item]) => item);
}

function descendants(value: Json): Json[] {
  const inner = children(value);
  return inner.length === 0 ? [] : [value, ...inner.flatMap(descendants)];
}

function slice(node: Extract<PathNode, { kind: 'slice' }>, value: Json): Json[] {
  if (!Array.isArray(value)) throw new Failure(`${goType(value)} is not array or slice`);
  const { length } = value;
  let start = node.start ?? 0;
  if (start < 0) start += length;
  let end = node.end ?? length;
  if (end < 0 || (end === 0 && node.single)) end += length;
  if (start === end) return [];
  if (start >= length || start < 0) throw new Failure(`array index out of bounds: index ${start}, length ${length}`);
  if (end > length || end < 0) throw new Failure(`array index out of bounds: index ${end - 1}, length ${length}`);
  if (start > end) throw new Failure(`starting index ${start} is greater than ending index ${end}`);
  const step = node.step ?? 1;
  if (step <= 0) throw new Failure('step must be > 0');
  return value.slice(start, end).filter((_, index) => index % step === 0);
}

function compare(left: Json, operator: string, right: Json): boolean {
  if (typeof left !== typeof right || typeof left === 'object') throw new Failure('incompatible types for comparison');
  const order = compareScalars(left, right);
  switch (operator) {
    case '==':
      return order === 0;
    case '!=':
      return order !== 0;
    case '<':
      return order < 0;
    case '>':
      return order > 0;
    case '<=':
      return order <= 0;
    case '>=':
      return order >= 0;
    default:
      throw new Failure(`unrecognized filter operator ${operator}`);
  }
}

function compareScalars(left: Json, right: Json): number {
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  return compareBytes(valueText(left), valueText(right));
}

function goType(value: Json): string {
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  if (typeof value === 'object') return 'map[string]interface {}';
  return typeof value === 'boolean' ? 'bool' : 'string';
}

/** A value as Go's %v shows it. */
export function goText(value: Json): string {
  if (value === null) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`;
  if (isObject(value))
    return `map[${Object.keys(value)
      .sort(compareBytes)
      .map((key) => `${key}:${goText(value[key] ?? null)}`)
      .join(' ')}]`;
  return typeof value === 'number' ? numberText(value) : String(value);
}

/** A value as Go's %#v shows it. */
export function goSyntax(value: Json): string {
  if (value === null) return 'interface {}(nil)';
  if (Array.isArray(value)) return `[]interface {}{${value.map(goSyntax).join(', ')}}`;
  if (isObject(value))
    return `map[string]interface {}{${Object.keys(value)
      .sort(compareBytes)
      .map((key) => `${JSON.stringify(key)}:${goSyntax(value[key] ?? null)}`)
      .join(', ')}}`;
  return typeof value === 'string' ? JSON.stringify(value) : valueText(value);
}
