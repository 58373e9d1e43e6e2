// The texts of `kubectl explain`: what each type and field is for. They are generated at build time and may be missing; the
// documents are then complete but for the prose.
import { existsSync, readFileSync } from 'node:fs';
import { isRecord } from '../../api/schema/decode-walk.ts';

/** By type (`core.v1.Pod`), then by field; the empty field is the type itself. */
export type Descriptions = Readonly<Record<string, Readonly<Record<string, string>>>>;

const FILE = 'descriptions.gen.json';

/** Where the file lies beside the sources, beside a bundled program, or beside the folder of its chunks. */
const PLACES: readonly URL[] = [
  new URL(`../../api/schema/generated/${FILE}`, import.meta.url),
  new URL(`./${FILE}`, import.meta.url),
  new URL(`../${FILE}`, import.meta.url),
];

/** Reads the file anew; the caller keeps what it makes of it. Empty when there is none. */
export function readDescriptions(): Descriptions {
  const place = PLACES.find((candidate) => existsSync(candidate));
  if (place === undefined) return {};
  const parsed: unknown = JSON.parse(readFileSync(place, 'utf8'));
  if (!isRecord(parsed)) return {};
  const types: [string, Record<string, string>][] = [];
  for (const [type, texts] of Object.entries(parsed)) {
    if (!isRecord(texts)) continue;
    const known = Object.entries(texts).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
    types.push([type, Object.fromEntries(known)]);
  }
  return Object.fromEntries(types);
}
