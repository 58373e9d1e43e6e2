// IntOrString: a number, or a text that is a percentage or a name.

export type IntOrString = number | string;

const PERCENT = /^[0-9]+%$/;

export function isPercent(value: IntOrString): value is string {
  return typeof value === 'string' && PERCENT.test(value);
}

/** The percentage of a text like `25%`; undefined for anything else. */
export function percentOf(value: IntOrString): number | undefined {
  return isPercent(value) ? Number(value.slice(0, -1)) : undefined;
}

/** The number, or the percentage of `total` rounded up or down; undefined for a text that is no percentage. */
export function scaledValue(value: IntOrString, total: number, round: 'up' | 'down'): number | undefined {
  if (typeof value === 'number') return value;
  const percent = percentOf(value);
  if (percent === undefined) return undefined;
  const exact = (percent * total) / 100;
  return round === 'up' ? Math.ceil(exact) : Math.floor(exact);
}
