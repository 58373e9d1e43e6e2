// Whom `.../proxy/...` of a pod, a service or a node means: `[scheme:]name[:port]`, as in
// k8s.io/kubernetes pkg/registry/core/{pod,service,node} ResourceLocation.
import { BlockList, isIP } from 'node:net';
import { ApiError, notFound } from '../../../api/meta/status.ts';
import type { Endpoints, Node, Pod, Service } from '../../../api/schema/generated/core.v1.gen.ts';
import type { KubeObject } from '../../../api/schema/resource-type.ts';
import type { Random } from '../../../clock/clock.ts';
import { badRequest, unknownPath } from '../../http-errors.ts';
import type { ResourceRequest } from '../../request-info.ts';
import type { ResourceApi } from '../resource-api.ts';
import { kubeletAddress } from './kubelet-connections.ts';

export interface ProxyTarget {
  readonly scheme: 'http' | 'https';
  readonly host: string;
  readonly port: number;
  /** A kubelet gets this server's own certificate. */
  readonly kubelet: boolean;
}

/** What only this machine or this link can mean: a pod's status must not lead to this server's own ports. */
const NOT_PROXIED = new BlockList();
NOT_PROXIED.addSubnet('0.0.0.0', 32, 'ipv4');
NOT_PROXIED.addSubnet('127.0.0.0', 8, 'ipv4');
NOT_PROXIED.addSubnet('169.254.0.0', 16, 'ipv4');
NOT_PROXIED.addSubnet('224.0.0.0', 4, 'ipv4');
NOT_PROXIED.addSubnet('255.255.255.255', 32, 'ipv4');
NOT_PROXIED.addSubnet('::', 127, 'ipv6');
NOT_PROXIED.addSubnet('fe80::', 10, 'ipv6');
NOT_PROXIED.addSubnet('ff00::', 8, 'ipv6');

interface Named {
  readonly scheme: 'http' | 'https';
  readonly name: string;
  /** A number, a port's name, or ''. */
  readonly port: string;
}

/** Throws 400 for a text that is no such name. */
export function parseProxyName(text: string): Named {
  const parts = text.split(':');
  const [first = '', second = '', third = ''] = parts;
  if (parts.length === 1) return { scheme: 'http', name: first, port: '' };
  if (parts.length === 2) return { scheme: 'http', name: first, port: second };
  if (parts.length === 3 && (first === 'http' || first === 'https' || first === '')) {
    return { scheme: first === 'https' ? 'https' : 'http', name: second, port: third };
  }
  throw badRequest(`invalid service request ${JSON.stringify(text)}`);
}

/** Throws ApiError: 404, 400 and 503 with Kubernetes' sentences. */
export async function proxyTarget(api: ResourceApi, target: ResourceRequest, random: Random): Promise<ProxyTarget> {
  const { resource, namespace } = target;
  const named = parseProxyName(target.name);
  const find = async (plural: string, name: string): Promise<KubeObject> => {
    const served = api.kindOf('', plural);
    if (served === undefined) throw unknownPath();
    return (await api.parts.reader.get(served, namespace, name)).value;
  };
  // What is found under a plural is of that kind.
  if (resource === 'nodes') return ofNode((await find('nodes', named.name)) as Node, named);
  if (resource === 'pods') return ofPod((await find('pods', named.name)) as Pod, named);
  const service = (await find('services', named.name)) as Service;
  const endpoints: Endpoints = await find('endpoints', named.name);
  return ofService(service, endpoints, named, random);
}

function ofNode(node: Node, { port }: Named): ProxyTarget {
  const { host, port: own } = kubeletAddress(node);
  const asked = port === '' ? own : portNumber(port);
  return { scheme: asked === own ? 'https' : 'http', host, port: asked, kubelet: asked === own };
}

function ofPod(pod: Pod, { scheme, port }: Named): ProxyTarget {
  const { podIP } = pod.status;
  if (!podIP || NOT_PROXIED.check(podIP, isIP(podIP) === 6 ? 'ipv6' : 'ipv4')) throw badRequest('address not allowed');
  const first = pod.spec.containers.flatMap(({ ports = [] }) => ports)[0]?.containerPort;
  const chosen = port === '' ? (first ?? (scheme === 'https' ? 443 : 80)) : portNumber(port);
  return { scheme, host: podIP, port: chosen, kubelet: false };
}

function ofService(
  service: Service,
  { subsets = [] }: Endpoints,
  { scheme, port }: Named,
  random: Random,
): ProxyTarget {
  const { name } = service.metadata;
  const ports = service.spec.ports ?? [];
  const byNumber = ports.find((candidate) => String(candidate.port) === port);
  if (port !== '' && /^\d+$/.test(port) && byNumber === undefined) throw noPort(port, name);
  const portName = port === '' ? (ports[0]?.name ?? '') : byNumber === undefined ? port : (byNumber.name ?? '');
  const candidates = subsets.flatMap(({ addresses = [], ports: offered = [] }) =>
    offered
      .filter((candidate) => (candidate.name ?? '') === portName)
      .flatMap((candidate) => addresses.map(({ ip }) => ({ host: ip, port: candidate.port }))),
  );
  const chosen = candidates[Math.floor(random() * candidates.length)];
  if (chosen !== undefined) return { scheme, ...chosen, kubelet: false };
  throw new ApiError('ServiceUnavailable', `no endpoints available for service ${JSON.stringify(name)}`);
}

function noPort(port: string, name: string): ApiError {
  return new ApiError('ServiceUnavailable', `no service port ${port} found for service ${JSON.stringify(name)}`, {
    cause: notFound({ group: '', resource: 'services' }, name),
  });
}

function portNumber(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port > 0 && port < 65_536) return port;
  throw badRequest(`invalid port ${JSON.stringify(text)}`);
}
