// What is wrong with an applied configuration, in the words of structured-merge-diff's validation: undeclared fields, wrong
// types, items without their key and keys that stand twice.
import { isRecord } from '../../api/schema/decode-walk.ts';
import type { FieldSchema, Scalar } from '../../api/schema/object-schema.ts';
import { printPath } from './field-set.ts';
import { goFormat } from '../../api/patch/go-format.ts';
import { isDeclared, itemElement, memberSchema } from './schema-steps.ts';

/** Each a sentence such as `.spec.foo: field not declared in schema`. */
export function appliedFaults(schema: FieldSchema, value: unknown): string[] {
  const faults: string[] = [];
  visit(schema, value, [], (path, message) => faults.push(`${printPath(path)}: ${message}`));
  return faults;
}

/** Several faults as one message. */
export function joinFaults(faults: readonly string[]): string {
  return faults.length === 1 ? (faults[0] ?? '') : `errors:\n${faults.map((fault) => `  ${fault}`).join('\n')}`;
}

type Report = (path: readonly string[], message: string) => void;

function visit(schema: FieldSchema | undefined, value: unknown, path: readonly string[], report: Report): void {
  if (value === null || schema === undefined) return;
  switch (schema.kind) {
    case 'scalar': {
      const fault = scalarFault(schema.scalar, value);
      if (fault !== undefined) report(path, fault);
      return;
    }
    case 'list':
      if (Array.isArray(value)) visitList(schema, value, path, report);
      else report(path, `expected list, got ${pointer(value)}`);
      return;
    case 'map':
    case 'object':
      if (isRecord(value)) visitMap(schema, value, path, report);
      else report(path, `expected map, got ${pointer(value)}`);
  }
}

function visitMap(schema: FieldSchema, value: Record<string, unknown>, path: readonly string[], report: Report): void {
  for (const [key, inner] of Object.entries(value)) {
    const place = [...path, `f:${key}`];
    if (schema.kind === 'object' && !isDeclared(schema, key)) report(place, 'field not declared in schema');
    else visit(memberSchema(schema, key), inner, place, report);
  }
}

function visitList(
  schema: FieldSchema & { kind: 'list' },
  value: readonly unknown[],
  path: readonly string[],
  report: Report,
): void {
  const seen = new Set<string>();
  value.forEach((item, index) => {
    if (schema.listType === 'atomic') {
      visit(schema.items, item, [...path, `i:${index}`], report);
      return;
    }
    const element = itemElement(schema, item);
    if (!element.ok) {
      report(path, `element ${index}: ${element.fault}`);
      return;
    }
    if (seen.has(element.element)) report(path, `duplicate entries for key ${printPath([element.element])}`);
    seen.add(element.element);
    visit(schema.items, item, [...path, element.element], report);
  });
}

function scalarFault(scalar: Scalar, value: unknown): string | undefined {
  switch (scalar) {
    case 'json':
      return undefined;
    case 'string':
    case 'bytes':
      return typeof value === 'string'
        ? undefined
        : `expected string, got &value.valueUnstructured{Value:${goSyntax(value)}}`;
    case 'boolean':
      return typeof value === 'boolean' ? undefined : `expected boolean, got ${pointer(value)}`;
    case 'int32':
    case 'int64':
    case 'double':
      return typeof value === 'number' ? undefined : `expected numeric (int or float), got ${goKind(value)}`;
    case 'quantity':
    case 'intOrString':
    case 'time':
    case 'microTime':
      return typeof value === 'object' ? `expected any scalar, got ${pointer(value)}` : undefined;
  }
}

/** %v of structured-merge-diff's value. */
function pointer(value: unknown): string {
  return `&{${goFormat(value)}}`;
}

/** %T. */
function goKind(value: unknown): string {
  if (Array.isArray(value)) return '[]interface {}';
  if (isRecord(value)) return 'map[string]interface {}';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

/** %#v. */
function goSyntax(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value !== 'object' || value === null) return goFormat(value);
  if (Array.isArray(value)) return `[]interface {}{${value.map(goSyntax).join(', ')}}`;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `map[string]interface {}{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${goSyntax(inner)}`).join(', ')}}`;
}
