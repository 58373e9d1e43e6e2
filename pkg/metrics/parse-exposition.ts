// Reading the text format of Prometheus, as far as scrapers of kubelets need it: names, labels, values, timestamps. What
// cannot be read is left out, because a scrape with one odd line is worth more than none. Pure.

export interface ScrapedSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  /** Milliseconds since the epoch; undefined when the line says nothing. */
  readonly at: number | undefined;
}

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)(?:\s+(-?\d+))?\s*$/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;
const ESCAPED = /\\(.)/g;

/** Only the samples whose names are asked for. */
export function parseExposition(text: string, names: ReadonlySet<string>): ScrapedSample[] {
  const samples: ScrapedSample[] = [];
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const match = LINE.exec(line);
    const [, name = '', labels = '', value = '', at] = match ?? [];
    if (!names.has(name)) continue;
    const number = Number(value);
    if (Number.isNaN(number)) continue;
    samples.push({ name, labels: labelsOf(labels), value: number, at: at === undefined ? undefined : Number(at) });
  }
  return samples;
}

function labelsOf(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const [, name = '', value = ''] of text.matchAll(LABEL)) {
    labels[name] = value.replaceAll(ESCAPED, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
  }
  return labels;
}
