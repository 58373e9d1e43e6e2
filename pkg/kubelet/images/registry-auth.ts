// Credentials for registries out of image pull secrets.
import type { Secret } from '../../api/schema/generated/core.v1.gen.ts';
import type { RegistryAuth } from '../runtime/runtime.ts';

const DOCKER_HUB_NAMES = ['docker.io', 'index.docker.io', 'registry-1.docker.io'];

/** The first secret that knows the registry. Secrets that cannot be read are passed over, as Kubernetes does. */
export function authFor(domain: string, secrets: readonly Secret[]): RegistryAuth | undefined {
  for (const secret of secrets) {
    for (const [server, entry] of Object.entries(serversOf(secret))) {
      const host = server.replace(/^https?:\/\//, '').split('/')[0] ?? '';
      if (host !== domain && !(DOCKER_HUB_NAMES.includes(host) && DOCKER_HUB_NAMES.includes(domain))) continue;
      const auth = credentialsOf(entry);
      if (auth !== undefined) return { ...auth, serverAddress: server };
    }
  }
  return undefined;
}

function serversOf(secret: Secret): Readonly<Record<string, unknown>> {
  const modern = secret.data?.['.dockerconfigjson'];
  const legacy = secret.data?.['.dockercfg'];
  try {
    const text = Buffer.from(modern ?? legacy ?? '', 'base64').toString();
    const parsed: unknown = JSON.parse(text === '' ? '{}' : text);
    if (!isRecord(parsed)) return {};
    if (modern === undefined) return parsed;
    return isRecord(parsed['auths']) ? parsed['auths'] : {};
  } catch {
    return {}; // not JSON: a secret of another kind, which gives no credentials
  }
}

function credentialsOf(entry: unknown): { username: string; password: string } | undefined {
  if (!isRecord(entry)) return undefined;
  const { username, password, auth } = entry;
  if (typeof username === 'string' && typeof password === 'string') return { username, password };
  if (typeof auth !== 'string') return undefined;
  const decoded = Buffer.from(auth, 'base64').toString();
  const colon = decoded.indexOf(':');
  return colon < 0 ? undefined : { username: decoded.slice(0, colon), password: decoded.slice(colon + 1) };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
