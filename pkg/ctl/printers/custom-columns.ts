// `-o custom-columns=NAME:.metadata.name,...`: the specification, and each object's cells. Pure.
import type { Json } from '../../api/schema/json.ts';
import { Failure } from '../cli/failure.ts';
import { findResults } from './jsonpath/evaluate.ts';
import { parseJsonPath, relaxedPath, type PathList } from './jsonpath/parse.ts';
import { goText } from './jsonpath/evaluate.ts';
import { escapeTerminal } from './table.ts';

export interface CustomColumn {
  readonly header: string;
  readonly path: PathList;
}

export function parseCustomColumns(specification: string): CustomColumn[] {
  if (specification === '') throw new Failure('custom-columns format specified but no custom columns given');
  return specification.split(',').map((part) => {
    const colon = part.indexOf(':');
    if (colon < 0 || (part.slice(colon + 1) === '' && colon === part.length))
      throw new Failure(`unexpected custom-columns spec: ${part}, expected <header>:<json-path-expr>`);
    return { header: part.slice(0, colon), path: parseJsonPath(relaxedPath(part.slice(colon + 1))) };
  });
}

/** A template file: headers on the first line, paths below them on the second. */
export function parseCustomColumnsFile(content: string): CustomColumn[] {
  const [first = '', second = ''] = content.split('\n');
  const headers = first.split(/\s+/).filter((word) => word !== '');
  const paths = second.split(/\s+/).filter((word) => word !== '');
  if (headers.length !== paths.length)
    throw new Failure(`number of headers (${headers.length}) and field specifications (${paths.length}) don't match`);
  return headers.map((header, index) => ({ header, path: parseJsonPath(relaxedPath(paths[index] ?? '')) }));
}

export function customCells(columns: readonly CustomColumn[], object: Json): string[] {
  return columns.map(({ path }) => {
    const found = findResults(path, object, { allowMissing: true }).flat();
    return found.length === 0 ? '<none>' : escapeTerminal(found.map(goText).join(','));
  });
}
