// Who calls the kubelet, by client certificate or bearer token, and what they may do, as the API server says: the rules of
// Kubernetes' kubelets with webhook authentication and authorization. The API server itself and administrators are let in without
// being asked about, so that logs can be read while the API server is busy.
import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import { NOBODY, type DelegatedAccess, type Identity } from '../../client/delegated-access.ts';
import type { Logger } from '../../logging/logger.ts';
import { HttpError } from './http-error.ts';

export interface CallerRules {
  readonly nodeName: string;
  /** Whether any authority is known that signs certificates of callers. */
  readonly certificates: boolean;
  readonly access: Pick<DelegatedAccess, 'identify' | 'decide'>;
  /** KubeletConfiguration's `authentication.webhook.enabled`. */
  readonly tokens: boolean;
  /** KubeletConfiguration's `authorization.mode`. */
  readonly authorization: AuthorizationMode;
  readonly log: Logger;
}

export type AuthorizationMode = 'Webhook' | 'AlwaysAllow';

/** Kubernetes' kubelets keep answers so long. */
export const KUBELET_KEPT = { identity: 120_000, allowed: 300_000, denied: 30_000 } as const;

const AUTHENTICATED = 'system:authenticated';
const ADMINISTRATORS = ['system:masters', 'kubeadm:cluster-admins', 'system:kubelet-api-admin'];
/** Names that API servers are commonly given for their calls to kubelets. */
const API_SERVERS = /^(system:)?kube-apiserver(-kubelet-client)?$/;
/** What a path needs of `nodes/...`; one of several does. */
const SUBRESOURCES: Readonly<Record<string, readonly string[]>> = {
  metrics: ['metrics'],
  stats: ['stats'],
  pods: ['pods', 'proxy'],
  configz: ['configz', 'proxy'],
};
const VERBS: Readonly<Record<string, string>> = {
  POST: 'create',
  GET: 'get',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

/** `root`: the first segment of the path. Throws HttpError: 401, 403, or 500 when the API server does not say. */
export async function admitCaller(request: IncomingMessage, root: string, rules: CallerRules): Promise<void> {
  const caller = await callerOf(request, rules);
  if (caller === undefined) throw new HttpError(401, 'Unauthorized');
  if (rules.authorization === 'AlwaysAllow' || isTrusted(caller)) return;
  const verb = VERBS[request.method ?? ''] ?? '';
  const subresources = SUBRESOURCES[root] ?? ['proxy'];
  for (const subresource of subresources) if (await mayDo(caller, verb, subresource, rules)) return;
  throw new HttpError(
    403,
    `Forbidden (user=${caller.name}, verb=${verb}, resource=nodes, subresource(s)=[${subresources.join(' ')}])\n`,
  );
}

/** Undefined: nobody, or credentials that are wrong. */
async function callerOf(request: IncomingMessage, rules: CallerRules): Promise<Identity | undefined> {
  const certified = rules.certificates ? certifiedCaller(request) : undefined;
  if (certified !== undefined) return certified;
  const token = /^bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1];
  if (!rules.tokens || token === undefined) return undefined;
  try {
    return await rules.access.identify(token);
  } catch (error) {
    rules.log.warn('cannot ask the API server whose token it is', { error });
    return undefined;
  }
}

function certifiedCaller({ socket }: IncomingMessage): Identity | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  const { subject } = socket.getPeerCertificate();
  if (subject === undefined) return undefined;
  return { name: listOf(subject.CN)[0] ?? NOBODY.name, groups: [...listOf(subject.O), AUTHENTICATED] };
}

function isTrusted({ name, groups }: Identity): boolean {
  return API_SERVERS.test(name) || groups.some((group) => ADMINISTRATORS.includes(group));
}

async function mayDo(
  caller: Identity,
  verb: string,
  subresource: string,
  { access, nodeName, log }: CallerRules,
): Promise<boolean> {
  const resourceAttributes = { verb, version: 'v1', resource: 'nodes', subresource, name: nodeName };
  try {
    return (await access.decide(caller, { resourceAttributes })).allowed;
  } catch (error) {
    log.warn('cannot ask the API server what a caller may do', { user: caller.name, subresource, error });
    throw new HttpError(
      500,
      `Authorization error (user=${caller.name}, verb=${verb}, resource=nodes, subresource=${subresource})`,
    );
  }
}

function listOf(value: string | string[] | undefined): string[] {
  return value === undefined ? [] : [value].flat();
}
