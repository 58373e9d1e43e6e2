// The signers that a cluster has itself, and what they demand of a request. Pure; texts and rules are those of
// k8s.io/kubernetes pkg/apis/certificates and pkg/controller/certificates/signer.

export const KUBELET_CLIENT_SIGNER = 'kubernetes.io/kube-apiserver-client-kubelet';
export const KUBELET_SERVING_SIGNER = 'kubernetes.io/kubelet-serving';
export const CLIENT_SIGNER = 'kubernetes.io/kube-apiserver-client';

export const NODE_USER_PREFIX = 'system:node:';
export const NODE_GROUP = 'system:nodes';

/** What the bytes of a request ask for. */
export interface Asked {
  readonly commonName: string;
  readonly organizations: readonly string[];
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
  readonly emailAddresses: readonly string[];
  readonly uris: readonly string[];
}

const CLIENT_USAGES = ['client auth', 'digital signature', 'key encipherment'];
const SERVING_USAGES = ['digital signature', 'key encipherment', 'server auth'];
/** Only RSA keys encipher. */
const OPTIONAL_USAGE = 'key encipherment';

/** Why the signer does not sign this; undefined: it does. */
export function signerFault(signerName: string, asked: Asked, usages: readonly string[]): string | undefined {
  switch (signerName) {
    case KUBELET_CLIENT_SIGNER:
      return kubeletClientFault(asked, usages);
    case KUBELET_SERVING_SIGNER:
      return kubeletServingFault(asked, usages);
    case CLIENT_SIGNER:
      return clientFault(usages);
    default:
      return `unrecognized signerName: ${JSON.stringify(signerName)}`;
  }
}

export function isClusterSigner(signerName: string): boolean {
  return signerName === KUBELET_CLIENT_SIGNER || signerName === KUBELET_SERVING_SIGNER || signerName === CLIENT_SIGNER;
}

function kubeletClientFault(asked: Asked, usages: readonly string[]): string | undefined {
  if (!isOfNodes(asked)) return 'subject organization is not system:nodes';
  if (asked.dnsNames.length > 0) return 'DNS subjectAltNames are not allowed';
  if (asked.emailAddresses.length > 0) return 'Email subjectAltNames are not allowed';
  if (asked.ipAddresses.length > 0) return 'IP subjectAltNames are not allowed';
  if (asked.uris.length > 0) return 'URI subjectAltNames are not allowed';
  if (!isNodeName(asked)) return `subject common name does not begin with ${NODE_USER_PREFIX}`;
  return usagesFault(usages, CLIENT_USAGES);
}

function kubeletServingFault(asked: Asked, usages: readonly string[]): string | undefined {
  if (!isOfNodes(asked)) return 'subject organization is not system:nodes';
  if (asked.dnsNames.length === 0 && asked.ipAddresses.length === 0) return 'DNS or IP subjectAltName is required';
  if (asked.emailAddresses.length > 0) return 'Email subjectAltNames are not allowed';
  if (asked.uris.length > 0) return 'URI subjectAltNames are not allowed';
  const fault = usagesFault(usages, SERVING_USAGES);
  if (fault !== undefined) return fault;
  return isNodeName(asked) ? undefined : `subject common name does not begin with ${NODE_USER_PREFIX}`;
}

function clientFault(usages: readonly string[]): string | undefined {
  const other = usages.find((usage) => !CLIENT_USAGES.includes(usage));
  if (other !== undefined) return `invalid usage for client certificate: ${other}`;
  return usages.includes('client auth') ? undefined : 'missing required usage for client certificate: client auth';
}

function isOfNodes({ organizations }: Asked): boolean {
  return organizations.length === 1 && organizations[0] === NODE_GROUP;
}

function isNodeName({ commonName }: Asked): boolean {
  return commonName.startsWith(NODE_USER_PREFIX);
}

function usagesFault(usages: readonly string[], wanted: readonly string[]): string | undefined {
  const given = new Set(usages);
  const necessary = wanted.filter((usage) => usage !== OPTIONAL_USAGE);
  const fits = necessary.every((usage) => given.has(usage)) && [...given].every((usage) => wanted.includes(usage));
  return fits ? undefined : `usages did not match [${wanted.join(' ')}]`;
}
