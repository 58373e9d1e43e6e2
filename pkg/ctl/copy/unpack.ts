// Unpacks a tar stream from a container under a local path. The stream is not trusted: what would lie outside of the
// target is skipped, links are never made.
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { extract } from 'tar-stream';
import { Failure } from '../cli/failure.ts';

export interface UnpackTarget {
  /** As the user wrote it. */
  readonly destination: string;
  /** What that is relative to. */
  readonly cwd: string;
  /** How every member's name begins. */
  readonly prefix: string;
  warn(line: string): void;
  /** Behind the first link that is skipped: what to type to get links too. */
  readonly linkAdvice: string;
}

export async function unpackTree(archive: AsyncIterable<Uint8Array>, target: UnpackTarget): Promise<void> {
  const members = extract();
  const feeding = pipeline(archive, members);
  // Awaited below; a fault also ends the iteration of the members.
  feeding.catch(() => undefined);
  let advised = false;
  for await (const member of members) {
    const { name, type, linkname } = member.header;
    if (!name.startsWith(target.prefix)) throw new Failure('tar contents corrupted');
    const shown = join(target.destination, name.slice(target.prefix.length));
    const path = resolve(target.cwd, shown);
    if (isOutside(resolve(target.cwd, target.destination), path)) {
      target.warn(`warning: file ${JSON.stringify(shown)} is outside target destination, skipping\n`);
      member.resume();
      continue;
    }
    await mkdir(dirname(path), { recursive: true });
    if (type === 'directory') await mkdir(path, { recursive: true });
    else if (type === 'symlink') {
      const advice = advised ? '' : ` ${target.linkAdvice}`;
      advised = true;
      target.warn(
        `warning: skipping symlink: ${JSON.stringify(shown)} -> ${JSON.stringify(linkname ?? '')}${advice}\n`,
      );
    } else {
      await writeMember(member, path, shown);
      continue;
    }
    member.resume();
  }
  await feeding;
}

function isOutside(base: string, path: string): boolean {
  const way = relative(base, path);
  return way === '..' || way.startsWith('../');
}

async function writeMember(member: AsyncIterable<unknown>, path: string, shown: string): Promise<void> {
  try {
    await pipeline(member, createWriteStream(path));
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    if (code === 'EISDIR') throw new Failure(`open ${shown}: is a directory`, { cause });
    if (code === 'EACCES') throw new Failure(`open ${shown}: permission denied`, { cause });
    throw cause;
  }
}
