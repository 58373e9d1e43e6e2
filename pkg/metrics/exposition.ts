// The text format of Prometheus, for metrics that are kept as plain numbers because a library's bookkeeping would cost more
// than what is measured.

export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** `{a="1",b="2"}`; nothing for no labels. */
export function formatLabels(labels: Readonly<Record<string, string>>): string {
  const parts = Object.entries(labels).map(([name, value]) => `${name}="${escapeValue(value)}"`);
  return parts.length === 0 ? '' : `{${parts.join(',')}}`;
}

function escapeValue(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

/** A metric with what is said of it; nothing where it has no samples. */
export function familyLines(
  name: string,
  type: 'counter' | 'gauge' | 'histogram',
  help: string,
  samples: readonly string[],
): string[] {
  return samples.length === 0 ? [] : [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...samples];
}

export function sampleLine(name: string, labels: Readonly<Record<string, string>>, value: number): string {
  return `${name}${formatLabels(labels)} ${value}`;
}

/** `counts[i]` is what fell into `bounds[i]` alone; one more for everything above. The lines accumulate them. */
export function histogramLines(
  name: string,
  labels: Readonly<Record<string, string>>,
  bounds: readonly number[],
  counts: readonly number[],
  total: { readonly sum: number; readonly count: number },
): string[] {
  let below = 0;
  const lines = bounds.map((bound, index) => {
    below += counts[index] ?? 0;
    return `${name}_bucket${formatLabels({ ...labels, le: String(bound) })} ${below}`;
  });
  lines.push(`${name}_bucket${formatLabels({ ...labels, le: '+Inf' })} ${total.count}`);
  lines.push(`${name}_sum${formatLabels(labels)} ${total.sum}`, `${name}_count${formatLabels(labels)} ${total.count}`);
  return lines;
}
