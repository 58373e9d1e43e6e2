// `--raw`: a request for a path that the user names, whose answer is shown as it comes.
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { TransportRequest } from '../../client/transport.ts';
import { Failure, messageOf } from '../cli/failure.ts';
import type { Context } from '../cli/command.ts';
import { parseJson } from '../objects/access.ts';

/** Throws Failure for what is no path; kubectl's sentence. */
export function checkRawPath(path: string): void {
  if (!path.startsWith('/') && !URL.canParse(path))
    throw new Failure(`--raw must be a valid URL path: parse ${JSON.stringify(path)}: invalid URI for request`);
}

/** Sends it and writes the answer to stdout. */
export async function sendRaw(request: TransportRequest, context: Context): Promise<number> {
  const { api } = await context.session();
  for await (const chunk of await api.transport.stream(request, context.signal)) context.out.write(chunk);
  return 0;
}

/** The body of a raw request: the one local file, or stdin, that `-f` names. */
export async function rawBody(filenames: readonly string[], context: Context): Promise<unknown> {
  const [name, ...more] = filenames;
  if (name === undefined || more.length > 0 || /^https?:\/\//.test(name))
    throw new Failure('--raw can only use a single local file or stdin');
  let text: string;
  try {
    text =
      name === '-' ? await context.input.readAll(context.signal) : await readFile(resolve(context.cwd, name), 'utf8');
  } catch (cause) {
    throw new Failure(`open ${name}: no such file or directory`, { cause });
  }
  try {
    return parseJson(text);
  } catch (cause) {
    throw new Failure(`${name} is not JSON: ${messageOf(cause)}`, { cause });
  }
}
