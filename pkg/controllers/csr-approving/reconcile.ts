// Which certificate requests are approved without a person: those of machines for the certificates that make them nodes, and those
// of nodes for their own names. Pure; whoever asks may still be refused by the authorizer (controller.ts asks it).
import {
  KUBELET_CLIENT_SIGNER,
  KUBELET_SERVING_SIGNER,
  NODE_USER_PREFIX,
  signerFault,
  type Asked,
} from '../../api/certificates/v1/signers.ts';
import type { CertificateSigningRequest } from '../../api/schema/generated/certificates.v1.gen.ts';
import type { Node } from '../../api/schema/generated/core.v1.gen.ts';

/** Approved if the requester may create this subresource of certificatesigningrequests. */
export interface Recognition {
  readonly subresource: 'selfnodeclient' | 'nodeclient' | 'selfnodeserver';
  readonly message: string;
}

export type Verdict =
  | { readonly verdict: 'ask'; readonly recognitions: readonly Recognition[] }
  /** A person decides. */
  | { readonly verdict: 'leave'; readonly because: string }
  /** The node must say first which addresses it has. */
  | { readonly verdict: 'wait'; readonly because: string };

export function isDecided({ status }: CertificateSigningRequest): boolean {
  if (status.certificate !== undefined && status.certificate !== '') return true;
  return (status.conditions ?? []).some(({ type }) => type === 'Approved' || type === 'Denied');
}

export function judge(request: CertificateSigningRequest, asked: Asked, node: Node | undefined): Verdict {
  const { signerName, usages = [], username = '' } = request.spec;
  const fault = signerFault(signerName, asked, usages);
  if (fault !== undefined) return { verdict: 'leave', because: fault };
  const own = username === asked.commonName;
  switch (signerName) {
    case KUBELET_CLIENT_SIGNER:
      return { verdict: 'ask', recognitions: own ? [SELF_CLIENT, CLIENT] : [CLIENT] };
    case KUBELET_SERVING_SIGNER:
      return own ? judgeServing(asked, node) : { verdict: 'leave', because: 'it is not for the node that asks' };
    default:
      return { verdict: 'leave', because: `requests for ${signerName} are approved by people` };
  }
}

const SELF_CLIENT: Recognition = {
  subresource: 'selfnodeclient',
  message: 'Auto approving self kubelet client certificate after SubjectAccessReview.',
};
const CLIENT: Recognition = {
  subresource: 'nodeclient',
  message: 'Auto approving kubelet client certificate after SubjectAccessReview.',
};
const SELF_SERVING: Recognition = {
  subresource: 'selfnodeserver',
  message: 'Auto approving kubelet serving certificate for the addresses of its own node after SubjectAccessReview.',
};

/** A node may have a certificate for no other names than its own: with it, it could pose as their owner. */
function judgeServing(asked: Asked, node: Node | undefined): Verdict {
  if (node === undefined) return { verdict: 'wait', because: 'there is no such node' };
  const addresses = node.status?.addresses ?? [];
  const of = (kinds: readonly string[]) =>
    addresses.filter(({ type }) => kinds.includes(type)).map(({ address }) => address);
  const ips = of(['InternalIP', 'ExternalIP']);
  const names = [node.metadata.name, ...of(['Hostname', 'InternalDNS', 'ExternalDNS'])];
  const foreign = [
    ...asked.ipAddresses.filter((ip) => !ips.includes(ip)),
    ...asked.dnsNames.filter((name) => !names.includes(name)),
  ];
  if (foreign.length > 0) return { verdict: 'wait', because: `the node does not have ${foreign.join(', ')}` };
  return { verdict: 'ask', recognitions: [SELF_SERVING] };
}

/** The node whose serving certificate is asked for; undefined: the request is no such. */
export function nodeNameOf({ spec }: CertificateSigningRequest): string | undefined {
  const { username = '', signerName } = spec;
  if (signerName !== KUBELET_SERVING_SIGNER || !username.startsWith(NODE_USER_PREFIX)) return undefined;
  return username.slice(NODE_USER_PREFIX.length);
}
