// Reading flag values: Go's durations and counts, with a sentence that names the flag when a value makes no sense.
import { parseGoDuration } from '../../pkg/api/meta/duration.ts';
import { UsageError } from '../program.ts';

type Flags = Readonly<Record<string, unknown>>;

/** Undefined: not given, or empty. */
export function textFlag(flags: Flags, name: string): string | undefined {
  const value = flags[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export function countFlag(flags: Flags, name: string, flag: string, least: number): number {
  const text = textFlag(flags, name) ?? '';
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least)
    throw new UsageError(`${flag} is a whole number of at least ${least}, not "${text}"`);
  return value;
}

export function numberFlag(flags: Flags, name: string, flag: string): number {
  const text = textFlag(flags, name) ?? '';
  if (!/^\d+(\.\d+)?$/.test(text)) throw new UsageError(`${flag} is a number, not "${text}"`);
  return Number(text);
}

/** Go's form (`1m30s`, `500ms`) in milliseconds. */
export function durationFlag(flags: Flags, name: string, flag: string): number {
  const text = textFlag(flags, name) ?? '';
  const value = parseGoDuration(text);
  if (value === undefined || value < 0)
    throw new UsageError(`${flag} is a duration such as 15s or 1m30s, not "${text}"`);
  return value;
}
