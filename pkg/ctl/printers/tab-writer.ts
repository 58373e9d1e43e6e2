// Lines of cells aligned as Go's text/tabwriter aligns them for kubectl: a column is at least six wide and three wider than
// its widest cell; the last cell of a line is not padded; a column ends where a line has fewer cells. Pure.

export interface TabSettings {
  readonly minWidth: number;
  readonly padding: number;
}

export const KUBECTL_TABS: TabSettings = { minWidth: 6, padding: 3 };
/** What `describe` and a few listings use. */
export const DESCRIBE_TABS: TabSettings = { minWidth: 0, padding: 2 };

/** `lines`: each a list of cells. `remembered` widths (of earlier output) are kept and updated when given. */
export function alignCells(
  lines: readonly (readonly string[])[],
  settings: TabSettings = KUBECTL_TABS,
  remembered?: number[],
): string {
  const out: string[] = Array.from({ length: lines.length }, () => '');
  layOut(lines, settings, 0, lines.length, 0, out, remembered);
  return out.map((line) => `${line}\n`).join('');
}

/** Lays out one column of lines [from, to) and, block by block, the columns behind it. */
function layOut(
  lines: readonly (readonly string[])[],
  settings: TabSettings,
  from: number,
  to: number,
  column: number,
  out: string[],
  remembered: number[] | undefined,
): void {
  let at = from;
  while (at < to) {
    const cells = lines[at] ?? [];
    if (column >= cells.length - 1) {
      out[at] += cells[column] ?? '';
      at++;
      continue;
    }
    let end = at;
    let width = settings.minWidth;
    while (end < to && column < (lines[end]?.length ?? 0) - 1) {
      const cell = lines[end]?.[column] ?? '';
      width = Math.max(width, displayWidth(cell) + settings.padding);
      end++;
    }
    if (remembered !== undefined) {
      width = Math.max(width, remembered[column] ?? 0);
      remembered[column] = width;
    }
    for (let line = at; line < end; line++) {
      const cell = lines[line]?.[column] ?? '';
      out[line] += cell + ' '.repeat(width - displayWidth(cell));
    }
    layOut(lines, settings, at, end, column + 1, out, remembered);
    at = end;
  }
}

/** Go counts runes. */
function displayWidth(text: string): number {
  return /^[\x20-\x7e]*$/.test(text) ? text.length : Array.from(text).length;
}

/** Text with tabs between its cells, aligned. */
export function alignTabs(text: string, settings: TabSettings): string {
  const trailing = text.endsWith('\n');
  const lines = (trailing ? text.slice(0, -1) : text).split('\n').map((line) => line.split('\t'));
  const aligned = alignCells(lines, settings);
  return trailing ? aligned : aligned.slice(0, -1);
}
