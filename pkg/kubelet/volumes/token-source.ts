// Service account tokens for projected volumes: asked for by TokenRequest, bound to the pod, and asked for anew when 80 % of
// their time is over or they are a day old (k8s.io/kubernetes/pkg/kubelet/token). Forgotten with their pod.
import { serviceAccounts } from '../../api/resources.ts';
import type { Pod, ServiceAccountTokenProjection } from '../../api/schema/generated/core.v1.gen.ts';
import type { Client } from '../../client/client.ts';
import type { Clock, Instant } from '../../clock/clock.ts';
import { VolumeError } from './payload.ts';

interface Held {
  readonly token: string;
  readonly refreshAt: Instant;
}

const DEFAULT_SECONDS = 3600;
const LONGEST_AGE_MS = 24 * 3600 * 1000;
const USED_PART = 0.8;
/** After a failure. */
const ASK_AGAIN_MS = 60_000;

export class TokenSource {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #held = new Map<string, Map<string, Held>>();

  constructor(client: Client, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  /** Throws VolumeError when the API server gives none. */
  async token(pod: Pod, projection: ServiceAccountTokenProjection, signal: AbortSignal): Promise<string> {
    const key = `${projection.audience ?? ''}/${projection.expirationSeconds ?? DEFAULT_SECONDS}`;
    const held = this.#held.get(pod.metadata.uid)?.get(key);
    const now = this.#clock.now();
    if (held !== undefined && now < held.refreshAt) return held.token;
    try {
      const fresh = await this.#request(pod, projection, signal);
      const expires = Date.parse(fresh.expirationTimestamp);
      const refreshAt = Math.min(now + (expires - now) * USED_PART, now + LONGEST_AGE_MS);
      let ofPod = this.#held.get(pod.metadata.uid);
      if (ofPod === undefined) this.#held.set(pod.metadata.uid, (ofPod = new Map<string, Held>()));
      ofPod.set(key, { token: fresh.token, refreshAt });
      return fresh.token;
    } catch (cause) {
      signal.throwIfAborted();
      // The old token may still be good.
      if (held !== undefined) {
        this.#held.get(pod.metadata.uid)?.set(key, { token: held.token, refreshAt: now + ASK_AGAIN_MS });
        return held.token;
      }
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new VolumeError(`failed to fetch token: ${reason}`, { cause });
    }
  }

  /** When the earliest of the pod's tokens wants to be asked for anew. */
  refreshAt(uid: string): Instant | undefined {
    const times = [...(this.#held.get(uid)?.values() ?? [])].map(({ refreshAt }) => refreshAt);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  forget(uid: string): void {
    this.#held.delete(uid);
  }

  async #request(
    pod: Pod,
    { audience, expirationSeconds = DEFAULT_SECONDS }: ServiceAccountTokenProjection,
    signal: AbortSignal,
  ): Promise<{ token: string; expirationTimestamp: string }> {
    const { namespace = '', name, uid } = pod.metadata;
    const account = pod.spec.serviceAccountName ?? 'default';
    const answer = await this.#client.resource(serviceAccounts).createSubresource(
      { namespace, name: account },
      'token',
      {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        metadata: {},
        spec: {
          audiences: audience === undefined || audience === '' ? [] : [audience],
          expirationSeconds,
          boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid },
        },
      },
      signal,
    );
    const status = typeof answer === 'object' && answer !== null && 'status' in answer ? answer.status : undefined;
    if (typeof status !== 'object' || status === null) throw new Error('the answer has no status');
    const { token, expirationTimestamp } = status as { token?: unknown; expirationTimestamp?: unknown }; // checked below
    if (typeof token !== 'string' || typeof expirationTimestamp !== 'string')
      throw new Error('the answer has no token');
    return { token, expirationTimestamp };
  }
}
