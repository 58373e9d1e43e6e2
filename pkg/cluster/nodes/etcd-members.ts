// Gives an empty etcd member the place of one that was lost with its data: the members that are left forget the old one and expect
// the new. One that has never served is no loss; it starts as the cluster was planned. Safe to repeat.
import { isApiError } from '../../api/meta/status.ts';
import { httpsTransport } from '../../client/https-transport.ts';
import { UnreachableError, type Transport } from '../../client/transport.ts';
import type { Clock } from '../../clock/clock.ts';
import type { KeyPair } from '../../pki/certificates.ts';
import { ClusterError } from '../cluster-record.ts';

/** As etcd's gateway for JSON tells it; what is empty is left out. */
export interface EtcdMember {
  readonly ID: string;
  /** Of one that has been added and has not started: none. */
  readonly name?: string;
  readonly peerURLs: readonly string[];
  /** Of one that has never served: none. */
  readonly clientURLs?: readonly string[];
}

/** `--initial-cluster-state` of an empty member. */
export type InitialState = 'new' | 'existing';

export interface Replacement {
  /** Of the member without data. */
  readonly peerUrl: string;
  /** `https://HOST:PORT` of the other members. */
  readonly others: readonly string[];
  /** PEM. */
  readonly authority: string;
  readonly client: KeyPair;
  readonly clock: Clock;
}

const WITHIN_MS = 30_000;
const ANSWER_WITHIN_MS = 5_000;
const POLL_MS = 500;

/** What the other members know about the place of an empty one. */
export function placeOf(
  members: readonly EtcdMember[],
  peerUrl: string,
): { readonly is: 'planned' | 'added' | 'unknown' } | { readonly is: 'lost'; readonly id: string } {
  const member = members.find(({ peerURLs }) => peerURLs.includes(peerUrl));
  if (member === undefined) return { is: 'unknown' };
  if ((member.name ?? '') === '') return { is: 'added' };
  return (member.clientURLs ?? []).length === 0 ? { is: 'planned' } : { is: 'lost', id: member.ID };
}

/** Throws ClusterError when those that are left cannot decide anything: then the data is lost with the others. */
export async function makePlace(replacement: Replacement, signal: AbortSignal): Promise<InitialState> {
  const { others, authority, client, clock } = replacement;
  const deadline = clock.now() + WITHIN_MS;
  let last: unknown;
  while (clock.now() < deadline) {
    for (const server of others) {
      const transport = httpsTransport({
        server,
        ca: authority,
        cert: client.certificate,
        key: client.key,
        timeoutMs: ANSWER_WITHIN_MS,
        clock,
      });
      try {
        return await placeAt(transport, replacement.peerUrl, signal);
      } catch (error) {
        // Not there, or not yet sure enough of the others to change who they are.
        if (!(error instanceof UnreachableError) && !isApiError(error)) throw error;
        signal.throwIfAborted();
        last = error;
      } finally {
        await transport.close();
      }
    }
    await clock.sleep(POLL_MS, signal);
  }
  throw new ClusterError(
    `etcd cannot take a member back within ${WITHIN_MS / 1000} s; it takes two of three members that still have their data`,
    { cause: last },
  );
}

async function placeAt(etcd: Transport, peerUrl: string, signal: AbortSignal): Promise<InitialState> {
  const call = async (path: string, body: object) =>
    (await etcd.request({ method: 'POST', path: `/v3/cluster/member/${path}`, body }, signal)).body;
  const { members = [] } = (await call('list', {})) as { members?: EtcdMember[] }; // etcd's own answer
  const place = placeOf(members, peerUrl);
  if (place.is === 'planned') return 'new';
  if (place.is === 'lost') await call('remove', { ID: place.id });
  if (place.is !== 'added') await call('add', { peerURLs: [peerUrl] });
  return 'existing';
}
