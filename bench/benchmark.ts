// What a benchmark is: a value with a name, run against parts of its own, which answers with rows for one common table.

export interface Row {
  /** What was measured, with its unit. */
  readonly what: string;
  readonly measured: string;
  /** What the project wants it to be; empty where nothing is asked. */
  readonly target: string;
  readonly met?: boolean;
}

export interface Benchmark {
  readonly name: string;
  /** Says what it is doing, for people who wait. */
  run(say: (text: string) => void): Promise<Row[]>;
}

/** A row whose target is a number to be reached. */
export function atLeast(what: string, value: number, target: number): Row {
  return { what, measured: format(value), target: `>= ${format(target)}`, met: value >= target };
}

/** A row whose target is a number not to be passed. */
export function atMost(what: string, value: number, target: number): Row {
  return { what, measured: format(value), target: `<= ${format(target)}`, met: value <= target };
}

export function plain(what: string, value: number): Row {
  return { what, measured: format(value), target: '' };
}

function format(value: number): string {
  if (value >= 1000) return Math.round(value).toLocaleString('en-US');
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

/** The value below which this share (0 to 1) of the sorted numbers lies. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
