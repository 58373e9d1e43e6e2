// Says in a few lines what differs between two JSON values, for the messages of updates that are refused.
import { formatPath, key } from './field-faults.ts';

/** Messages stay readable, and small. */
const MOST_LINES = 20;

/** Lines `-path: value` and `+path: value` for what `before` and `after` do not share; empty when they are equal. */
export function jsonDifference(before: unknown, after: unknown): string {
  const lines: string[] = [];
  compare(before, after, [], lines);
  const shown = lines.slice(0, MOST_LINES);
  if (lines.length > shown.length) shown.push(`... ${lines.length - shown.length} more`);
  return shown.join('\n');
}

function compare(before: unknown, after: unknown, path: readonly (string | number)[], lines: string[]): void {
  if (before === after) return;
  if (isContainer(before) && isContainer(after) && Array.isArray(before) === Array.isArray(after)) {
    const [a, b] = [new Map(Object.entries(before)), new Map(Object.entries(after))];
    for (const name of new Set([...a.keys(), ...b.keys()])) {
      const segment = Array.isArray(before) ? Number(name) : /^[\w-]+$/.test(name) ? name : key(name);
      compare(a.get(name), b.get(name), [...path, segment], lines);
    }
    return;
  }
  const where = formatPath(path);
  if (before !== undefined) lines.push(`-${where}: ${JSON.stringify(before)}`);
  if (after !== undefined) lines.push(`+${where}: ${JSON.stringify(after)}`);
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
