// The files of a pod that the kubelet writes and every container gets: resolv.conf and hosts. Pure texts; the rules are those of
// k8s.io/kubernetes/pkg/kubelet/network/dns and kubelet_pods.go.
import type { Pod } from '../../api/schema/generated/core.v1.gen.ts';
import { isOnNodeNetwork } from './containers.ts';

export interface DnsConfig {
  readonly nameservers: readonly string[];
  readonly searches: readonly string[];
  readonly options: readonly string[];
}

export interface ClusterDns {
  readonly servers: readonly string[];
  readonly domain: string;
}

const MOST_NAMESERVERS = 3;
const MOST_SEARCHES = 32;

export function parseResolvConf(text: string): DnsConfig {
  const nameservers: string[] = [];
  let searches: string[] = [];
  let options: string[] = [];
  for (const line of text.split('\n')) {
    const [keyword, ...words] = line
      .replace(/[#;].*$/, '')
      .trim()
      .split(/\s+/);
    if (keyword === 'nameserver' && words[0] !== undefined) nameservers.push(words[0]);
    // The last search or options line counts, as in the C library.
    if (keyword === 'search') searches = words.map((word) => (word === '.' ? word : word.replace(/\.$/, '')));
    if (keyword === 'options') options = words;
  }
  return { nameservers, searches, options };
}

export function dnsConfigOf(pod: Pod, cluster: ClusterDns, host: DnsConfig): DnsConfig {
  const base = baseConfig(pod, cluster, host);
  const own = pod.spec.dnsConfig;
  const nameservers = unique([...base.nameservers, ...(own?.nameservers ?? [])]);
  const searches = unique([...base.searches, ...(own?.searches ?? [])]);
  const options = new Map(base.options.map((option) => [option.split(':')[0] ?? option, option]));
  for (const { name = '', value } of own?.options ?? []) {
    options.set(name, value === undefined || value === '' ? name : `${name}:${value}`);
  }
  return {
    nameservers: nameservers.slice(0, MOST_NAMESERVERS),
    searches: searches.slice(0, MOST_SEARCHES),
    options: [...options.values()],
  };
}

function baseConfig(pod: Pod, cluster: ClusterDns, host: DnsConfig): DnsConfig {
  const policy = pod.spec.dnsPolicy ?? 'ClusterFirst';
  if (policy === 'None') return { nameservers: [], searches: [], options: [] };
  const fromCluster = (policy === 'ClusterFirst' && !isOnNodeNetwork(pod)) || policy === 'ClusterFirstWithHostNet';
  if (cluster.servers.length === 0) return host;
  if (!fromCluster) return isOnNodeNetwork(pod) ? host : reachable(host, cluster);
  const { domain } = cluster;
  const searches =
    domain === '' ? [] : [`${pod.metadata.namespace ?? 'default'}.svc.${domain}`, `svc.${domain}`, domain];
  return {
    nameservers: cluster.servers,
    searches: unique([...searches, ...host.searches]),
    options: ['ndots:5'],
  };
}

/**
 * Name servers on the node's loopback (the engine's in a container, systemd-resolved's) answer nobody in a pod's network. The
 * cluster's server asks them from the node, so it takes their place.
 */
function reachable(host: DnsConfig, { servers }: ClusterDns): DnsConfig {
  const nameservers = host.nameservers.flatMap((server) => (/^127\.|^::1$/.test(server) ? servers : [server]));
  return { ...host, nameservers: unique(nameservers) };
}

export function resolvConfText({ nameservers, searches, options }: DnsConfig): string {
  return [
    ...(searches.length > 0 ? [`search ${searches.join(' ')}`] : []),
    ...nameservers.map((server) => `nameserver ${server}`),
    ...(options.length > 0 ? [`options ${options.join(' ')}`] : []),
    '',
  ].join('\n');
}

/** The pod's host name and the domain that makes it a full one; '' when it has none. */
export function hostnameOf(pod: Pod, clusterDomain: string): { hostname: string; domain: string } {
  const hostname = (pod.spec.hostname ?? '') === '' ? pod.metadata.name.slice(0, 63) : (pod.spec.hostname ?? '');
  const subdomain = pod.spec.subdomain ?? '';
  const domain = subdomain === '' ? '' : `${subdomain}.${pod.metadata.namespace ?? 'default'}.svc.${clusterDomain}`;
  return { hostname: hostname.replace(/[-.]+$/, ''), domain };
}

/** What the sandbox calls itself: with setHostnameAsFQDN the full name. */
export function sandboxHostname(pod: Pod, clusterDomain: string): string {
  if ((pod.spec.hostnameOverride ?? '') !== '') return pod.spec.hostnameOverride ?? '';
  const { hostname, domain } = hostnameOf(pod, clusterDomain);
  return pod.spec.setHostnameAsFQDN === true && domain !== '' ? `${hostname}.${domain}` : hostname;
}

export function hostsText(pod: Pod, podIps: readonly string[], clusterDomain: string, hostFile: string): string {
  const aliases = (pod.spec.hostAliases ?? []).map(({ ip, hostnames = [] }) => `${ip}\t${hostnames.join('\t')}`);
  const aliasPart = aliases.length === 0 ? '' : `\n# Entries added by HostAliases.\n${aliases.join('\n')}\n`;
  if (isOnNodeNetwork(pod)) return `# Kubernetes-managed hosts file (host network).\n${hostFile}${aliasPart}`;
  const { hostname, domain } = hostnameOf(pod, clusterDomain);
  const own = podIps.map((ip) => `${ip}\t${domain === '' ? '' : `${hostname}.${domain}\t`}${hostname}`);
  return `# Kubernetes-managed hosts file.
127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::0\tip6-localnet
fe00::0\tip6-mcastprefix
fe00::1\tip6-allnodes
fe00::2\tip6-allrouters
${own.join('\n')}
${aliasPart}`;
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}
