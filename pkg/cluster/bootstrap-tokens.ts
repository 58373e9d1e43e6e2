// The bootstrap tokens of a cluster, as its administrator makes, lists and deletes them, and the command with which a machine joins by one.
import { randomInt } from 'node:crypto';
import {
  CLUSTER_INFO,
  CLUSTER_INFO_KUBECONFIG,
  secretDataOf,
  TOKEN_NAMESPACE,
  TOKEN_SECRET_PREFIX,
  TOKEN_SECRET_TYPE,
  tokenOfSecret,
  type BootstrapToken,
  type TokenParts,
} from '../api/core/v1/bootstrap-token.ts';
import { isApiError } from '../api/meta/status.ts';
import { configMaps, secrets } from '../api/resources.ts';
import type { Client } from '../client/client.ts';
import { publicKeyPin } from '../pki/certificate-request.ts';
import { parseClusterInfo } from './bootstrap-objects.ts';
import { ClusterError } from './cluster-record.ts';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** Unguessable: whoever knows one may add machines to the cluster. */
export function newToken(): TokenParts {
  const text = (length: number) => Array.from({ length }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
  return { id: text(6), secret: text(16) };
}

export async function createBootstrapToken(client: Client, token: BootstrapToken, signal: AbortSignal): Promise<void> {
  try {
    await client.resource(secrets).create(
      {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { namespace: TOKEN_NAMESPACE, name: TOKEN_SECRET_PREFIX + token.id },
        type: TOKEN_SECRET_TYPE,
        data: secretDataOf(token),
      },
      {},
      signal,
    );
  } catch (cause) {
    if (!isApiError(cause, 'AlreadyExists')) throw cause;
    throw new ClusterError(`a token with id "${token.id}" already exists`, { cause });
  }
}

/** Those that make sense, the first to expire first. */
export async function listBootstrapTokens(client: Client, signal: AbortSignal): Promise<BootstrapToken[]> {
  const fieldSelector = `type=${TOKEN_SECRET_TYPE}`;
  const { items } = await client.resource(secrets).list({ namespace: TOKEN_NAMESPACE, fieldSelector }, signal);
  return items
    .flatMap((secret) => {
      const token = tokenOfSecret(secret);
      return 'fault' in token ? [] : [token];
    })
    .toSorted((a, b) => (a.expiresAt ?? Infinity) - (b.expiresAt ?? Infinity) || (a.id < b.id ? -1 : 1));
}

/** False when there is none. */
export async function deleteBootstrapToken(client: Client, id: string, signal: AbortSignal): Promise<boolean> {
  try {
    await client.resource(secrets).delete({ namespace: TOKEN_NAMESPACE, name: TOKEN_SECRET_PREFIX + id }, {}, signal);
    return true;
  } catch (error) {
    if (isApiError(error, 'NotFound')) return false;
    throw error;
  }
}

export interface JoinTarget {
  /** `HOST:PORT` */
  readonly endpoint: string;
  /** `sha256:HEX` of the authority. */
  readonly pin: string;
}

/** Where other machines find the cluster, and how they know that it is the one. */
export async function joinTarget(client: Client, signal: AbortSignal): Promise<JoinTarget> {
  let data: Readonly<Record<string, string>> | undefined;
  try {
    ({ data } = await client.resource(configMaps).get(CLUSTER_INFO, signal));
  } catch (cause) {
    if (!isApiError(cause, 'NotFound')) throw cause;
    throw new ClusterError('the cluster cannot be joined: it has no ConfigMap kube-public/cluster-info', { cause });
  }
  const { server, authority } = parseClusterInfo(data?.[CLUSTER_INFO_KUBECONFIG] ?? '');
  const url = new URL(server);
  return { endpoint: `${url.hostname}:${url.port || '443'}`, pin: publicKeyPin(authority) };
}

export function joinCommand({ endpoint, pin }: JoinTarget, { id, secret }: TokenParts): string {
  return `tkctl join ${endpoint} --token ${id}.${secret} --discovery-token-ca-cert-hash ${pin}`;
}
