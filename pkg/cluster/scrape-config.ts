// A directory from which Prometheus scrapes a cluster: its configuration and rules (manifests/prometheus), the authority's
// certificate, and a token of a ServiceAccount made for it. Safe to repeat: the token is new each time.
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { isApiError } from '../api/meta/status.ts';
import type { Transport } from '../client/transport.ts';
import { ClusterError } from './cluster-record.ts';

export interface ScrapeConfigOptions {
  /** The administrator's. */
  readonly transport: Transport;
  /** `https://HOST:PORT`, as Prometheus will reach it. */
  readonly server: string;
  /** PEM. */
  readonly authority: string;
  /** manifests/prometheus. */
  readonly manifests: string;
  readonly directory: string;
  /** Components of this machine that listen at ports of their own. Undefined: they are read through the API servers. */
  readonly components?: { readonly nodeName: string; readonly kubeletPort: number };
}

const NAMESPACE = 'kube-system';
const SERVICE_ACCOUNT = 'prometheus';
/** As long as the certificates of the cluster, which end the same work. */
const TOKEN_SECONDS = 365 * 24 * 3600;
/** In the files as they lie in the repository. */
const SERVER = '127.0.0.1:6443';
const KUBELET = '127.0.0.1:10250';
const NODE = 'node: localhost';

/** Answers with the path of the configuration. */
export async function writeScrapeConfig(options: ScrapeConfigOptions, signal: AbortSignal): Promise<string> {
  const { transport, server, authority, manifests, directory, components } = options;
  const file = join(manifests, components === undefined ? 'prometheus.yml' : 'components.yml');
  const plain = readFileSync(file, 'utf8');
  if (!plain.includes(SERVER)) throw new ClusterError(`${file} does not name ${SERVER}`);
  await ensureObjects(transport, readFileSync(join(manifests, 'rbac.yaml'), 'utf8'), signal);
  const token = await newToken(transport, signal);
  mkdirSync(directory, { recursive: true });
  cpSync(join(manifests, 'rules'), join(directory, 'rules'), { recursive: true });
  writeFileSync(join(directory, 'ca.crt'), authority);
  // Whoever runs Prometheus must be able to read it; it reads metrics and nothing else.
  writeFileSync(join(directory, 'token'), token, { mode: 0o600 });
  const path = join(directory, 'prometheus.yml');
  const served = plain.replaceAll(SERVER, new URL(server).host);
  writeFileSync(
    path,
    components === undefined
      ? served
      : served
          .replaceAll(KUBELET, `127.0.0.1:${components.kubeletPort}`)
          .replaceAll(NODE, `node: ${components.nodeName}`),
  );
  return path;
}

const PATHS: Readonly<Record<string, string>> = {
  ServiceAccount: `/api/v1/namespaces/${NAMESPACE}/serviceaccounts`,
  ClusterRole: '/apis/rbac.authorization.k8s.io/v1/clusterroles',
  ClusterRoleBinding: '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings',
};

async function ensureObjects(transport: Transport, text: string, signal: AbortSignal): Promise<void> {
  for (const document of parseAllDocuments(text)) {
    const body: unknown = document.toJS();
    const kind = typeof body === 'object' && body !== null && 'kind' in body ? String(body.kind) : '';
    const path = PATHS[kind];
    if (path === undefined) throw new ClusterError(`rbac.yaml holds a ${kind}, which nobody knows how to make`);
    try {
      await transport.request({ method: 'POST', path, body }, signal);
    } catch (error) {
      if (!isApiError(error, 'AlreadyExists')) throw error;
    }
  }
}

async function newToken(transport: Transport, signal: AbortSignal): Promise<string> {
  const path = `${PATHS['ServiceAccount']}/${SERVICE_ACCOUNT}/token`;
  const spec = { expirationSeconds: TOKEN_SECONDS };
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec };
  const answer = (await transport.request({ method: 'POST', path, body }, signal)).body;
  const status: unknown =
    typeof answer === 'object' && answer !== null && 'status' in answer ? answer.status : undefined;
  if (typeof status === 'object' && status !== null && 'token' in status && typeof status.token === 'string') {
    return status.token;
  }
  throw new ClusterError('the API server gave no token');
}
