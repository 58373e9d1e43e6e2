// Checks a cron schedule: five fields with lists, ranges, steps and names, or a macro such as `@daily` or `@every 1h`.
// Kubernetes takes what github.com/robfig/cron's standard parser takes.

interface Field {
  readonly min: number;
  readonly max: number;
  readonly names: readonly string[];
}

const FIELDS: readonly Field[] = [
  { min: 0, max: 59, names: [] },
  { min: 0, max: 23, names: [] },
  { min: 1, max: 31, names: [] },
  { min: 1, max: 12, names: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'] },
  { min: 0, max: 6, names: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] },
];
const MACROS = ['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly'];
const DURATION = /^[-+]?(\d+(\.\d*)?(ns|us|µs|ms|s|m|h))+$/;

/** Why a text is no schedule; undefined when it is one. */
export function cronScheduleFault(schedule: string): string | undefined {
  const text = schedule.replace(/^(CRON_)?TZ=\S+\s+/, '');
  if (text.startsWith('@')) {
    if (MACROS.includes(text)) return undefined;
    const every = /^@every (.+)$/.exec(text)?.[1];
    return every !== undefined && DURATION.test(every) ? undefined : `unrecognized descriptor: ${text}`;
  }
  const parts = text.trim().split(/\s+/);
  if (parts.length !== FIELDS.length) {
    return `expected exactly 5 fields, found ${parts.length}: [${parts.join(' ')}]`;
  }
  for (const [i, field] of FIELDS.entries()) {
    for (const part of (parts[i] ?? '').split(',')) {
      const fault = rangeFault(part, field);
      if (fault !== undefined) return fault;
    }
  }
  return undefined;
}

function rangeFault(text: string, field: Field): string | undefined {
  const [range = '', step, ...moreSteps] = text.split('/');
  if (moreSteps.length > 0) return `too many slashes: ${text}`;
  if (step !== undefined && !(Number(step) > 0 && /^\d+$/.test(step))) {
    return /^\d+$/.test(step)
      ? `step of range should be a positive number: ${text}`
      : `failed to parse int from ${step}`;
  }
  if (range === '*' || range === '?') return undefined;
  const [first = '', last, ...more] = range.split('-');
  if (more.length > 0) return `too many hyphens: ${text}`;
  const start = numberOf(first, field);
  if (start === undefined) return `failed to parse int from ${first}`;
  const end = last === undefined ? start : numberOf(last, field);
  if (end === undefined) return `failed to parse int from ${last ?? ''}`;
  if (start < field.min) return `beginning of range (${start}) below minimum (${field.min}): ${text}`;
  if (end > field.max) return `end of range (${end}) above maximum (${field.max}): ${text}`;
  return start > end ? `beginning of range (${start}) beyond end of range (${end}): ${text}` : undefined;
}

function numberOf(text: string, { names, min }: Field): number | undefined {
  const name = names.indexOf(text.toLowerCase());
  if (name >= 0) return name + min;
  return /^\d+$/.test(text) ? Number(text) : undefined;
}
