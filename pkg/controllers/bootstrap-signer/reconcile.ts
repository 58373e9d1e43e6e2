// Which signatures the ConfigMap kube-public/cluster-info carries: one for each token that may sign, made with its secret. Who knows
// a token can tell by it that the cluster's address and authority are those of whoever made the token.
import {
  CLUSTER_INFO_KUBECONFIG,
  CLUSTER_INFO_SIGNATURE_PREFIX,
  usableToken,
  type TokenParts,
} from '../../api/core/v1/bootstrap-token.ts';
import type { ConfigMap, Secret } from '../../api/schema/generated/core.v1.gen.ts';
import type { Instant } from '../../clock/clock.ts';

/** The data that the map should have; undefined: it has it. */
export async function signed(
  map: ConfigMap,
  secrets: readonly Secret[],
  now: Instant,
): Promise<Record<string, string> | undefined> {
  const data = map.data ?? {};
  const content = data[CLUSTER_INFO_KUBECONFIG];
  const kept = Object.entries(data).filter(([name]) => !name.startsWith(CLUSTER_INFO_SIGNATURE_PREFIX));
  const tokens = content === undefined ? [] : signingTokens(secrets, now);
  const signatures = await Promise.all(
    tokens.map(
      async (token) => [CLUSTER_INFO_SIGNATURE_PREFIX + token.id, await signature(content ?? '', token)] as const,
    ),
  );
  const wanted: Record<string, string> = Object.fromEntries([...kept, ...signatures]);
  const same =
    Object.keys(wanted).length === Object.keys(data).length &&
    Object.entries(wanted).every(([name, value]) => data[name] === value);
  return same ? undefined : wanted;
}

function signingTokens(secrets: readonly Secret[], now: Instant): TokenParts[] {
  return secrets.flatMap((secret) => {
    const token = usableToken(secret, 'signing', now);
    return 'fault' in token ? [] : [token];
  });
}

/** A JWS whose payload, the content, is left out (RFC 7515, appendix F). Most clusters have no tokens most of the time: the library waits. */
async function signature(content: string, { id, secret }: TokenParts): Promise<string> {
  const { CompactSign } = await import('jose');
  const jws = await new CompactSign(Buffer.from(content))
    .setProtectedHeader({ alg: 'HS256', kid: id })
    .sign(Buffer.from(secret));
  const [header = '', , proof = ''] = jws.split('.');
  return `${header}..${proof}`;
}
