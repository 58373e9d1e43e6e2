// Label selectors, equality and set based, as text (`a=b,c in (d,e),!f`) and as the LabelSelector of objects: the grammar,
// matching, printing and error sentences of k8s.io/apimachinery/pkg/labels.
import type { LabelSelector as LabelSelectorObject } from '../schema/generated/meta.v1.gen.ts';
import { labelValueFaults, qualifiedNameFaults } from './names.ts';
import { ApiError } from './status.ts';
import { scanSelector, type Token, type TokenKind } from './label-selector-tokens.ts';

export type LabelOperator = 'in' | 'notin' | '=' | '==' | '!=' | 'exists' | '!' | 'gt' | 'lt';

export interface LabelRequirement {
  readonly key: string;
  readonly operator: LabelOperator;
  /** Sorted, without repetition. */
  readonly values: readonly string[];
}

export type Labels = Readonly<Record<string, string>>;

/** A conjunction of requirements, ordered by key; none of them: everything. */
export class LabelSelector {
  readonly requirements: readonly LabelRequirement[];
  readonly #nothing: boolean;

  constructor(requirements: readonly LabelRequirement[], nothing = false) {
    this.requirements = requirements.toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
    this.#nothing = nothing;
  }

  /** Whether it selects everything. */
  get empty(): boolean {
    return !this.#nothing && this.requirements.length === 0;
  }

  matches(labels: Labels | undefined): boolean {
    if (this.#nothing) return false;
    for (const requirement of this.requirements) if (!satisfies(requirement, labels ?? {})) return false;
    return true;
  }

  toString(): string {
    return this.requirements.map(formatRequirement).join(',');
  }
}

/** Selects every object. */
export const EVERYTHING = new LabelSelector([]);
/** Selects no object, like an absent LabelSelector. */
export const NOTHING = new LabelSelector([], true);

/** Throws an ApiError (BadRequest) with Kubernetes' sentence for a text that is no selector. */
export function parseLabelSelector(text: string): LabelSelector {
  try {
    return new LabelSelector(new Parser(scanSelector(text)).parse());
  } catch (cause) {
    if (cause instanceof SelectorFault) throw new ApiError('BadRequest', cause.message, { cause });
    throw cause;
  }
}

/** The selector that an object's LabelSelector stands for: nothing when absent, everything when empty. */
export function selectorFromObject(selector: LabelSelectorObject | undefined): LabelSelector {
  if (selector === undefined) return NOTHING;
  const requirements: LabelRequirement[] = [];
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) {
    requirements.push({ key, operator: '=', values: [value] });
  }
  for (const { key, operator, values = [] } of selector.matchExpressions ?? []) {
    const known = OPERATOR_OF_EXPRESSION[operator];
    // Validation has refused unknown operators; an object that came by other ways selects nothing.
    if (known === undefined) return NOTHING;
    requirements.push({ key, operator: known, values: sortedSet(values) });
  }
  return new LabelSelector(requirements);
}

/** The selector of exactly these labels, as Services and ReplicationControllers have it: nothing when there are none. */
export function selectorFromLabels(labels: Labels | undefined): LabelSelector {
  const entries = Object.entries(labels ?? {});
  return entries.length === 0
    ? NOTHING
    : new LabelSelector(entries.map(([key, value]) => ({ key, operator: '=', values: [value] })));
}

const OPERATOR_OF_EXPRESSION: Readonly<Record<string, LabelOperator>> = {
  In: 'in',
  NotIn: 'notin',
  Exists: 'exists',
  DoesNotExist: '!',
};

const INTEGER = /^[-+]?[0-9]+$/;

function satisfies({ key, operator, values }: LabelRequirement, labels: Labels): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case 'in':
    case '=':
    case '==':
      return value !== undefined && values.includes(value);
    case 'notin':
    case '!=':
      return value === undefined || !values.includes(value);
    case 'exists':
      return value !== undefined;
    case '!':
      return value === undefined;
    case 'gt':
    case 'lt': {
      const [bound = ''] = values;
      if (value === undefined || !INTEGER.test(value)) return false;
      return operator === 'gt' ? BigInt(value) > BigInt(bound) : BigInt(value) < BigInt(bound);
    }
  }
}

function formatRequirement({ key, operator, values }: LabelRequirement): string {
  switch (operator) {
    case 'exists':
      return key;
    case '!':
      return `!${key}`;
    case 'in':
    case 'notin':
      return `${key} ${operator} (${values.join(',')})`;
    case 'gt':
      return `${key}>${values.join(',')}`;
    case 'lt':
      return `${key}<${values.join(',')}`;
    case '=':
    case '==':
    case '!=':
      return `${key}${operator}${values.join(',')}`;
  }
}

function sortedSet(values: readonly string[]): string[] {
  return [...new Set(values)].sort();
}

class SelectorFault extends Error {}

