// Collects the lines of a description, indented by level, and aligns what stands behind tabs. Lines that kubectl aligns
// apart from each other are divided by `flush`.
import type { Json, JsonObject } from '../../api/schema/json.ts';
import { pairs, text } from '../objects/access.ts';
import { escapeControls } from '../printers/table.ts';
import { alignTabs, DESCRIBE_TABS } from '../printers/tab-writer.ts';

/** Longer annotations go on lines of their own, cut at this length. */
const LONGEST_ANNOTATION = 140;
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';
const BREAK = '\f';

export class DescriptionWriter {
  #text = '';

  /** `text` may hold tabs and line ends; the indentation comes before its first line only. */
  write(level: number, text: string): void {
    this.#text += '  '.repeat(level) + text;
  }

  line(level: number, label: string, value: string): void {
    this.write(level, `${label}:\t${value}\n`);
  }

  /** What follows is aligned anew. */
  flush(): void {
    this.#text += BREAK;
  }

  /** With tabs, as it was written. */
  raw(): string {
    return this.#text.replaceAll(BREAK, '');
  }

  aligned(): string {
    return this.#text
      .split(BREAK)
      .map((part) => (part === '' ? '' : alignTabs(escapeControls(part), DESCRIBE_TABS)))
      .join('');
  }

  labels(title: string, labels: Json | undefined): void {
    this.list(
      title,
      pairs(labels).map(([key, value]) => `${key}=${value}`),
    );
  }

  /** One a line, `<none>` when there are none. */
  list(title: string, items: readonly string[]): void {
    this.write(0, `${title}:\t${items.length === 0 ? '<none>' : items.join('\n\t')}\n`);
  }

  annotations(title: string, annotations: Json | undefined): void {
    const shown = pairs(annotations).filter(([key]) => key !== LAST_APPLIED);
    const items = shown.map(([key, raw]) => {
      const value = raw.replace(/\n$/, '');
      if (value.length + key.length + 2 <= LONGEST_ANNOTATION && !value.includes('\n')) return `${key}: ${value}`;
      const lines = value.split('\n').map((line) => `\n\t  ${shortened(line, LONGEST_ANNOTATION - 2)}`);
      return `${key}:${lines.join('')}`;
    });
    this.list(title, items);
  }
}

function shortened(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}...` : text;
}

/** `Mon, 02 Jan 2006 15:04:05 +0000`: Go's RFC1123Z, in UTC or the zone the machine is in. */
export function longTime(text: string, offsetMinutes = 0): string {
  const at = Date.parse(text);
  if (Number.isNaN(at)) return text;
  const local = new Date(at + offsetMinutes * 60_000).toUTCString().replace(' GMT', '');
  const sign = offsetMinutes < 0 ? '-' : '+';
  const size = Math.abs(offsetMinutes);
  const zone = `${String(Math.floor(size / 60)).padStart(2, '0')}${String(size % 60).padStart(2, '0')}`;
  return `${local} ${sign}${zone}`;
}

/** Go's zero time, which kubectl shows for a time that is not there. */
const NO_TIME = 'Mon, 01 Jan 0001 00:00:00 +0000';

/** In the zone that this process is in, as kubectl shows times. */
export function localTime(text: string): string {
  if (text === '') return NO_TIME;
  const at = Date.parse(text);
  return Number.isNaN(at) ? text : longTime(text, -new Date(at).getTimezoneOffset());
}

/** `2006-01-02 15:04:05 +0000 UTC`: how Go prints a time that nobody formats. */
export function goTime(text: string): string {
  const at = Date.parse(text);
  if (Number.isNaN(at)) return text;
  const offset = -new Date(at).getTimezoneOffset();
  const [date, time] = new Date(at + offset * 60_000).toISOString().slice(0, 19).split('T');
  const zone =
    offset === 0
      ? 'UTC'
      : new Intl.DateTimeFormat('en-GB', { timeZoneName: 'short' })
          .formatToParts(at)
          .find(({ type }) => type === 'timeZoneName')?.value;
  return `${date} ${time} ${longTime(text, offset).slice(-5)} ${zone}`;
}

/** Conditions with the time of their last change. */
export function writeDatedConditions(conditions: readonly JsonObject[], out: DescriptionWriter): void {
  out.write(1, 'Type\tStatus\tLastTransitionTime\tReason\tMessage\n');
  out.write(1, '----\t------\t------------------\t------\t-------\n');
  for (const condition of conditions) {
    const changed = localTime(text(condition, 'lastTransitionTime'));
    out.write(
      1,
      `${text(condition, 'type')}\t${text(condition, 'status')}\t${changed}\t${text(condition, 'reason')}\t${text(condition, 'message')}\n`,
    );
  }
}
