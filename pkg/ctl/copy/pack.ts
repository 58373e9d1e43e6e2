// Packs a local file or directory as a tar stream whose members are named as they shall be called in the container.
// Symbolic links are kept as links; empty directories are members of their own.
import { createReadStream } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { pack, type Pack } from 'tar-stream';

/** The bytes of the archive; what fails on the way fails the iteration. */
export async function* packTree(source: string, name: string): AsyncGenerator<Uint8Array> {
  const archive = pack();
  addTree(archive, source, name).then(
    () => archive.finalize(),
    (error: unknown) => archive.destroy(error instanceof Error ? error : new Error(String(error))),
  );
  // A stream of bytes, typed as unknown.
  for await (const chunk of archive) yield chunk as Uint8Array;
}

async function addTree(archive: Pack, path: string, name: string): Promise<void> {
  const { mode, mtime, uid, gid, size, ...kind } = await lstatOf(path);
  const header = { name, mode: mode & 0o7777, mtime, uid, gid };
  if (kind.directory) {
    const names = (await readdir(path)).sort();
    if (names.length === 0) archive.entry({ ...header, type: 'directory' });
    for (const inner of names) await addTree(archive, join(path, inner), posix.join(name, inner));
  } else if (kind.link) {
    archive.entry({ ...header, type: 'symlink', linkname: await readlink(path) });
  } else {
    const entry = archive.entry({ ...header, size });
    // A file that grows meanwhile is taken as far as its header says.
    await pipeline(size === 0 ? [] : createReadStream(path, { end: size - 1 }), entry);
  }
}

async function lstatOf(path: string) {
  const found = await lstat(path);
  return {
    mode: found.mode,
    mtime: found.mtime,
    uid: found.uid,
    gid: found.gid,
    size: found.size,
    directory: found.isDirectory(),
    link: found.isSymbolicLink(),
  };
}