const OPERATORS: Partial<Record<TokenKind, LabelOperator>> = {
  in: 'in',
  notin: 'notin',
  '=': '=',
  '==': '==',
  '!=': '!=',
  '>': 'gt',
  '<': 'lt',
};

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  parse(): LabelRequirement[] {
    const requirements: LabelRequirement[] = [];
    for (;;) {
      const first = this.#peek();
      if (first.kind === 'end') return requirements;
      if (first.kind !== 'identifier' && first.kind !== '!') {
        throw new SelectorFault(`found '${first.text}', expected: !, identifier, or 'end of string'`);
      }
      requirements.push(this.#inContext(() => this.#requirement()));
      const next = this.#take();
      if (next.kind === 'end') return requirements;
      if (next.kind !== ',') {
        throw new SelectorFault(`found '${next.text}', expected: ',' or 'end of string'`);
      }
      const after = this.#peek();
      if (after.kind !== 'identifier' && after.kind !== '!') {
        throw new SelectorFault(`found '${after.text}', expected: identifier after ','`);
      }
    }
  }

  #inContext(parse: () => LabelRequirement): LabelRequirement {
    try {
      return parse();
    } catch (cause) {
      if (!(cause instanceof SelectorFault)) throw cause;
      throw new SelectorFault(`unable to parse requirement: ${cause.message}`, { cause });
    }
  }

  #requirement(): LabelRequirement {
    let token = this.#take();
    const negated = token.kind === '!';
    if (negated) token = this.#take();
    if (token.kind !== 'identifier') throw new SelectorFault(`found '${token.text}', expected: identifier`);
    const key = token.text;
    checkKey(key);
    // `!x` ends the requirement whatever follows; the caller complains about that.
    if (negated) return { key, operator: '!', values: [] };
    const next = this.#peek();
    if (next.kind === 'end' || next.kind === ',') return { key, operator: 'exists', values: [] };
    const written = this.#takeRaw();
    const operator = OPERATORS[written.kind];
    if (operator === undefined) {
      throw new SelectorFault(`found '${written.text}', expected: in, notin, =, ==, !=, gt, lt`);
    }
    const values = operator === 'in' || operator === 'notin' ? this.#valueSet() : [this.#exactValue()];
    checkValues(key, operator, values);
    return { key, operator, values: sortedSet(values) };
  }

  #valueSet(): string[] {
    const open = this.#take();
    if (open.kind !== '(') throw new SelectorFault(`found '${open.text}' expected: '('`);
    const first = this.#peek();
    if (first.kind === ')') {
      this.#take();
      return [''];
    }
    if (first.kind !== 'identifier' && first.kind !== ',') {
      throw new SelectorFault(`found '${first.text}', expected: ',', ')' or identifier`);
    }
    const values = this.#values();
    this.#take();
    return values;
  }

  /** Up to the closing bracket, which stays. */
  #values(): string[] {
    const values: string[] = [];
    for (;;) {
      const token = this.#take();
      const next = this.#peek();
      if (token.kind === 'identifier') {
        values.push(token.text);
        if (next.kind === ')') return values;
        if (next.kind !== ',') throw new SelectorFault(`found '${next.text}', expected: ',' or ')'`);
      } else if (token.kind === ',') {
        if (values.length === 0) values.push('');
        if (next.kind === ')') return [...values, ''];
        if (next.kind === ',') {
          this.#take();
          values.push('');
        }
      } else throw new SelectorFault(`found '${token.text}', expected: ',', or identifier`);
    }
  }

  #exactValue(): string {
    const next = this.#peek();
    if (next.kind === 'end' || next.kind === ',') return '';
    const token = this.#take();
    if (token.kind !== 'identifier') throw new SelectorFault(`found '${token.text}', expected: identifier`);
    return token.text;
  }

  /** `in` and `notin` are ordinary words where no operator is expected. */
  #peek(): Token {
    const token = this.#tokens[this.#at] ?? END;
    return token.kind === 'in' || token.kind === 'notin' ? { ...token, kind: 'identifier' } : token;
  }

  #take(): Token {
    const token = this.#peek();
    this.#at++;
    return token;
  }

  #takeRaw(): Token {
    return this.#tokens[this.#at++] ?? END;
  }
}

const END: Token = { kind: 'end', text: '' };

function checkKey(key: string): void {
  const faults = qualifiedNameFaults(key);
  if (faults.length > 0) throw new SelectorFault(`<nil>: Invalid value: "${key}": ${faults.join('; ')}`);
}

function checkValues(key: string, operator: LabelOperator, values: readonly string[]): void {
  const faults: string[] = [];
  sortedSet(values).forEach((value, i) => {
    if ((operator === 'gt' || operator === 'lt') && !INTEGER.test(value)) {
      faults.push(`values[${i}]: Invalid value: "${value}": for 'Gt', 'Lt' operators, the value must be an integer`);
    }
    const bad = labelValueFaults(value);
    if (bad.length > 0) faults.push(`values[${i}][${key}]: Invalid value: "${value}": ${bad.join('; ')}`);
  });
  if (faults.length > 0) throw new SelectorFault(faults.length === 1 ? (faults[0] ?? '') : `[${faults.join(', ')}]`);
}
