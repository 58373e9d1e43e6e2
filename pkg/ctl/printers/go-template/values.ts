// The values a template works on: JSON, with Go's difference between whole and other numbers, and what Go says about them
// (truth, type, text). Pure.
import type { Json } from '../../../api/schema/json.ts';
import { compareBytes, isObject } from '../../objects/access.ts';

/** A number that a template itself made; numbers in objects are int64 when they are whole. */
export class GoNumber {
  readonly type: 'int' | 'float64';
  readonly value: number;
  constructor(type: 'int' | 'float64', value: number) {
    this.type = type;
    this.value = value;
  }
}

/** Undefined: there is no value, which Go shows as `<no value>`. */
export type Value = Json | GoNumber | undefined;

export function isNumber(value: Value): value is number | GoNumber {
  return typeof value === 'number' || value instanceof GoNumber;
}

export function numberOf(value: number | GoNumber): number {
  return typeof value === 'number' ? value : value.value;
}

export function isMap(value: Value): value is { [key: string]: Json } {
  return !(value instanceof GoNumber) && isObject(value);
}

export function isTrue(value: Value): boolean {
  if (value === undefined || value === null) return false;
  if (isNumber(value)) return numberOf(value) !== 0;
  if (typeof value === 'object') return (Array.isArray(value) ? value : Object.keys(value)).length > 0;
  return value !== '' && value !== false;
}

export function goType(value: Value): string {
  if (value === undefined || value === null) return '<nil>';
  if (value instanceof GoNumber) return value.type;
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'string') return 'string';
  return Array.isArray(value) ? '[]interface {}' : 'map[string]interface {}';
}

export function isFloat(value: number | GoNumber): boolean {
  return value instanceof GoNumber ? value.type === 'float64' : !Number.isInteger(value);
}

/** The shortest form of a float64, as %v. */
export function floatText(value: number): string {
  const [digits = '', exponent = '0'] = value.toExponential().split('e');
  const power = Number(exponent);
  if (power >= -4 && power < 6) return String(value);
  return `${digits}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
}

export function sortedKeys(map: { readonly [key: string]: Json }): string[] {
  return Object.keys(map).sort(compareBytes);
}

/** As %v shows it. */
export function goText(value: Value): string {
  if (value === undefined || value === null) return '<nil>';
  if (isNumber(value)) return isFloat(value) ? floatText(numberOf(value)) : String(numberOf(value));
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`;
  if (isMap(value))
    return `map[${sortedKeys(value)
      .map((key) => `${key}:${goText(value[key])}`)
      .join(' ')}]`;
  return String(value);
}
