// Rows as one table for a terminal.
import type { Row } from '../benchmark.ts';

export function renderTable(rows: readonly Row[]): string {
  const cells = rows.map(({ what, measured, target, met }) => [what, measured, target, mark(met)]);
  const lines = [['WHAT', 'MEASURED', 'TARGET', ''], ...cells];
  const widths = [0, 1, 2].map((column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map(([what = '', measured = '', target = '', met = '']) =>
      [what.padEnd(widths[0] ?? 0), measured.padStart(widths[1] ?? 0), target.padStart(widths[2] ?? 0), met]
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function mark(met: boolean | undefined): string {
  return met === undefined ? '' : met ? 'met' : 'missed';
}
