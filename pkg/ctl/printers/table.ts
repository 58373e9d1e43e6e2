// Turns the server's Table answers into the cells of `kubectl get`: which columns show, what stands in front and behind.
import type { Json, JsonObject } from '../../api/schema/json.ts';
import {
  at,
  compareBytes,
  isObject,
  list,
  namespaceOf,
  number,
  object,
  objects,
  pairs,
  text,
} from '../objects/access.ts';
import { valueText } from './jsonpath/evaluate.ts';

export interface TableOptions {
  readonly wide: boolean;
  readonly withNamespace: boolean;
  /** Put in front of names: `pod`, `deployment.apps`. */
  readonly kindPrefix?: string;
  readonly showLabels: boolean;
  readonly labelColumns: readonly string[];
}

export function isTable(answer: JsonObject): boolean {
  return text(answer, 'kind') === 'Table' && text(answer, 'apiVersion').startsWith('meta.k8s.io/');
}

interface Column {
  readonly name: string;
  readonly index: number;
}

function shownColumns(table: JsonObject, options: TableOptions): Column[] {
  return objects(table, 'columnDefinitions').flatMap((column, index) =>
    options.wide || number(column, 'priority') === 0 ? [{ name: text(column, 'name'), index }] : [],
  );
}

export function tableHeader(table: JsonObject, options: TableOptions): string[] {
  return [
    ...(options.withNamespace ? ['NAMESPACE'] : []),
    ...shownColumns(table, options).map((column) => column.name.toUpperCase()),
    ...options.labelColumns.map((label) => label.slice(label.lastIndexOf('/') + 1).toUpperCase()),
    ...(options.showLabels ? ['LABELS'] : []),
  ];
}

/** One line of cells for each row. */
export function tableRows(table: JsonObject, options: TableOptions): string[][] {
  const columns = shownColumns(table, options);
  return objects(table, 'rows').map((row) => {
    const cells = list(row, 'cells');
    const subject = object(row, 'object');
    return [
      ...(options.withNamespace ? [namespaceOf(subject)] : []),
      ...columns.map(({ index }, position) => {
        const cell = cellText(cells[index] ?? null);
        return position === 0 && options.kindPrefix !== undefined ? `${options.kindPrefix}/${cell}` : cell;
      }),
      ...options.labelColumns.map((label) => {
        const value = at(subject, 'metadata', 'labels', label);
        return value === undefined ? '' : text(value);
      }),
      ...(options.showLabels ? [labelsText(subject)] : []),
    ];
  });
}

/** A cell on one line. */
function cellText(cell: Json): string {
  if (cell === null) return '';
  const shown = typeof cell === 'string' ? cell : valueText(cell);
  const lineEnd = shown.search(/[\f\n\r]/);
  const line = lineEnd < 0 ? shown : `${shown.slice(0, lineEnd)}...`;
  return escapeTerminal(line);
}

/** Control characters must not reach the terminal from an object's fields. */
export function escapeTerminal(line: string): string {
  return escapeControls(line).replaceAll('\t', ' ');
}

/** The same for text that may have tabs. */
export function escapeControls(text: string): string {
  return text.replaceAll('\u001b', '^[').replaceAll('\r', '\\r');
}

export function labelsText(subject: Json): string {
  const words = pairs(subject, 'metadata', 'labels').map(([key, value]) => `${key}=${value}`);
  // Kubernetes sorts the words, not the keys: `10=b` comes before `1=a`.
  return words.sort(compareBytes).join(',') || '<none>';
}

/**
 * The table of a server that gives none (a resource whose server does not know Tables): name and age of each object.
 * `age` shows how long ago a time is.
 */
export function plainTable(answer: JsonObject, age: (time: string) => string): JsonObject {
  const items = Array.isArray(answer['items']) ? answer['items'].filter(isObject) : [answer];
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: answer['metadata'] ?? {},
    columnDefinitions: [
      { name: 'Name', type: 'string', format: 'name', description: '', priority: 0 },
      { name: 'Age', type: 'string', format: '', description: '', priority: 0 },
    ],
    rows: items.map((item) => ({
      cells: [text(item, 'metadata', 'name'), age(text(item, 'metadata', 'creationTimestamp'))],
      object: item,
    })),
  };
}
