// How the API server reaches kubelets: the address and port that a node reports, and the credentials this server shows.
import type { Node } from '../../../api/schema/generated/core.v1.gen.ts';
import { ApiError } from '../../../api/meta/status.ts';

export interface KubeletConnections {
  /** PEM. Without a certificate the kubelet sees an anonymous caller. */
  readonly certificate?: string;
  readonly key?: string;
  /** PEM of who signs kubelets' certificates; undefined: not checked, as Kubernetes does by default. */
  readonly authority?: string;
}

export interface KubeletAddress {
  readonly host: string;
  readonly port: number;
}

const DEFAULT_PORT = 10_250;
/** `--kubelet-preferred-address-types`, which starts with host names in Kubernetes; here addresses are surer. */
const PREFERRED: readonly string[] = ['InternalIP', 'ExternalIP', 'Hostname', 'InternalDNS', 'ExternalDNS'];

/** Throws ApiError when the node has told no address yet. */
export function kubeletAddress(node: Node): KubeletAddress {
  const addresses = node.status.addresses ?? [];
  for (const type of PREFERRED) {
    const found = addresses.find((address) => address.type === type);
    if (found !== undefined) {
      return { host: found.address, port: node.status.daemonEndpoints?.kubeletEndpoint?.Port || DEFAULT_PORT };
    }
  }
  throw new ApiError('InternalError', `Internal error occurred: no preferred addresses found; known addresses: []`);
}

/** As `tls.connect` takes it. */
export interface KubeletTls {
  readonly cert?: string;
  readonly key?: string;
  readonly ca?: string;
  readonly rejectUnauthorized: boolean;
  readonly checkServerIdentity?: () => undefined;
}

export function tlsOptions(connections: KubeletConnections | undefined): KubeletTls {
  const { certificate, key, authority } = connections ?? {};
  return {
    ...(certificate !== undefined && { cert: certificate }),
    ...(key !== undefined && { key }),
    ...(authority === undefined ? { rejectUnauthorized: false } : { ca: authority, rejectUnauthorized: true }),
    // Kubelets' certificates name the node, and it is reached by its address.
    ...(authority !== undefined && { checkServerIdentity: () => undefined }),
  };
}
