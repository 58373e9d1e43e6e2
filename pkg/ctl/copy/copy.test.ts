import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pack } from 'tar-stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { memberPrefix, parseFileSpec } from './file-spec.ts';
import { packTree } from './pack.ts';
import { unpackTree } from './unpack.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'copy-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

async function unpack(archive: AsyncIterable<Uint8Array>, destination: string, prefix: string): Promise<string[]> {
  const warnings: string[] = [];
  await unpackTree(archive, {
    destination,
    cwd: directory,
    prefix,
    warn: (line) => warnings.push(line),
    linkAdvice: '(advice)',
  });
  return warnings;
}

function listed(): string[] {
  return readdirSync(directory, { recursive: true }).map(String).sort();
}

describe('what cp copies from and to', () => {
  test.each([
    { argument: 'a/b', want: { pod: '', namespace: '', path: 'a/b' } },
    { argument: 'web:/tmp/x/', want: { pod: 'web', namespace: '', path: '/tmp/x' } },
    { argument: 'ns/web:x:y', want: { pod: 'web', namespace: 'ns', path: 'x:y' } },
  ])('is read out of $argument', ({ argument, want }) => expect(parseFileSpec(argument)).toEqual(want));

  test.each([':x', 'a/b/c:x'])('is not read out of %s', (argument) => {
    expect(() => parseFileSpec(argument)).toThrow('canonical format');
  });

  test.each([
    { path: '/etc/hosts', want: 'etc/hosts' },
    { path: 'a/../b', want: 'b' },
    { path: '../../x', want: 'x' },
    { path: '/', want: '' },
    { path: '.', want: '' },
  ])('names the members of $path $want', ({ path, want }) => expect(memberPrefix(path)).toBe(want));
});

describe('cp', () => {
  test('keeps files, empty directories and links on the way into a container', async () => {
    mkdirSync(join(directory, 'from/empty'), { recursive: true });
    writeFileSync(join(directory, 'from/file'), 'x'.repeat(200_000));
    writeFileSync(join(directory, 'from/nothing'), '');
    symlinkSync('file', join(directory, 'from/link'));
    const warnings = await unpack(packTree(join(directory, 'from'), 'name'), 'to', 'name');
    expect(listed()).toEqual(
      [
        'from',
        'from/empty',
        'from/file',
        'from/link',
        'from/nothing',
        'to',
        'to/empty',
        'to/file',
        'to/nothing',
      ].sort(),
    );
    expect(readFileSync(join(directory, 'to/file'), 'utf8')).toHaveLength(200_000);
    expect(warnings).toEqual(['warning: skipping symlink: "to/link" -> "file" (advice)\n']);
    expect(readlinkSync(join(directory, 'from/link'))).toBe('file');
  });

  test('writes nothing outside of its target, whatever the archive says', async () => {
    const archive = pack();
    archive.entry({ name: 'd/../../../escaped' }, 'no');
    archive.entry({ name: 'd/inside' }, 'yes');
    archive.finalize();
    const warnings = await unpack(archive as AsyncIterable<Uint8Array>, 'to/deep', 'd');
    expect(listed()).toEqual(['to', 'to/deep', 'to/deep/inside']);
    expect(warnings.join('')).toContain('is outside target destination, skipping');
  });

  test('refuses an archive whose members are not what was asked for', async () => {
    const archive = pack();
    archive.entry({ name: 'other' }, 'no');
    archive.finalize();
    await expect(unpack(archive as AsyncIterable<Uint8Array>, 'to', 'd')).rejects.toThrow('tar contents corrupted');
  });

  test('fails when the source goes away on the way', async () => {
    const archive = packTree(join(directory, 'none'), 'name');
    await expect(unpack(archive, 'to', 'name')).rejects.toThrow('ENOENT');
  });
});
