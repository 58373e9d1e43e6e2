// How a joining machine finds out whom it talks to: it reads kube-public/cluster-info over a connection that proves nothing, and believes it
// only when a signature shows that its author knows the token, and when the authority in it is the one that was named.
import { request } from 'node:https';
import { compactVerify, errors } from 'jose';
import {
  CLUSTER_INFO,
  CLUSTER_INFO_KUBECONFIG,
  CLUSTER_INFO_SIGNATURE_PREFIX,
  type TokenParts,
} from '../api/core/v1/bootstrap-token.ts';
import { formatTime } from '../api/meta/time.ts';
import type { Clock, Instant } from '../clock/clock.ts';
import { publicKeyPin } from '../pki/certificate-request.ts';
import { parseClusterInfo } from './bootstrap-objects.ts';
import { ClusterError } from './cluster-record.ts';

export interface Discovery {
  /** `HOST:PORT` */
  readonly endpoint: string;
  readonly token: TokenParts;
  /** `sha256:HEX` of the authority's public key; one of them must be right. Empty: the token alone is proof enough. */
  readonly pins: readonly string[];
  readonly clock: Clock;
}

export interface DiscoveredCluster {
  readonly server: string;
  /** PEM. */
  readonly authority: string;
}

const PATH = `/api/v1/namespaces/${CLUSTER_INFO.namespace}/configmaps/${CLUSTER_INFO.name}`;
const TIMEOUT_MS = 10_000;
const LARGEST_ANSWER = 1024 * 1024;
/** A token that was made this moment is signed with in a second or two; a wrong signature is yet of one that it replaced. */
const SIGNATURE_WITHIN_MS = 5_000;
const RIGHT_SIGNATURE_WITHIN_MS = 2_000;
const PAUSE_MS = 500;

/** Throws ClusterError with one plain sentence when the cluster cannot be found or is not the one that was meant. */
export async function discover(discovery: Discovery, signal: AbortSignal): Promise<DiscoveredCluster> {
  const { endpoint, pins } = discovery;
  const content = await signedInfo(discovery, signal);
  const cluster = parseClusterInfo(content);
  if (pins.length > 0) {
    const pin = publicKeyPin(cluster.authority);
    if (!pins.includes(pin)) {
      throw new ClusterError(
        `the cluster at ${endpoint} has the authority ${pin}, which is not what --discovery-token-ca-cert-hash names`,
      );
    }
  }
  // Who answers there must have a certificate of that authority, or somebody stands in between.
  const again = await clusterInfo(discovery, cluster.authority, signal);
  if (again[CLUSTER_INFO_KUBECONFIG] !== content)
    throw new ClusterError(`the server at ${endpoint} says something else over a trusted connection`);
  return cluster;
}

async function signedInfo(discovery: Discovery, signal: AbortSignal): Promise<string> {
  const { endpoint, token, clock } = discovery;
  const began = clock.now();
  for (;;) {
    const data = await clusterInfo(discovery, undefined, signal);
    const content = data[CLUSTER_INFO_KUBECONFIG];
    if (content === undefined) throw new ClusterError(`the cluster-info at ${endpoint} holds no kubeconfig`);
    const proof = data[CLUSTER_INFO_SIGNATURE_PREFIX + token.id];
    if (proof !== undefined && (await isProof(proof, content, token))) return content;
    if (clock.now() - began >= (proof === undefined ? SIGNATURE_WITHIN_MS : RIGHT_SIGNATURE_WITHIN_MS)) {
      throw new ClusterError(
        proof === undefined
          ? `the cluster at ${endpoint} does not know the token "${token.id}", or it has expired; make one with "tkctl token create"`
          : `the token is wrong: the cluster at ${endpoint} knows "${token.id}" with another secret`,
      );
    }
    await clock.sleep(PAUSE_MS, signal);
  }
}

/** `proof`: a JWS without its payload. */
export async function isProof(proof: string, content: string, token: TokenParts): Promise<boolean> {
  const [header = '', , signature = ''] = proof.split('.');
  const payload = Buffer.from(content).toString('base64url');
  try {
    const { protectedHeader } = await compactVerify(`${header}.${payload}.${signature}`, Buffer.from(token.secret), {
      algorithms: ['HS256'],
    });
    return protectedHeader.kid === token.id;
  } catch (error) {
    if (error instanceof errors.JOSEError) return false;
    throw error;
  }
}

/** `authority` undefined: whoever answers is listened to. */
function clusterInfo(
  { endpoint, clock }: Pick<Discovery, 'endpoint' | 'clock'>,
  authority: string | undefined,
  signal: AbortSignal,
): Promise<Readonly<Record<string, string>>> {
  return new Promise((resolve, reject) => {
    const fail = (cause: Error & { code?: string }) => {
      reject(
        signal.aborted ? signal.reason : new ClusterError(whyUnreachable(endpoint, cause, clock.now()), { cause }),
      );
    };
    const call = request(
      `https://${endpoint}${PATH}`,
      {
        agent: false,
        timeout: TIMEOUT_MS,
        signal,
        ...(authority === undefined ? { rejectUnauthorized: false } : { ca: authority }),
      },
      (response) => {
        const chunks: Buffer[] = [];
        let length = 0;
        response.on('data', (chunk: Buffer) => {
          length += chunk.length;
          if (length > LARGEST_ANSWER) call.destroy(new Error('its answer is too long'));
          else chunks.push(chunk);
        });
        response.on('error', fail);
        response.on('end', () => {
          const data = response.statusCode === 200 ? dataOf(Buffer.concat(chunks).toString('utf8')) : undefined;
          if (data !== undefined) return resolve(data);
          const what = `answers ${response.statusCode ?? 0} to ${PATH}`;
          reject(new ClusterError(`the server at ${endpoint} is no API server that can be joined: it ${what}`));
        });
      },
    );
    call.on('timeout', () => call.destroy(new Error('no answer within 10 s')));
    call.on('error', fail);
    call.end();
  });
}

function dataOf(body: string): Readonly<Record<string, string>> | undefined {
  try {
    const value: unknown = JSON.parse(body);
    const data = typeof value === 'object' && value !== null && 'data' in value ? value.data : undefined;
    if (typeof data !== 'object' || data === null) return undefined;
    return Object.fromEntries(
      Object.entries(data).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
    );
  } catch {
    return undefined;
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'its name cannot be looked up',
  EHOSTUNREACH: 'there is no way to that host',
  ENETUNREACH: 'there is no way to that network',
  ECONNRESET: 'it closes the connection',
  EPROTO: 'it does not speak TLS',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'it does not speak TLS',
};

function whyUnreachable(endpoint: string, cause: Error & { code?: string }, now: Instant): string {
  const code = cause.code ?? '';
  if (code === 'CERT_NOT_YET_VALID' || code === 'CERT_HAS_EXPIRED') {
    const when = code === 'CERT_HAS_EXPIRED' ? 'has expired' : 'is not valid yet';
    return `the certificate of the server at ${endpoint} ${when} by the clock of this machine, which says ${formatTime(now)}; set the clock, or renew the certificate`;
  }
  const reason = REASONS[code] ?? cause.message;
  return /CERT|ALTNAME|SELF_SIGNED|UNABLE_TO/.test(code)
    ? `the server at ${endpoint} does not show a certificate of the cluster's authority for that address: ${cause.message}`
    : `cannot reach an API server at ${endpoint}: ${reason}`;
}
