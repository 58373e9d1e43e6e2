// Who signs client certificates in a cluster, as its API servers say in a ConfigMap: looked at until it is there, and now and then
// from then on.
import { configMaps } from '../../pkg/api/resources.ts';
import type { Client } from '../../pkg/client/client.ts';
import type { Clock } from '../../pkg/clock/clock.ts';
import type { Logger } from '../../pkg/logging/logger.ts';

const KEY = { namespace: 'kube-system', name: 'extension-apiserver-authentication' };
const RETRY_MS = 2000;
const LOOK_MS = 60_000;

export interface FollowAuthority {
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Logger;
  /** PEM; told at first and whenever it is another one. */
  readonly onChange: (authority: string) => void;
}

/** Runs until `signal`. */
export async function followClientAuthority(options: FollowAuthority, signal: AbortSignal): Promise<void> {
  const { client, clock, log, onChange } = options;
  let known: string | undefined;
  while (!signal.aborted) {
    try {
      const found = (await client.resource(configMaps).get(KEY, signal)).data?.['client-ca-file'];
      if (found !== undefined && found !== known) onChange(found);
      known = found ?? known;
    } catch (error) {
      if (!signal.aborted) log.debug('cannot read who signs client certificates', { error });
    }
    await clock.sleep(known === undefined ? RETRY_MS : LOOK_MS, signal).catch(() => undefined);
  }
}
