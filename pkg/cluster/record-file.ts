// The files in which a cluster of this machine is remembered: written whole, read with every field looked at, so that a file that is
// cut off, or that somebody else has made of it, is named instead of failing somewhere.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { messageWithCauses } from '../logging/logger.ts';

export class ClusterError extends Error {
  override readonly name: string = 'ClusterError';
}

/** Only deleting the cluster helps. */
export class DamagedRecordError extends ClusterError {
  override readonly name = 'DamagedRecordError';
}

type Shape = 'text' | 'number' | 'truth' | 'list' | 'map';
/** What each field must be. */
export type Fields<T> = { readonly [K in keyof T]: Shape };

/** Undefined: there is no such file. `older`: what files of earlier versions lack. */
export function readRecordFile<T extends object>(
  file: string,
  fields: Fields<T>,
  older: (value: Partial<T>) => Partial<T> = () => ({}),
): T | undefined {
  if (!existsSync(file)) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw damaged(file, 'it is no JSON', cause);
  }
  if (shapeOf(value) !== 'map') throw damaged(file, 'it is no object');
  const given = value as Partial<T>; // an object; its fields are looked at below
  const record = { ...older(given), ...given };
  for (const name of Object.keys(fields) as (keyof T & string)[]) {
    if (shapeOf(record[name]) !== fields[name]) throw damaged(file, `"${name}" is no ${fields[name]}`);
  }
  return record as T; // every field has just been looked at
}

export function writeRecordFile(file: string, record: object): void {
  const draft = `${file}.${process.pid}`;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(draft, `${JSON.stringify(record, undefined, 2)}\n`);
    renameSync(draft, file);
  } catch (cause) {
    throw new ClusterError(`cannot write ${file}: ${messageWithCauses(cause)}`, { cause });
  }
}

export function damaged(file: string, why: string, cause?: unknown): DamagedRecordError {
  return new DamagedRecordError(
    `${file} is damaged: ${why}; "tkctl cluster delete ${basename(dirname(file))}" removes what there is of the cluster`,
    { cause },
  );
}

function shapeOf(value: unknown): Shape | undefined {
  if (Array.isArray(value)) return 'list';
  if (typeof value === 'object' && value !== null) return 'map';
  return ({ string: 'text', number: 'number', boolean: 'truth' } as const)[typeof value as 'string'];
}
