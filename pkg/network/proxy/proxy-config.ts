// The part of KubeProxyConfiguration (kubeproxy.config.k8s.io/v1alpha1) that this proxy acts on. Fields that are about
// other ways to proxy are accepted and have no effect. Pure.
import { parse } from 'yaml';

export interface ProxyConfig {
  readonly kubeconfig: string;
  readonly hostnameOverride: string;
  readonly clusterCidr: string;
  readonly masqueradeAll: boolean;
  readonly nodePortAddresses: readonly string[];
  readonly healthzBindAddress: string;
  readonly metricsBindAddress: string;
}

export type ParsedConfig =
  | { readonly ok: true; readonly config: ProxyConfig }
  | { readonly ok: false; readonly message: string };

const KIND = 'KubeProxyConfiguration';
const API_VERSION = 'kubeproxy.config.k8s.io/v1alpha1';

/** Empty text gives Kubernetes' defaults. */
export function parseProxyConfig(text: string): ParsedConfig {
  let value: unknown;
  try {
    value = parse(text) ?? {};
  } catch (error) {
    return { ok: false, message: error instanceof Error ? error.message : String(error) };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { ok: false, message: 'it is not an object' };
  const kind = at(value, ['kind']);
  const apiVersion = at(value, ['apiVersion']);
  if (text.trim() !== '' && (kind !== KIND || apiVersion !== API_VERSION))
    return { ok: false, message: `it must be a ${KIND} of ${API_VERSION}` };
  const mode = at(value, ['mode']);
  if (mode !== undefined && mode !== '' && mode !== 'nftables')
    return { ok: false, message: `mode ${JSON.stringify(mode)} is not known: only nftables` };
  const problems: string[] = [];
  const string = (path: readonly string[], otherwise: string): string => {
    const found = at(value, path) ?? otherwise;
    if (typeof found === 'string') return found;
    problems.push(`${path.join('.')} must be a string`);
    return otherwise;
  };
  const masquerade = at(value, ['nftables', 'masqueradeAll']) ?? at(value, ['iptables', 'masqueradeAll']) ?? false;
  if (typeof masquerade !== 'boolean') problems.push('masqueradeAll must be true or false');
  const addresses = at(value, ['nodePortAddresses']) ?? [];
  const listed = Array.isArray(addresses) ? addresses.filter((one) => typeof one === 'string') : undefined;
  if (listed === undefined || (Array.isArray(addresses) && listed.length !== addresses.length))
    problems.push('nodePortAddresses must be a list of CIDRs');
  const config: ProxyConfig = {
    kubeconfig: string(['clientConnection', 'kubeconfig'], ''),
    hostnameOverride: string(['hostnameOverride'], ''),
    clusterCidr: string(['clusterCIDR'], ''),
    masqueradeAll: masquerade === true,
    nodePortAddresses: listed ?? [],
    healthzBindAddress: string(['healthzBindAddress'], '0.0.0.0:10256'),
    metricsBindAddress: string(['metricsBindAddress'], '127.0.0.1:10249'),
  };
  const [problem] = problems;
  return problem === undefined ? { ok: true, config } : { ok: false, message: problem };
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, name) =>
      typeof inner === 'object' && inner !== null && name in inner ? Reflect.get(inner, name) : undefined,
    value,
  );
}
