import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { pluginNames, runPlugin, type PluginWorld } from './lookup.ts';

describe('names of plugins', () => {
  test.each([
    { argv: ['foo', 'bar'], least: 1, names: ['foo-bar', 'foo'] },
    { argv: ['foo', 'bar-baz', '-x', 'more'], least: 1, names: ['foo-bar_baz', 'foo'] },
    { argv: ['create', 'foo'], least: 2, names: ['create-foo'] },
    { argv: ['foo', '--', 'bar'], least: 1, names: ['foo'] },
  ])('$argv with at least $least words', ({ argv, least, names }) => {
    expect(pluginNames(argv, least).map(({ name }) => name)).toEqual(names);
  });
});

describe('running plugins', () => {
  let directory: string;
  let ran: string[][];
  let world: PluginWorld;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'plugins-'));
    ran = [];
    world = {
      program: 'tkctl',
      env: { PATH: `${directory}/first:${directory}/second` },
      programs: {
        run: async (path, args) => ran.push([path.slice(directory.length), ...args]),
        capture: () => Promise.reject(new Error('nobody asks')),
      },
    };
    mkdirSync(join(directory, 'first/kubectl-folder'), { recursive: true });
    mkdirSync(join(directory, 'second'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const install = (path: string, mode = 0o755) => {
    writeFileSync(join(directory, path), '#!/bin/sh\n');
    chmodSync(join(directory, path), mode);
  };

  test('takes the longest name, and gives it the other arguments', async () => {
    install('first/kubectl-foo');
    install('second/kubectl-foo-bar_baz');
    await runPlugin(['foo', 'bar-baz', 'x', '--flag'], 1, world);
    expect(ran).toEqual([['/second/kubectl-foo-bar_baz', 'x', '--flag']]);
  });

  test('takes our own before those of kubectl, and the first on the PATH', async () => {
    install('first/kubectl-foo');
    install('first/tkctl-foo');
    install('second/tkctl-foo');
    await runPlugin(['foo'], 1, world);
    expect(ran).toEqual([['/first/tkctl-foo']]);
  });

  test('runs neither folders nor files that are not executable', async () => {
    install('first/kubectl-plain', 0o644);
    expect(await runPlugin(['folder'], 1, world)).toBeUndefined();
    expect(await runPlugin(['plain'], 1, world)).toBeUndefined();
    expect(ran).toEqual([]);
  });

  test('refuses flags before the name', async () => {
    await expect(runPlugin(['-n', 'x', 'foo'], 1, world)).rejects.toThrow(
      'Error: flags cannot be placed before plugin name: -n',
    );
  });
});
