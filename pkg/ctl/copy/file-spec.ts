// What `cp` copies from and to: `[[namespace/]pod:]path`. Pure.
import { posix } from 'node:path';
import { Failure } from '../cli/failure.ts';

export interface FileSpec {
  /** Empty: here. */
  readonly pod: string;
  /** Empty: the command's own. */
  readonly namespace: string;
  readonly path: string;
}

const WRONG = 'filespec must match the canonical format: [[namespace/]pod:]file/path';

/** Throws Failure for what is none. */
export function parseFileSpec(argument: string): FileSpec {
  const colon = argument.indexOf(':');
  if (colon === 0) throw new Failure(WRONG);
  if (colon < 0) return { pod: '', namespace: '', path: argument };
  const place = argument.slice(0, colon).split('/');
  const path = cleanRemote(argument.slice(colon + 1));
  const [first = '', second] = place;
  if (place.length > 2) throw new Failure(WRONG);
  return second === undefined ? { pod: first, namespace: '', path } : { pod: second, namespace: first, path };
}

/** Backslashes are slashes, and a slash at the end does not count, as kubectl has it. */
function cleanRemote(path: string): string {
  const slashes = path.replaceAll('\\', '/');
  return slashes === '/' ? slashes : slashes.replace(/\/$/, '');
}

/** How members of an archive of `path` begin: without what leads out of the directory they are unpacked to. */
export function memberPrefix(path: string): string {
  const cleaned = posix.normalize(path.replace(/^\/+/, '') || '.');
  return cleaned
    .replace(/^(?:\.\.\/)+/, '')
    .replace(/^(?:\.\.?)$/, '')
    .replace(/^\.\//, '');
}
