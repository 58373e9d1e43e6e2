// Opens an exec session in a container of a pod; whoever opens it joins the streams.
import type { JsonObject } from '../../api/schema/json.ts';
import type { ChannelConnection } from '../../client/transport.ts';
import type { Context } from '../cli/command.ts';
import { Failure } from '../cli/failure.ts';
import { nameOf, namespaceOf, text } from '../objects/access.ts';
import { pathOf } from '../rest/api.ts';

export interface ExecOptions {
  readonly container: string;
  readonly words: readonly string[];
  readonly stdin: boolean;
  readonly tty: boolean;
}

/** Throws Failure when nothing can run in the pod any more. */
export function checkRunning(pod: JsonObject): void {
  const phase = text(pod, 'status', 'phase');
  if (phase === 'Succeeded' || phase === 'Failed')
    throw new Failure(`cannot exec into a container in a completed pod; current phase is ${phase}`);
}

export async function openExec(pod: JsonObject, options: ExecOptions, context: Context): Promise<ChannelConnection> {
  const { container, stdin, tty } = options;
  const { api } = await context.session();
  const resource = (await api.resources()).require('pods');
  const place = { resource, namespace: namespaceOf(pod), name: nameOf(pod), subresource: 'exec' };
  const words = options.words.map((word) => `&command=${encodeURIComponent(word)}`).join('');
  const query = {
    container,
    stdin: stdin ? true : undefined,
    stdout: true,
    stderr: tty ? undefined : true,
    tty: tty ? true : undefined,
  };
  return api.transport.connect(`${pathOf(place, query)}${words}`, context.signal);
}
