// What a cluster says about itself to machines that want to join it, as kubeadm's clusters do: kube-public/cluster-info (where it is and
// who signs for it) and, in kube-system, kubeadm-config, kubelet-config and kube-proxy (how its nodes are set up).
import { parse, stringify } from 'yaml';
import {
  CLUSTER_INFO,
  CLUSTER_INFO_KUBECONFIG,
  CLUSTER_INFO_SIGNATURE_PREFIX,
} from '../api/core/v1/bootstrap-token.ts';
import { isApiError } from '../api/meta/status.ts';
import { configMaps } from '../api/resources.ts';
import type { Client } from '../client/client.ts';
import { ClusterError } from './cluster-record.ts';

export interface ClusterSettings {
  /** `https://HOST:PORT`, as other machines reach it. */
  readonly server: string;
  /** PEM. */
  readonly authority: string;
  readonly clusterCidr: string;
  readonly serviceCidr: string;
  readonly clusterDns: string;
  readonly clusterDomain: string;
  /** How long the Leases of nodes last, which renew them four times in it; the kubelet's default without it. */
  readonly nodeLeaseDurationSeconds?: number;
}

export type NodeSettings = Omit<ClusterSettings, 'server' | 'authority'>;

interface WantedMap {
  readonly namespace: string;
  readonly name: string;
  readonly data: Readonly<Record<string, string>>;
}

const SYSTEM = 'kube-system';
const yaml = (value: object) => stringify(value, { lineWidth: 0 });

export function bootstrapMaps(settings: ClusterSettings): WantedMap[] {
  const { clusterCidr, serviceCidr, clusterDns, clusterDomain, nodeLeaseDurationSeconds } = settings;
  return [
    { ...CLUSTER_INFO, data: { [CLUSTER_INFO_KUBECONFIG]: clusterInfo(settings) } },
    {
      namespace: SYSTEM,
      name: 'kubeadm-config',
      data: {
        ClusterConfiguration: yaml({
          apiVersion: 'kubeadm.k8s.io/v1beta4',
          kind: 'ClusterConfiguration',
          controlPlaneEndpoint: new URL(settings.server).host,
          kubernetesVersion: 'v1.35.0',
          networking: { dnsDomain: clusterDomain, podSubnet: clusterCidr, serviceSubnet: serviceCidr },
        }),
      },
    },
    {
      namespace: SYSTEM,
      name: 'kubelet-config',
      data: {
        kubelet: yaml({
          apiVersion: 'kubelet.config.k8s.io/v1beta1',
          kind: 'KubeletConfiguration',
          clusterDNS: [clusterDns],
          clusterDomain,
          ...(nodeLeaseDurationSeconds !== undefined && { nodeLeaseDurationSeconds }),
          rotateCertificates: true,
          serverTLSBootstrap: true,
        }),
      },
    },
    {
      namespace: SYSTEM,
      name: 'kube-proxy',
      data: {
        'config.conf': yaml({
          apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
          kind: 'KubeProxyConfiguration',
          clusterCIDR: clusterCidr,
          mode: 'nftables',
        }),
      },
    },
  ];
}

/** Makes the maps, or makes them say what is so now. Safe to repeat. */
export async function ensureBootstrapObjects(
  client: Client,
  settings: ClusterSettings,
  signal: AbortSignal,
): Promise<void> {
  await Promise.all(bootstrapMaps(settings).map((wanted) => ensureMap(client, wanted, signal)));
}

async function ensureMap(client: Client, { namespace, name, data }: WantedMap, signal: AbortSignal): Promise<void> {
  const resource = client.resource(configMaps);
  for (;;) {
    try {
      const found = await resource.get({ namespace, name }, signal);
      if (Object.entries(data).every(([key, value]) => found.data?.[key] === value)) return;
      // Signatures are of what was there before; the signer makes new ones.
      const kept = Object.entries(found.data ?? {}).filter(([key]) => !key.startsWith(CLUSTER_INFO_SIGNATURE_PREFIX));
      await resource.update({ ...found, data: { ...Object.fromEntries(kept), ...data } }, {}, signal);
      return;
    } catch (error) {
      if (isApiError(error, 'Conflict')) continue;
      if (!isApiError(error, 'NotFound')) throw error;
    }
    try {
      await resource.create(
        { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, name }, data: { ...data } },
        {},
        signal,
      );
      return;
    } catch (error) {
      if (!isApiError(error, 'AlreadyExists')) throw error;
    }
  }
}

function clusterInfo({ server, authority }: ClusterSettings): string {
  const cluster = { 'certificate-authority-data': Buffer.from(authority).toString('base64'), server };
  return yaml({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: '', cluster }],
    contexts: null,
    'current-context': '',
    preferences: {},
    users: null,
  });
}

/** Address and authority out of cluster-info's kubeconfig. */
export function parseClusterInfo(text: string): { server: string; authority: string } {
  const config = object(parse(text));
  const [first] = Array.isArray(config['clusters']) ? (config['clusters'] as unknown[]) : [];
  const cluster = object(object(first)['cluster']);
  const { server, 'certificate-authority-data': data } = cluster;
  if (typeof server !== 'string' || typeof data !== 'string')
    throw new ClusterError('the cluster-info of the cluster does not say where it is');
  return { server, authority: Buffer.from(data, 'base64').toString('utf8') };
}

/** What a node needs to know, out of the three maps of kube-system. */
export async function readNodeSettings(client: Client, signal: AbortSignal): Promise<NodeSettings> {
  const [cluster, kubelet, proxy] = await Promise.all([
    readYaml(client, 'kubeadm-config', 'ClusterConfiguration', signal),
    readYaml(client, 'kubelet-config', 'kubelet', signal),
    readYaml(client, 'kube-proxy', 'config.conf', signal),
  ]);
  const networking = object(cluster['networking']);
  const { nodeLeaseDurationSeconds: lease } = kubelet;
  const servers = Array.isArray(kubelet['clusterDNS']) ? (kubelet['clusterDNS'] as unknown[]) : [];
  return {
    clusterCidr: text(proxy['clusterCIDR'], 'kube-proxy', 'clusterCIDR'),
    serviceCidr: text(networking['serviceSubnet'], 'kubeadm-config', 'serviceSubnet'),
    clusterDns: text(servers[0], 'kubelet-config', 'clusterDNS'),
    clusterDomain: text(kubelet['clusterDomain'], 'kubelet-config', 'clusterDomain'),
    ...(typeof lease === 'number' && { nodeLeaseDurationSeconds: lease }),
  };
}

async function readYaml(client: Client, name: string, key: string, signal: AbortSignal) {
  const { data } = await client.resource(configMaps).get({ namespace: SYSTEM, name }, signal);
  return object(parse(data?.[key] ?? ''));
}

function object(value: unknown): Readonly<Record<string, unknown>> {
  // Any object can be read by name; what is read is checked again.
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function text(value: unknown, map: string, field: string): string {
  if (typeof value !== 'string' || value === '')
    throw new ClusterError(`the ConfigMap kube-system/${map} of the cluster does not say its ${field}`);
  return value;
}
