// Which files the programs of this installation consist of: the bundles with the chunks that they can reach, and the packages
// that stay outside the bundles with their dependencies. Read only; what is done with them is the image's business.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { ClusterError } from '../cluster-record.ts';
import { OUTSIDE_BUNDLES } from './outside-bundles.ts';

export interface ImageFile {
  /** In the image, without a leading slash. */
  readonly path: string;
  readonly content: Buffer;
  readonly mode: number;
}

/** Chunks of older builds lie beside those of this one, so only what the entry files can reach counts. */
export function bundleFiles(programs: string): ImageFile[] {
  const chunks = join(programs, 'chunks');
  const known = new Set(existsSync(chunks) ? readdirSync(chunks) : []);
  const entries = readdirSync(programs).filter((name) => /\.(js|json)$/.test(name));
  if (!entries.includes('tkctl.js'))
    throw new ClusterError(`${programs} holds no programs; build them with "npm run build"`);
  const files = entries.map((name) => imageFile(join(programs, name), `dist/${name}`));
  const seen = new Set<string>();
  for (const file of files) {
    for (const [name] of file.content.toString('latin1').matchAll(/[\w.-]+-[A-Z0-9]{8}\.js/g)) {
      if (seen.has(name) || !known.has(name)) continue;
      seen.add(name);
      files.push(imageFile(join(chunks, name), `dist/chunks/${name}`));
    }
  }
  return files;
}

/** `node_modules/...` of the packages outside the bundles, found as Node finds them from `programs`. */
export function packageFiles(programs: string): ImageFile[] {
  const directories = new Map<string, string>();
  const visit = (name: string, from: string, optional: boolean) => {
    if (name.startsWith('@types/')) return;
    const found = packageDirectory(name, from);
    if (found === undefined) {
      if (optional) return;
      throw new ClusterError(`the package ${name} is missing beside ${from}; install the dependencies with "npm ci"`);
    }
    const place = found.slice(found.indexOf('/node_modules/') + 1);
    const other = directories.get(place);
    if (other === found) return;
    if (other !== undefined) throw new ClusterError(`two packages claim ${place}: ${other} and ${found}`);
    directories.set(place, found);
    const manifest = JSON.parse(readFileSync(join(found, 'package.json'), 'utf8')) as PackageManifest;
    const optionals = Object.keys(manifest.optionalDependencies ?? {});
    for (const one of Object.keys(manifest.dependencies ?? {})) visit(one, found, optionals.includes(one));
    for (const one of optionals) visit(one, found, true);
  };
  for (const name of OUTSIDE_BUNDLES) visit(name, programs, false);
  return [...directories].flatMap(([place, directory]) => packageTree(directory, place));
}

export function imageFile(source: string, path: string): ImageFile {
  return { path, content: readFileSync(source), mode: statSync(source).mode & 0o777 };
}

/** Twelve hexadecimal digits that change when a name, a mode or a byte does. */
export function contentHash(files: readonly ImageFile[], more = ''): string {
  const hash = createHash('sha256').update(more);
  for (const { path, content, mode } of files.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
    hash.update(`\0${path}\0${mode}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex').slice(0, 12);
}

interface PackageManifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

function packageDirectory(name: string, from: string): string | undefined {
  for (let directory = from; ; directory = dirname(directory)) {
    const candidate = join(directory, 'node_modules', name);
    if (existsSync(join(candidate, 'package.json'))) return candidate;
    if (directory === dirname(directory)) return undefined;
  }
}

/** What programs read at run time; a nested node_modules is a package of its own. */
function packageTree(directory: string, place: string): ImageFile[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/\.(md|map|[cm]?ts)$/.test(entry.name))
    .map((entry) => relative(directory, join(entry.parentPath, basename(entry.name))))
    .filter((path) => !path.split('/').includes('node_modules'))
    .map((path) => imageFile(join(directory, path), join(place, path)));
}
