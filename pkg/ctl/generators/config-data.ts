// The data of ConfigMaps and Secrets from literals, files, directories and env files; keys and sentences as kubectl's.
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { Failure } from '../cli/failure.ts';

export interface DataSources {
  readonly literals: readonly string[];
  readonly files: readonly string[];
  readonly envFiles: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The ConfigMap it is for; undefined for a Secret. Only the sentences differ. */
  readonly configMap?: string;
}

/** Key to bytes, in the order given. */
export async function readData(sources: DataSources): Promise<Map<string, Buffer>> {
  if (sources.envFiles.length > 0 && (sources.files.length > 0 || sources.literals.length > 0))
    throw new Failure('from-env-file cannot be combined with from-file or from-literal');
  const data = new Entries(sources.configMap);
  for (const literal of sources.literals) {
    const { key, value } = splitLiteral(literal);
    data.add(key, Buffer.from(value));
  }
  for (const file of sources.files) await addFile(data, file, sources.cwd);
  for (const file of sources.envFiles) await addEnvFile(data, file, sources);
  return data.found;
}

class Entries {
  readonly found = new Map<string, Buffer>();
  readonly #configMap: string | undefined;

  constructor(configMap: string | undefined) {
    this.#configMap = configMap;
  }

  add(key: string, value: Buffer): void {
    const name = JSON.stringify(key);
    if (!/^[-._a-zA-Z0-9]+$/.test(key))
      throw new Failure(
        `${name} is not ${this.#configMap === undefined ? 'valid key name' : 'a valid key name for a ConfigMap'}: a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')`,
      );
    if (this.found.has(key))
      throw new Failure(
        `cannot add key ${name}, another key by that name already exists${this.#configMap === undefined ? '' : ` in Data for ConfigMap ${JSON.stringify(this.#configMap)}`}`,
      );
    this.found.set(key, value);
  }
}

function splitLiteral(literal: string): { key: string; value: string } {
  const equals = literal.indexOf('=');
  if (equals < 1) throw new Failure(`invalid literal source ${literal}, expected key=value`);
  const value = literal.slice(equals + 1);
  const quoted = /^(["'])(.*)\1$/s.exec(value);
  return { key: literal.slice(0, equals), value: quoted?.[2] ?? value };
}

async function addFile(data: Entries, source: string, cwd: string): Promise<void> {
  const parts = source.split('=');
  if (parts.length > 2) throw new Failure("key names or file paths cannot contain '='");
  if (parts.length === 2 && parts[0] === '') throw new Failure(`key name for file path ${parts[1] ?? ''} missing`);
  if (parts.length === 2 && parts[1] === '') throw new Failure(`file path for key name ${parts[0] ?? ''} missing`);
  const path = parts.at(-1) ?? '';
  const full = resolve(cwd, path);
  let found;
  try {
    found = await stat(full);
  } catch (cause) {
    throw new Failure(`error reading ${path}: no such file or directory`, { cause });
  }
  if (!found.isDirectory())
    return data.add(parts.length === 2 ? (parts[0] ?? '') : basename(path), await readFile(full));
  if (parts.length === 2) throw new Failure('cannot give a key name for a directory path');
  for (const entry of (await readdir(full, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1)))
    if (entry.isFile()) data.add(entry.name, await readFile(join(full, entry.name)));
}

async function addEnvFile(data: Entries, path: string, sources: DataSources): Promise<void> {
  let content: string;
  try {
    content = await readFile(resolve(sources.cwd, path), 'utf8');
  } catch (cause) {
    throw new Failure(`error reading ${path}: no such file or directory`, { cause });
  }
  for (const raw of content.replace(/^\uFEFF/, '').split(/\r?\n/)) {
    const line = raw.trimStart();
    if (line === '' || line.startsWith('#')) continue;
    const equals = line.indexOf('=');
    const key = equals < 0 ? line : line.slice(0, equals);
    if (!/^[-._a-zA-Z][-._a-zA-Z0-9]*$/.test(key))
      throw new Failure(
        `${JSON.stringify(key)} is not a valid key name: a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit (e.g. 'my.env-name',  or 'MY_ENV.NAME',  or 'MyEnvName1', regex used for validation is '[-._a-zA-Z][-._a-zA-Z0-9]*')`,
      );
    // A name alone takes its value from our own environment.
    const value = equals < 0 ? sources.env[key] : line.slice(equals + 1);
    if (value !== undefined) data.add(key, Buffer.from(value));
  }
}

/** Whether the bytes are UTF-8, so that a ConfigMap can hold them as text. */
export function asUtf8(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}
