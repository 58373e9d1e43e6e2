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

/** `nodes`: all that there are. */
export function judge(request: CertificateSigningRequest, asked: Asked, nodes: readonly Node[]): Verdict {
  const { signerName, usages = [], username = '' } = request.spec;
  const fault = signerFault(signerName, asked, usages);
  if (fault !== undefined) return { verdict: 'leave', because: fault };
  const own = username === asked.commonName;
  switch (signerName) {
    case KUBELET_CLIENT_SIGNER:
      return { verdict: 'ask', recognitions: own ? [SELF_CLIENT, CLIENT] : [CLIENT] };
    case KUBELET_SERVING_SIGNER:
      return own ? judgeServing(asked, nodes) : { verdict: 'leave', because: 'it is not for the node that asks' };
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
function judgeServing(asked: Asked, nodes: readonly Node[]): Verdict {
  const name = asked.commonName.slice(NODE_USER_PREFIX.length);
  const own = nodes.find(({ metadata }) => metadata.name === name);
  if (own === undefined) return { verdict: 'wait', because: 'there is no such node' };
  const has = namesOf(own);
  const others = nodes.filter((node) => node !== own).map(namesOf);
  const wanted = [...asked.ipAddresses, ...asked.dnsNames];
  const foreign = wanted.filter((one) => !has.has(one));
  if (foreign.length > 0) return { verdict: 'wait', because: `the node does not have ${foreign.join(', ')}` };
  // What a node says about itself is only its own word.
  const shared = wanted.filter((one) => isOfTheCluster(one) || others.some((names) => names.has(one)));
  if (shared.length > 0) return { verdict: 'wait', because: `${shared.join(', ')} is not the node's alone` };
  return { verdict: 'ask', recognitions: [SELF_SERVING] };
}

function namesOf({ metadata, status }: Node): ReadonlySet<string> {
  const addresses = (status?.addresses ?? []).filter(({ type }) => NAMING.has(type)).map(({ address }) => address);
  return new Set([metadata.name, ...addresses]);
}

const NAMING: ReadonlySet<string> = new Set(['InternalIP', 'ExternalIP', 'Hostname', 'InternalDNS', 'ExternalDNS']);

/** Names by which clients know other servers: the API server, and whatever runs on their own machine. */
function isOfTheCluster(name: string): boolean {
  return /^(localhost|kubernetes|127\..*|::1|.*\.svc(\..*)?|kubernetes\.default)$/.test(name);
}

/** The node whose serving certificate is asked for; undefined: the request is no such. */
export function nodeNameOf({ spec }: CertificateSigningRequest): string | undefined {
  const { username = '', signerName } = spec;
  if (signerName !== KUBELET_SERVING_SIGNER || !username.startsWith(NODE_USER_PREFIX)) return undefined;
  return username.slice(NODE_USER_PREFIX.length);
}
