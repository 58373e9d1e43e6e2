// Kubeconfig files as `config` edits them: read as JSON, merged by kubectl's rules, and written back to the file that a
// changed entry stands in. Only what is changed is touched; fields unknown here are kept.
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join, resolve } from 'node:path';
import type { Json, JsonObject } from '../../api/schema/json.ts';
import { Failure } from '../cli/failure.ts';
import type { Context } from '../cli/command.ts';
import { compareBytes, isObject, object, objects, text } from '../objects/access.ts';

export type Section = 'clusters' | 'contexts' | 'users';
export const ENTRY_FIELD = { clusters: 'cluster', contexts: 'context', users: 'user' } as const;

interface ConfigFile {
  readonly path: string;
  /** As the user wrote it, for messages. */
  readonly shown: string;
  readonly exists: boolean;
  content: JsonObject;
  changed: boolean;
}

const EMPTY: JsonObject = {
  apiVersion: 'v1',
  clusters: null,
  contexts: null,
  'current-context': '',
  kind: 'Config',
  users: null,
};

export class ConfigFiles {
  readonly #files: readonly ConfigFile[];

  private constructor(files: readonly ConfigFile[]) {
    this.#files = files;
  }

  /** The files that --kubeconfig, KUBECONFIG or the home directory give. */
  static async load(context: Context): Promise<ConfigFiles> {
    const explicit = context.globals.kubeconfig;
    const listed = (context.env['KUBECONFIG'] ?? '').split(delimiter).filter((path) => path !== '');
    const paths =
      explicit !== '' ? [explicit] : listed.length > 0 ? [...new Set(listed)] : [join(context.home, '.kube', 'config')];
    return new ConfigFiles(await Promise.all(paths.map((path) => readConfigFile(resolve(context.cwd, path), path))));
  }

  /** For each name the first file that has it. */
  entry(section: Section, name: string): JsonObject | undefined {
    return this.#find(section, name)?.entry;
  }

  names(section: Section): string[] {
    const names = this.#files.flatMap((file) => objects(file.content, section).map((item) => text(item, 'name')));
    return [...new Set(names)].sort(compareBytes);
  }

  get currentContext(): string {
    for (const file of this.#files) {
      const current = text(file.content, 'current-context');
      if (current !== '') return current;
    }
    return '';
  }

  /** The file that messages name when nothing more specific is known. */
  get defaultPath(): string {
    return this.#target().shown;
  }

  pathOf(section: Section, name: string): string {
    return this.#find(section, name)?.file.shown ?? this.defaultPath;
  }

  set(section: Section, name: string, entry: JsonObject): void {
    const file = this.#find(section, name)?.file ?? this.#target();
    const kept = objects(file.content, section).filter((item) => text(item, 'name') !== name);
    const items: JsonObject[] = [...kept, { [ENTRY_FIELD[section]]: entry, name }];
    this.#put(
      file,
      section,
      items.sort((left, right) => compareBytes(text(left, 'name'), text(right, 'name'))),
    );
  }

  delete(section: Section, name: string): void {
    const file = this.#find(section, name)?.file;
    if (file === undefined) return;
    const kept = objects(file.content, section).filter((item) => text(item, 'name') !== name);
    this.#put(file, section, kept.length === 0 ? null : kept);
  }

  setCurrentContext(name: string): void {
    const holder = this.#files.find((file) => text(file.content, 'current-context') !== '');
    this.#put(holder ?? this.#target(), 'current-context', name);
  }

  /** Undefined takes it away. */
  setPreference(name: string, value: boolean | undefined): void {
    const file = this.#files.find(({ content }) => content['preferences'] !== undefined) ?? this.#target();
    const { [name]: _, ...others } = object(file.content, 'preferences');
    this.#put(file, 'preferences', value === undefined ? others : { ...others, [name]: value });
  }

  /** All files as one, as kubectl shows it. */
  merged(): JsonObject {
    const section = (which: Section): Json => {
      const names = this.names(which);
      if (names.length === 0) return null;
      return names.map((name) => ({ [ENTRY_FIELD[which]]: this.entry(which, name) ?? {}, name }));
    };
    const preferences = this.#files
      .map(({ content }) => object(content, 'preferences'))
      .find((found) => Object.keys(found).length > 0);
    return {
      apiVersion: 'v1',
      clusters: section('clusters'),
      contexts: section('contexts'),
      'current-context': this.currentContext,
      kind: 'Config',
      ...(preferences !== undefined && { preferences }),
      users: section('users'),
    };
  }

  /** Writes the files that changed, each in one step, readable by the owner only. */
  async save(): Promise<void> {
    const { toYaml } = await import('../../api/schema/encode-yaml.ts');
    for (const file of this.#files) {
      if (!file.changed) continue;
      await mkdir(dirname(file.path), { recursive: true });
      const temporary = `${file.path}.${process.pid}.new`;
      await writeFile(temporary, toYaml(file.content), { mode: 0o600 });
      await rename(temporary, file.path);
    }
  }

  #put(file: ConfigFile, field: string, value: Json): void {
    file.content = { ...EMPTY, ...file.content, [field]: value };
    file.changed = true;
  }

  #target(): ConfigFile {
    const file = this.#files.find((candidate) => candidate.exists) ?? this.#files.at(-1);
    if (file === undefined) throw new Failure('no kubeconfig file to write to');
    return file;
  }

  #find(section: Section, name: string): { file: ConfigFile; entry: JsonObject } | undefined {
    for (const file of this.#files) {
      const item = objects(file.content, section).find((candidate) => text(candidate, 'name') === name);
      if (item === undefined) continue;
      const entry = item[ENTRY_FIELD[section]];
      return { file, entry: isObject(entry) ? entry : {} };
    }
    return undefined;
  }
}

async function readConfigFile(path: string, shown: string): Promise<ConfigFile> {
  let source: string;
  try {
    source = await readFile(path, 'utf8');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT')
      return { path, shown, exists: false, content: {}, changed: false };
    throw new Failure(`error loading config file ${JSON.stringify(path)}`, { cause });
  }
  const { parseYamlValue } = await import('../resources/manifest-text.ts');
  try {
    const content = parseYamlValue(source);
    return { path, shown, exists: true, content: isObject(content) ? content : {}, changed: false };
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new Failure(`error loading config file ${JSON.stringify(path)}: ${cause.message}`, { cause });
  }
}
