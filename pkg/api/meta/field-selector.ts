// Field selectors (`status.phase=Running,spec.nodeName!=a`): parsing with Kubernetes' escapes and sentences, and matching.
// Which fields a kind allows is the kind's business. Source: k8s.io/apimachinery/pkg/fields.

import { ApiError } from './status.ts';

export interface FieldRequirement {
  readonly field: string;
  readonly operator: '=' | '!=';
  readonly value: string;
}

/**
 * Empty parts are skipped; `=` and `==` mean the same; `\\`, `\,` and `\=` stand for themselves in values. Throws an
 * ApiError (BadRequest) with Kubernetes' sentence for a text that is no selector.
 */
export function parseFieldSelector(text: string): readonly FieldRequirement[] {
  const requirements: FieldRequirement[] = [];
  // Kubernetes sorts the terms first, and names the first faulty one.
  for (const term of splitTerms(text).sort()) {
    if (term === '') continue;
    const requirement = parseTerm(term);
    if (requirement === undefined) {
      throw new ApiError('BadRequest', `invalid selector: '${text}'; can't understand '${term}'`);
    }
    requirements.push(requirement);
  }
  return requirements;
}

/** Whether an object with these field values is selected; a field it does not have is the empty string. */
export function matchesFields(
  requirements: readonly FieldRequirement[],
  values: Readonly<Record<string, string>>,
): boolean {
  return requirements.every(({ field, operator, value }) => ((values[field] ?? '') === value) === (operator === '='));
}

export function formatFieldSelector(requirements: readonly FieldRequirement[]): string {
  return requirements.map(({ field, operator, value }) => `${field}${operator}${escapeValue(value)}`).join(',');
}

function splitTerms(text: string): string[] {
  const terms: string[] = [];
  let [start, escaped] = [0, false];
  for (let i = 0; i < text.length; i++) {
    if (escaped) escaped = false;
    else if (text[i] === '\\') escaped = true;
    else if (text[i] === ',') {
      terms.push(text.slice(start, i));
      start = i + 1;
    }
  }
  terms.push(text.slice(start));
  return terms;
}

function parseTerm(term: string): FieldRequirement | undefined {
  for (let i = 0; i < term.length; i++) {
    const operator = ['!=', '==', '='].find((candidate) => term.startsWith(candidate, i));
    if (operator === undefined) continue;
    const value = unescapeValue(term.slice(i + operator.length));
    return { field: term.slice(0, i), operator: operator === '!=' ? '!=' : '=', value };
  }
  return undefined;
}

function unescapeValue(text: string): string {
  let result = '';
  for (let i = 0; i < text.length; i++) {
    const character = text[i] ?? '';
    if (character === '\\') {
      const next = text[++i];
      if (next !== '\\' && next !== ',' && next !== '=') {
        throw new ApiError('BadRequest', `invalid field selector: invalid escape sequence: \\${next ?? ''}`);
      }
      result += next;
    } else if (character === ',' || character === '=') {
      throw new ApiError('BadRequest', `invalid field selector: unescaped character in value: ${character}`);
    } else result += character;
  }
  return result;
}

function escapeValue(value: string): string {
  return value.replaceAll(/[\\,=]/g, (character) => `\\${character}`);
}
