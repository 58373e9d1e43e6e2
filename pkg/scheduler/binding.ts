// Telling the API server where a pod goes. What comes of it is a value: the caller must keep the pod's place on the node
// unless it is certain that the pod did not get there.
import { isApiError } from '../api/meta/status.ts';
import { pods } from '../api/resources.ts';
import type { Clock } from '../clock/clock.ts';
import type { Client } from '../client/client.ts';
import { UnreachableError } from '../client/transport.ts';
import type { PodInfo } from './framework/pod-info.ts';

export type BindingResult =
  | { readonly outcome: 'bound' }
  /** The pod is no more, or another of the same name stands in its place. */
  | { readonly outcome: 'gone' }
  /** Somebody bound it first, maybe elsewhere. The watch will say. */
  | { readonly outcome: 'taken' }
  | { readonly outcome: 'refused'; readonly cause: Error };

/** How long to wait before asking again what became of a binding that got no answer. */
const ASK_AGAIN_MS = 1000;

/** Rejects only when `signal` is aborted. */
export async function bind(
  client: Client,
  { pod, uid }: PodInfo,
  nodeName: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<BindingResult> {
  const { name, namespace } = pod.metadata;
  const body = {
    apiVersion: 'v1',
    kind: 'Binding',
    metadata: { name, namespace, uid },
    target: { kind: 'Node', name: nodeName },
  };
  const key = namespace === undefined ? { name } : { namespace, name };
  try {
    await client.resource(pods).createSubresource(key, 'binding', body, signal);
    return { outcome: 'bound' };
  } catch (error) {
    if (isApiError(error, 'NotFound')) return { outcome: 'gone' };
    if (error instanceof UnreachableError || isApiError(error, 'Conflict')) {
      return whatBecameOf(client, key, uid, nodeName, clock, signal, error);
    }
    signal.throwIfAborted();
    return { outcome: 'refused', cause: error instanceof Error ? error : new Error(String(error)) };
  }
}

/** Asks until there is an answer: giving the place away before that could fill the node twice. */
async function whatBecameOf(
  client: Client,
  key: { namespace?: string; name: string },
  uid: string,
  nodeName: string,
  clock: Clock,
  signal: AbortSignal,
  cause: Error,
): Promise<BindingResult> {
  for (;;) {
    signal.throwIfAborted();
    try {
      const pod = await client.resource(pods).get(key, signal);
      if (pod.metadata.uid !== uid) return { outcome: 'gone' };
      if (!pod.spec.nodeName) return { outcome: 'refused', cause };
      return { outcome: pod.spec.nodeName === nodeName ? 'bound' : 'taken' };
    } catch (error) {
      if (isApiError(error, 'NotFound')) return { outcome: 'gone' };
      signal.throwIfAborted();
      await clock.sleep(ASK_AGAIN_MS, signal);
    }
  }
}
