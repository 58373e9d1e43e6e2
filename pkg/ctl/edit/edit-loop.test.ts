import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../api/schema/json.ts';
import { parseYamlValue } from '../resources/manifest-text.ts';
import type { Info } from '../resources/infos.ts';
import { editInEditor, INTRODUCTION, type EditContext, type EditOutcome } from './edit-loop.ts';

const configMap = (name: string, data: JsonObject): Info => ({
  resource: {
    group: '',
    version: 'v1',
    resource: 'configmaps',
    singular: 'configmap',
    kind: 'ConfigMap',
    namespaced: true,
    shortNames: [],
    categories: [],
    verbs: [],
    preferred: true,
    subresources: [],
  },
  namespace: 'here',
  name,
  object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'here' }, data },
  source: '',
});

/** One session of the editor after the other; each is given the file's text and answers with the edited one. */
async function session(
  editors: readonly ((text: string) => string)[],
  options: { flags?: object; submit?: (edited: readonly JsonObject[]) => EditOutcome; infos?: Info[] } = {},
) {
  const seen = { err: '', files: [] as string[], submitted: [] as (readonly JsonObject[])[] };
  const context: EditContext = {
    program: 'tkctl',
    env: { EDITOR: 'ed' },
    err: { write: (text) => (seen.err += String(text)), isTerminal: false, columns: () => undefined },
    programs: {
      run: async (_shell, args) => {
        const path = /"(.*)"$/.exec(args[1] ?? '')?.[1] ?? '';
        const edit = editors[seen.files.length];
        seen.files.push(path);
        if (edit === undefined) return 1;
        writeFileSync(path, edit(readFileSync(path, 'utf8')));
        return 0;
      },
      capture: () => Promise.reject(new Error('nobody asks')),
    },
    session: async () => ({ namespace: 'here' }) as Awaited<ReturnType<EditContext['session']>>,
  };
  const outcome = await editInEditor(
    {
      infos: options.infos ?? [configMap('a', { k: 'v' })],
      introduction: INTRODUCTION,
      flags: { output: '', validate: 'strict', 'windows-line-endings': false, ...options.flags },
      submit: async (edited) => {
        seen.submitted.push(edited);
        return options.submit?.(edited) ?? { kind: 'accepted' };
      },
    },
    context,
  ).catch((error: unknown) => (error instanceof Error ? error.message : String(error)));
  const left = seen.files.filter((path) => existsSync(path));
  for (const path of left) rmSync(path);
  return { ...seen, outcome, left };
}

const change = (text: string) => text.replace('k: v', 'k: changed');

describe('editing', () => {
  test('hands on what was edited, and leaves no file', async () => {
    const { outcome, submitted, left, err } = await session([change]);
    expect({ outcome, left, err }).toEqual({ outcome: 0, left: [], err: '' });
    expect(submitted[0]?.[0]?.['data']).toEqual({ k: 'changed' });
  });

  test.each([
    { name: 'nothing', edit: (text: string) => text },
    { name: 'comments and layout', edit: (text: string) => `# mine\n${JSON.stringify(parseYamlValue(text))}` },
  ])('sends nothing when $name was changed', async ({ edit }) => {
    const { outcome, submitted, left, err } = await session([edit]);
    expect({ outcome, submitted, left }).toEqual({ outcome: 0, submitted: [], left: [] });
    expect(err).toBe('Edit cancelled, no changes made.\n');
  });

  test('is given up with an empty file when nothing is validated', async () => {
    const { outcome, err, left } = await session([() => '# only this\n'], { flags: { validate: 'ignore' } });
    expect({ outcome, err, left }).toEqual({ outcome: 0, err: 'Edit cancelled, saved file was empty.\n', left: [] });
  });

  test('shows why it was refused, once, and takes a better text', async () => {
    let tries = 0;
    const shown: string[] = [];
    const { outcome, left } = await session(
      [
        change,
        (text) => {
          shown.push(text);
          return text.replace('changed', 'better');
        },
        (text) => {
          shown.push(text);
          return text.replace('better', 'best');
        },
      ],
      {
        submit: () =>
          ++tries < 3
            ? { kind: 'again', reasons: [{ head: `try ${tries}`, others: ['data: two\nlines'] }] }
            : { kind: 'accepted' },
      },
    );
    expect({ outcome, left }).toEqual({ outcome: 0, left: [] });
    expect(shown[0]).toContain('# try 1:\n# * data: two\n# lines\n#\napiVersion: v1\n');
    expect(shown[0]).toContain('k: changed');
    expect(shown[1]).not.toContain('try 1');
  });

  test('keeps a refused file that was not changed again', async () => {
    const { outcome, left, err } = await session([change, (text) => text], {
      submit: () => ({ kind: 'again', reasons: [{ head: 'no', others: [] }] }),
    });
    expect(outcome).toBe('Edit cancelled, no valid changes were saved.');
    expect(left).toHaveLength(1);
    expect(err).toBe(`A copy of your changes has been stored to "${left[0]}"\n`);
  });

  test('opens again what is no YAML', async () => {
    const { outcome, submitted, err } = await session([() => 'a: [', (text) => change(text).replace('a: [', 'a: 1')]);
    expect(err).toContain('error: configmaps "a" is invalid\n');
    expect(outcome).not.toBe(0);
    expect(submitted).toEqual([]);
  });

  test('refuses another namespace', async () => {
    const { outcome } = await session([(text) => text.replace('namespace: here', 'namespace: there')]);
    expect(outcome).toBe(
      `the namespace from the provided object "there" does not match the namespace "here". You must pass '--namespace=there' to perform this operation.`,
    );
  });

  test('fails with the editor', async () => {
    const { outcome, left } = await session([]);
    expect(outcome).toBe('there was a problem with the editor "ed"');
    expect(left).toEqual([]);
  });

  test.each([
    { flags: { output: 'json' }, starts: '{\n    "apiVersion"' },
    { flags: { output: 'kyaml' }, starts: `${INTRODUCTION}---\n{\n` },
    { flags: { 'windows-line-endings': true }, starts: INTRODUCTION.replaceAll('\n', '\r\n') },
  ])('shows the object by $flags', async ({ flags, starts }) => {
    let shown = '';
    await session(
      [
        (text) => {
          shown = text;
          return text;
        },
      ],
      { flags },
    );
    expect(shown.slice(0, starts.length)).toBe(starts);
  });

  test('shows several objects as one list, and hands on its items', async () => {
    const infos = [configMap('a', { k: 'v' }), configMap('b', { k: 'w' })];
    const { submitted } = await session([change], { infos });
    expect(submitted[0]?.map((item) => item['data'])).toEqual([{ k: 'changed' }, { k: 'w' }]);
  });
});
