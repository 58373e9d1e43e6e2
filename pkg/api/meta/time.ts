// metav1.Time and metav1.MicroTime: RFC 3339 texts, kept as texts. Kubernetes answers in UTC, with whole seconds or exactly
// six digits; these functions write and canonicalise them.

const RFC3339 = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** Most times that are written are now, which is the same for a second. */
let latest = { second: Number.NaN, text: '' };

/** An instant (milliseconds since the epoch) as Time: whole seconds, UTC. */
export function formatTime(instant: number): string {
  const second = Math.floor(instant / 1000);
  if (second !== latest.second) {
    latest = { second, text: `${new Date(second * 1000).toISOString().slice(0, 19)}Z` };
  }
  return latest.text;
}

/** An instant as MicroTime: six digits, UTC. */
export function formatMicroTime(instant: number): string {
  const micros = Math.floor(instant * 1000);
  const seconds = Math.floor(micros / 1_000_000);
  const fraction = String(micros - seconds * 1_000_000).padStart(6, '0');
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${fraction}Z`;
}

/** The canonical text of a Time (UTC, fractions cut off); undefined for what is no RFC 3339 time with a zone. */
export function canonicalTime(text: string): string | undefined {
  const parsed = parseRfc3339(text);
  return parsed === undefined ? undefined : formatTime(parsed.seconds * 1000);
}

/** The canonical text of a MicroTime; it must have exactly six digits behind the point, as Kubernetes demands. */
export function canonicalMicroTime(text: string): string | undefined {
  const parsed = parseRfc3339(text);
  if (parsed === undefined || parsed.fraction.length !== 7) return undefined;
  return formatTime(parsed.seconds * 1000).replace('Z', `${parsed.fraction}Z`);
}

/** Milliseconds since the epoch; undefined for an absent or unreadable time. */
export function instantOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const instant = Date.parse(text);
  return Number.isNaN(instant) ? undefined : instant;
}

function parseRfc3339(text: string): { seconds: number; fraction: string } | undefined {
  const match = RFC3339.exec(text);
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number);
  const [fraction = '', zone = 'Z'] = match.slice(7);
  if (year === undefined || month === undefined || day === undefined) return undefined;
  if (hour === undefined || minute === undefined || second === undefined) return undefined;
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return undefined;
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const utc = Date.parse(`${text.slice(0, 19)}Z`) / 1000;
  if (zone === 'Z') return { seconds: utc, fraction };
  const [zoneHours, zoneMinutes] = [Number(zone.slice(1, 3)), Number(zone.slice(4))];
  if (zoneHours > 23 || zoneMinutes > 59) return undefined;
  const offset = (zoneHours * 60 + zoneMinutes) * 60;
  return { seconds: zone.startsWith('-') ? utc + offset : utc - offset, fraction };
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}
