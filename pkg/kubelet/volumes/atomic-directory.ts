// Replaces all files of a volume at once, as a container sees it: a new directory is written beside the old one and the link
// `..data` renamed over (k8s.io/kubernetes/pkg/volume/util/atomic_writer.go). No file is touched when nothing changed; what a crash
// has left half done is finished by the next call.
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, readlink, rename, rm, stat, symlink } from 'node:fs/promises';
import { writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Payload } from './payload.ts';

const DATA = '..data';
const DATA_NEXT = '..data_tmp';
/** How the names of the directories begin that `..data` leads to. */
const COPY = '..v_';

/** True when something was written. `group`: owner of every file (fsGroup), undefined: root. */
export async function writeAtomically(
  directory: string,
  payload: Payload,
  group: number | undefined,
): Promise<boolean> {
  const files = withOwner(payload, group);
  const current = await linkedDirectory(directory);
  if (current !== undefined && (await holds(join(directory, current), files))) {
    await linkNames(directory, [...files.keys()]);
    return false;
  }
  const next = await mkdtemp(join(directory, COPY));
  await chmod(next, 0o755);
  for (const [path, { data, mode }] of files) {
    const target = join(next, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, data);
    await chmod(target, mode); // the mode given to open is cut by the umask
    if (group !== undefined) await chown(target, 0, group);
  }
  await rm(join(directory, DATA_NEXT), { force: true });
  const name = basename(next);
  await symlink(name, join(directory, DATA_NEXT));
  await rename(join(directory, DATA_NEXT), join(directory, DATA));
  await linkNames(directory, [...files.keys()]);
  await removeCopies(directory, name);
  return true;
}

/** All but `kept`: the one before, and those of writes that were cut off. */
async function removeCopies(directory: string, kept: string): Promise<void> {
  const copies = (await readdir(directory)).filter((name) => name.startsWith(COPY) && name !== kept);
  for (const copy of copies) await rm(join(directory, copy), { recursive: true, force: true });
}

function withOwner(payload: Payload, group: number | undefined): Payload {
  if (group === undefined) return payload;
  return new Map([...payload].map(([path, { data, mode }]) => [path, { data, mode: mode | 0o440 }]));
}

async function linkedDirectory(directory: string): Promise<string | undefined> {
  try {
    return await readlink(join(directory, DATA));
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function holds(directory: string, payload: Payload): Promise<boolean> {
  try {
    const there = (await readdir(directory, { recursive: true, withFileTypes: true })).filter((entry) =>
      entry.isFile(),
    );
    if (there.length !== payload.size) return false;
    for (const [path, { data, mode }] of payload) {
      const target = join(directory, path);
      if (((await stat(target)).mode & 0o777) !== mode) return false;
      if (!Buffer.from(data).equals(await readFile(target))) return false;
    }
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/** `name -> ..data/name` for the first part of every path; links of names that are gone go. */
async function linkNames(directory: string, paths: readonly string[]): Promise<void> {
  const wanted = new Set(paths.map((path) => path.split('/')[0] ?? path));
  for (const name of await readdir(directory)) {
    if (name.startsWith('..')) continue;
    if (wanted.has(name)) wanted.delete(name);
    else await rm(join(directory, name), { force: true, recursive: true });
  }
  for (const name of wanted) await symlink(join(DATA, name), join(directory, name));
}

export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
