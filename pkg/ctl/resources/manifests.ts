// Reads objects out of files, directories, URLs and stdin, YAML or JSON, several documents in each, as kubectl reads them.
// Lists are taken apart. What comes out has an apiVersion and a kind.
import { glob, readdir, readFile, stat } from 'node:fs/promises';
import { extname, join, resolve } from 'node:path';
import type { Json, JsonObject } from '../../api/schema/json.ts';
import type { World } from '../cli/command.ts';
import { Failure, messageOf, PlainFailure, unreachableText } from '../cli/failure.ts';
import { isObject, objects, text } from '../objects/access.ts';

export interface Manifest {
  readonly object: JsonObject;
  /** What messages call the place it came from: the path, the URL or STDIN. */
  readonly source: string;
}

export interface ManifestReading {
  readonly manifests: readonly Manifest[];
  /** Documents that could not be read; the others are still good. */
  readonly failures: readonly Failure[];
}

const EXTENSIONS = ['.json', '.yaml', '.yml'];
/** As large as the largest manifest anybody applies; a download is refused beyond. */
const LARGEST_DOWNLOAD_BYTES = 64 * 1024 * 1024;

export async function readManifests(
  names: readonly string[],
  recursive: boolean,
  world: Pick<World, 'cwd' | 'input' | 'signal'>,
  validate = false,
): Promise<ManifestReading> {
  const manifests: Manifest[] = [];
  const failures: Failure[] = [];
  for (const name of names) {
    for (const { source, content } of await sourcesOf(name, recursive, world)) {
      const { documents, failure } = await parseDocuments(content, source);
      for (const document of documents) {
        try {
          if (validate) checkType(document, source);
          manifests.push(...flatten(document, source));
        } catch (error) {
          if (!(error instanceof Failure)) throw error;
          failures.push(error);
        }
      }
      if (failure !== undefined) failures.push(failure);
    }
  }
  return { manifests, failures };
}

interface Source {
  readonly source: string;
  readonly content: string;
}

async function sourcesOf(
  name: string,
  recursive: boolean,
  world: Pick<World, 'cwd' | 'input' | 'signal'>,
): Promise<Source[]> {
  if (name === '-') return [{ source: 'STDIN', content: await world.input.readAll(world.signal) }];
  if (/^https?:\/\//.test(name)) return [{ source: name, content: await download(name, world.signal) }];
  const path = resolve(world.cwd, name);
  const found = await statOrUndefined(path);
  if (found === undefined) {
    const matches: string[] = [];
    if (/[*?[]/.test(name)) for await (const match of glob(name, { cwd: world.cwd })) matches.push(match);
    if (matches.length === 0) throw new Failure(`the path ${JSON.stringify(name)} does not exist`);
    const nested = await Promise.all(matches.sort().map((match) => sourcesOf(match, recursive, world)));
    return nested.flat();
  }
  if (!found.isDirectory()) return [{ source: name, content: await readFile(path, 'utf8') }];
  const files = await filesIn(path, name, recursive);
  if (files.length === 0)
    throw new Failure(`error reading [${name}]: recognized file extensions are [${EXTENSIONS.join(' ')}]`);
  return Promise.all(files.map(async (file) => ({ source: file.shown, content: await readFile(file.path, 'utf8') })));
}

async function statOrUndefined(path: string) {
  try {
    return await stat(path);
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw new Failure(messageOf(cause), { cause });
  }
}

async function filesIn(path: string, shown: string, recursive: boolean): Promise<{ path: string; shown: string }[]> {
  const entries = await readdir(path, { withFileTypes: true });
  const found: { path: string; shown: string }[] = [];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const inner = { path: join(path, entry.name), shown: join(shown, entry.name) };
    if (entry.isDirectory()) {
      if (recursive) found.push(...(await filesIn(inner.path, inner.shown, true)));
    } else if (EXTENSIONS.includes(extname(entry.name))) found.push(inner);
  }
  return found;
}

async function download(url: string, signal: AbortSignal): Promise<string> {
  let answer: Response;
  try {
    answer = await fetch(url, { signal });
  } catch (cause) {
    signal.throwIfAborted();
    const message = cause instanceof Error ? unreachableText(cause, url) : messageOf(cause);
    throw new PlainFailure(message, { cause });
  }
  if (answer.status !== 200 || answer.body === null) {
    await answer.body?.cancel();
    throw new Failure(
      `unable to read URL ${JSON.stringify(url)}, server reported ${answer.status} ${answer.statusText}, status code=${answer.status}`,
    );
  }
  let content = '';
  for await (const chunk of answer.body.pipeThrough(new TextDecoderStream())) {
    content += chunk;
    if (content.length > LARGEST_DOWNLOAD_BYTES) throw new Failure(`${url} is larger than 64 MiB`);
  }
  return content;
}

/** Documents up to the first fault, and the fault. */
async function parseDocuments(content: string, source: string): Promise<{ documents: Json[]; failure?: Failure }> {
  const { parseManifestText } = await import('./manifest-text.ts');
  const { documents, fault } = parseManifestText(content);
  return {
    documents: [...documents],
    ...(fault !== undefined && { failure: new Failure(`error parsing ${source}: ${fault}`) }),
  };
}

/** What kubectl's own validation says before anything is decoded. */
function checkType(document: Json, source: string): void {
  const missing = ['apiVersion', 'kind'].filter((field) => isObject(document) && text(document, field) === '');
  if (missing.length === 0) return;
  const faults = missing.map((field) => `${field} not set`);
  const shown = faults.length === 1 ? (faults[0] ?? '') : `[${faults.join(', ')}]`;
  throw new Failure(
    `error validating ${JSON.stringify(source)}: error validating data: ${shown}; if you choose to ignore these errors, turn validation off with --validate=false`,
  );
}

function flatten(document: Json, source: string): Manifest[] {
  if (!isObject(document))
    throw new Failure(
      `unable to decode ${JSON.stringify(source)}: json: cannot unmarshal ${typeName(document)} into Go value of type unstructured.detector`,
    );
  const kind = text(document, 'kind');
  if (kind === '')
    throw new Failure(
      `unable to decode ${JSON.stringify(source)}: Object 'Kind' is missing in '${JSON.stringify(document)}'`,
    );
  if (text(document, 'apiVersion') === '')
    throw new Failure(
      `unable to decode ${JSON.stringify(source)}: Object 'apiVersion' is missing in '${JSON.stringify(document)}'`,
    );
  if (kind.endsWith('List') && Array.isArray(document['items'])) {
    const itemKind = kind === 'List' ? '' : kind.slice(0, -4);
    return objects(document, 'items').flatMap((item) =>
      flatten(
        itemKind !== '' && text(item, 'kind') === ''
          ? { apiVersion: document['apiVersion'] ?? '', kind: itemKind, ...item }
          : item,
        source,
      ),
    );
  }
  return [{ object: document, source }];
}

function typeName(value: Json): string {
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}
