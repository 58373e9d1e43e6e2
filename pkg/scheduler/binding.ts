// Telling the API server where a pod goes. What comes of it is a value: the caller must keep the pod's place on the node
// unless it is certain that the pod did not get there.
import { isApiError } from '../api/meta/status.ts';
import { pods } from '../api/resources.ts';
import type { Clock } from '../clock/clock.ts';
import type { Client } from '../client/client.ts';
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
  pod: PodInfo,
  nodeName: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<BindingResult> {
  const { name, namespace } = pod.pod.metadata;
  const body = {
    apiVersion: 'v1',
    kind: 'Binding',
    metadata: { name, namespace, uid: pod.uid },
    target: { kind: 'Node', name: nodeName },
  };
  try {
    await client.resource(pods).createSubresource({ namespace, name }, 'binding', body, signal);
    return { outcome: 'bound' };
  } catch (error) {
    signal.throwIfAborted();
    if (isApiError(error, 'NotFound')) return { outcome: 'gone' };
    const cause = error instanceof Error ? error : new Error(String(error));
    if (isRefusal(error)) return { outcome: 'refused', cause };
    const outcome = await whatBecameOf(client, pod, nodeName, clock, signal);
    return outcome === 'unbound' ? { outcome: 'refused', cause } : { outcome };
  }
}

/** Nothing was written. A server that failed inside may have written the binding all the same. */
function isRefusal(error: unknown): boolean {
  return isApiError(error) && error.code < 500 && error.reason !== 'Conflict';
}

/**
 * Where the pod is, from the API server itself. Asks until there is an answer: giving the place away before that could fill the
 * node twice. Rejects only when `signal` is aborted.
 */
export async function whatBecameOf(
  client: Client,
  { pod: { metadata }, uid }: PodInfo,
  nodeName: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<'bound' | 'gone' | 'taken' | 'unbound'> {
  const { name, namespace } = metadata;
  for (;;) {
    signal.throwIfAborted();
    try {
      const pod = await client.resource(pods).get({ namespace, name }, signal);
      if (pod.metadata.uid !== uid) return 'gone';
      if (!pod.spec.nodeName) return 'unbound';
      return pod.spec.nodeName === nodeName ? 'bound' : 'taken';
    } catch (error) {
      if (isApiError(error, 'NotFound')) return 'gone';
      signal.throwIfAborted();
      await clock.sleep(ASK_AGAIN_MS, signal);
    }
  }
}
