// Who calls the kubelet, by client certificate, and what they may do. Holders of any certificate of the cluster's CA may read
// metrics; pods, logs and everything that reaches into containers is for the API server and administrators.
import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';

export interface Caller {
  readonly name: string;
  readonly groups: readonly string[];
}

const READABLE_BY_ALL = new Set(['metrics', 'stats']);
const ADMINISTRATORS = ['system:masters', 'kubeadm:cluster-admins', 'system:kubelet-api-admin'];
/** Names that API servers are commonly given for their calls to kubelets. */
const API_SERVERS = /^(system:)?kube-apiserver(-kubelet-client)?$/;

/** Undefined without a certificate that the cluster's CA has signed. */
export function callerOf(request: IncomingMessage): Caller | undefined {
  const { socket } = request;
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  const { subject } = socket.getPeerCertificate();
  if (subject === undefined) return undefined;
  return { name: firstOf(subject.CN), groups: listOf(subject.O) };
}

export function mayDo(caller: Caller, root: string): boolean {
  if (READABLE_BY_ALL.has(root)) return true;
  return API_SERVERS.test(caller.name) || caller.groups.some((group) => ADMINISTRATORS.includes(group));
}

function listOf(value: string | string[] | undefined): string[] {
  return value === undefined ? [] : [value].flat();
}

function firstOf(value: string | string[] | undefined): string {
  return listOf(value)[0] ?? '';
}
