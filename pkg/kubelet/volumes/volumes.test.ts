import { mkdtemp, readdir, readFile, readlink, rm, stat, symlink, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ConfigMap, Secret, Volume } from '../../api/schema/generated/core.v1.gen.ts';
import { container, pod } from '../testing/pods.ts';
import { writeAtomically } from './atomic-directory.ts';
import { ensureHostPath } from './host-path.ts';
import { payloadOf, type Payload } from './payload.ts';
import { resolveSubPath } from './volume-manager.ts';

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kubelet-volumes-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const files = (entries: Record<string, string>, mode = 0o644): Payload =>
  new Map(Object.entries(entries).map(([path, text]) => [path, { data: Buffer.from(text), mode }]));

describe('a directory that is replaced at once', () => {
  test('shows the files by links through ..data, and nested ones too', async () => {
    await writeAtomically(directory, files({ a: '1', 'sub/b': '2' }, 0o400), undefined);
    expect(await readFile(join(directory, 'a'), 'utf8')).toBe('1');
    expect(await readFile(join(directory, 'sub/b'), 'utf8')).toBe('2');
    expect(await readlink(join(directory, 'a'))).toBe('..data/a');
    expect((await stat(join(directory, 'a'))).mode & 0o777).toBe(0o400);
  });

  test('changes nothing when nothing changed', async () => {
    expect(await writeAtomically(directory, files({ a: '1' }), undefined)).toBe(true);
    const before = await readlink(join(directory, '..data'));
    expect(await writeAtomically(directory, files({ a: '1' }), undefined)).toBe(false);
    expect(await readlink(join(directory, '..data'))).toBe(before);
  });

  test('takes away what is gone, the old copy included', async () => {
    await writeAtomically(directory, files({ a: '1', b: '2' }), undefined);
    await writeAtomically(directory, files({ b: '3' }), undefined);
    expect(await readFile(join(directory, 'b'), 'utf8')).toBe('3');
    const names = await readdir(directory);
    expect(names.filter((name) => !name.startsWith('..'))).toEqual(['b']);
    expect(names.filter((name) => name.startsWith('..v_'))).toHaveLength(1);
  });

  test('is finished by the next one after a crash before the names were linked', async () => {
    await writeAtomically(directory, files({ a: '1', gone: '1' }), undefined);
    await rm(join(directory, 'a'));
    await symlink('..data/old', join(directory, 'old'));
    await writeAtomically(directory, files({ a: '1', gone: '1' }), undefined);
    expect(await readFile(join(directory, 'a'), 'utf8')).toBe('1');
    expect((await readdir(directory)).filter((name) => !name.startsWith('..'))).toEqual(['a', 'gone']);
  });

  test('leaves no copies of writes that were cut off', async () => {
    await mkdir(join(directory, '..v_cutoff'));
    await writeAtomically(directory, files({ a: '1' }), undefined);
    expect((await readdir(directory)).filter((name) => name.startsWith('..v_'))).toEqual([
      await readlink(join(directory, '..data')),
    ]);
  });
});

describe('files of volumes', () => {
  const meta = { name: 'conf', namespace: 'default', uid: 'c', creationTimestamp: '', resourceVersion: '1' };
  const map: ConfigMap = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: meta,
    data: { a: '1' },
    binaryData: { b: 'Ag==' },
  };
  const secret: Secret = { apiVersion: 'v1', kind: 'Secret', metadata: meta, data: { k: 'dg==' } };
  const show = (volume: Omit<Volume, 'name'>) => {
    const payload = payloadOf(
      pod({ containers: [container('web')] }),
      { name: 'v', ...volume },
      {
        configMap: (name) => (name === 'conf' ? map : undefined),
        secret: (name) => (name === 'conf' ? secret : undefined),
        token: () => 'jwt',
        place: { podIps: [], hostIps: [], nodeName: 'n1', allocatable: {} },
      },
    );
    return Object.fromEntries(
      [...(payload ?? [])].map(([path, { data, mode }]) => [
        path,
        `${Buffer.from(data).toString('latin1')} ${mode.toString(8)}`,
      ]),
    );
  };

  test('come from ConfigMaps, all keys or the chosen ones', () => {
    expect(show({ configMap: { name: 'conf' } })).toEqual({ a: '1 644', b: '\u0002 644' });
    expect(show({ configMap: { name: 'conf', defaultMode: 0o600, items: [{ key: 'a', path: 'x/y' }] } })).toEqual({
      'x/y': '1 600',
    });
  });

  test('come from several sources in one projected volume', () => {
    const sources = [
      { configMap: { name: 'conf', items: [{ key: 'a', path: 'a' }] } },
      { secret: { name: 'conf', items: [{ key: 'k', path: 'k', mode: 0o400 }] } },
      { serviceAccountToken: { path: 'token' } },
      { downwardAPI: { items: [{ path: 'name', fieldRef: { fieldPath: 'metadata.name' } }] } },
    ];
    expect(show({ projected: { sources } })).toEqual({ a: '1 644', k: 'v 400', token: 'jwt 644', name: 'web 644' });
  });

  test('what is optional may be missing, what is not may not', () => {
    expect(show({ secret: { secretName: 'none', optional: true } })).toEqual({});
    expect(() => show({ secret: { secretName: 'none' } })).toThrow('secret "none" not found');
    expect(() => show({ configMap: { name: 'conf', items: [{ key: 'z', path: 'z' }] } })).toThrow(
      'references non-existent config key: z',
    );
  });
});

describe('paths on the host', () => {
  test('are made or checked by their type', async () => {
    await ensureHostPath({ path: join(directory, 'made'), type: 'DirectoryOrCreate' });
    expect((await stat(join(directory, 'made'))).isDirectory()).toBe(true);
    await ensureHostPath({ path: join(directory, 'file'), type: 'FileOrCreate' });
    await expect(ensureHostPath({ path: join(directory, 'file'), type: 'Directory' })).rejects.toThrow(
      'is not a directory',
    );
    await expect(ensureHostPath({ path: join(directory, 'none'), type: 'File' })).rejects.toThrow(
      'hostPath type check failed',
    );
  });
});

describe('a subPath', () => {
  test('is made when it is not there, and stays inside the volume', async () => {
    await mkdir(join(directory, 'in'));
    const inside = await resolveSubPath(join(directory, 'in'), 'x/y');
    expect((await stat(inside)).isDirectory()).toBe(true);
    await symlink('/etc', join(directory, 'in', 'out'));
    await expect(resolveSubPath(join(directory, 'in'), 'out')).rejects.toThrow('leads out of the volume');
    await expect(resolveSubPath(join(directory, 'in'), 'out/new')).rejects.toThrow('leads out of the volume');
    await expect(resolveSubPath(join(directory, 'in'), '../x')).rejects.toThrow('must be a relative path');
  });
});
