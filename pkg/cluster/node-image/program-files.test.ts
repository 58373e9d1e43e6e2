import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { bundleFiles, contentHash, packageFiles } from './program-files.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'typekube-programs-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(path: string, content: string | object): void {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
}
const paths = (files: readonly { path: string }[]) => files.map(({ path }) => path).toSorted();

test('chunks of an older build stay behind, those reached through other chunks come along', () => {
  write('dist/tkctl.js', 'import "./chunks/chunk-AAAAAAAA.js"');
  write('dist/chunks/chunk-AAAAAAAA.js', 'await import("./late-BBBBBBBB.js")');
  write('dist/chunks/late-BBBBBBBB.js', '');
  write('dist/chunks/chunk-CCCCCCCC.js', 'of yesterday');
  expect(paths(bundleFiles(join(root, 'dist')))).toEqual([
    'dist/chunks/chunk-AAAAAAAA.js',
    'dist/chunks/late-BBBBBBBB.js',
    'dist/tkctl.js',
  ]);
});

test('a directory without programs is refused with what to do', () => {
  write('dist/readme.txt', '');
  expect(() => bundleFiles(join(root, 'dist'))).toThrow('npm run build');
});

test('packages bring their dependencies, nested ones and optional ones that are installed', () => {
  for (const name of ['lmdb']) write(`node_modules/${name}/package.json`, { name });
  write('node_modules/lmdb/package.json', {
    dependencies: { weak: '1', '@types/node': '1' },
    optionalDependencies: { '@lmdb/linux': '1', '@lmdb/windows': '1' },
  });
  write('node_modules/lmdb/index.js', '');
  write('node_modules/lmdb/README.md', '');
  write('node_modules/lmdb/node_modules/weak/package.json', {});
  write('node_modules/weak/package.json', { version: 'of somebody else' });
  write('node_modules/@lmdb/linux/package.json', {});
  write('node_modules/@types/node/package.json', {});
  expect(paths(packageFiles(join(root, 'dist')))).toEqual([
    'node_modules/@lmdb/linux/package.json',
    'node_modules/lmdb/index.js',
    'node_modules/lmdb/node_modules/weak/package.json',
    'node_modules/lmdb/package.json',
  ]);
});

test('the hash tells names, modes and bytes apart, and knows no order', () => {
  const file = (path: string, content = '', mode = 0o644) => ({ path, content: Buffer.from(content), mode });
  const one = contentHash([file('a', '1'), file('b')]);
  expect(contentHash([file('b'), file('a', '1')])).toBe(one);
  const others = [
    [file('a1'), file('b')],
    [file('a', '1', 0o755), file('b')],
    [file('a', '1'), file('c')],
  ];
  expect(new Set([one, ...others.map((files) => contentHash(files))]).size).toBe(4);
});
