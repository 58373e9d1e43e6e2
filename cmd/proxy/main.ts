// typekube-proxy: Services in the kernel of one node, and the host's side of its pod network.
import { readFile } from 'node:fs/promises';
import { homedir, hostname } from 'node:os';
import { Option } from 'commander';
import { connectCluster } from '../../pkg/client/kubeconfig-transport.ts';
import { meteredTransport } from '../../pkg/client/client-metrics.ts';
import { createClient } from '../../pkg/client/typed-client.ts';
import { realClock } from '../../pkg/clock/clock.ts';
import { HealthSlis } from '../../pkg/metrics/health-slis.ts';
import { componentMetrics } from '../../pkg/metrics/process-metrics.ts';
import { ApiContact } from '../../pkg/network/announce/api-contact.ts';
import { nodeStatusPages } from '../../pkg/network/node-status.ts';
import { removeNodeNetwork, runNodeNetwork } from '../../pkg/network/node-network.ts';
import { DEFAULT_BRIDGE } from '../../pkg/network/podnet/pod-network.ts';
import { parseProxyConfig, type ProxyConfig } from '../../pkg/network/proxy/proxy-config.ts';
import { ProxyHealth } from '../../pkg/network/proxy/proxy-health.ts';
import { runProxy } from '../../pkg/network/proxy/proxy.ts';
import { PROXY_TABLE } from '../../pkg/network/proxy/rules.ts';
import { parseBindAddress, serveStatus, type BindAddress, type StatusPages } from '../../pkg/network/status-server.ts';
import { runProgram, UsageError } from '../program.ts';

const flags = [
  new Option('--kubeconfig <path>', 'path to the kubeconfig file with the API server to follow'),
  new Option('--config <path>', 'path to a KubeProxyConfiguration; flags that are given go before it'),
  new Option('--hostname-override <name>', 'name of this node; the host name if empty'),
  new Option('--cluster-cidr <cidr>', 'addresses of the pods of the whole cluster'),
  new Option('--node-ip <addresses>', 'comma-separated addresses of this node besides those of its Node object'),
  new Option('--masquerade-all', 'masquerade everything sent to Service cluster IPs'),
  new Option('--nodeport-addresses <cidrs>', 'comma-separated CIDRs of the local addresses that node ports answer at'),
  new Option('--proxy-mode <mode>', 'only nftables').default('nftables'),
  new Option(
    '--pod-bridge <device>',
    'bridge of the pods, whose host side is kept; empty: another program does',
  ).default(DEFAULT_BRIDGE),
  new Option('--nft-table <name>', 'kernel table of the Service rules').default(PROXY_TABLE),
  new Option('--healthz-bind-address <address>', 'address of /healthz and /livez; none if empty'),
  new Option('--metrics-bind-address <address>', 'address of /metrics and /proxyMode; none if empty'),
  new Option('--cleanup', 'remove all kernel rules of this program and exit'),
];

await runProgram({
  name: 'typekube-proxy',
  summary: 'Leads connections to Services to their endpoints by kernel rules.',
  flags,
  async run(values, { log, signal }) {
    const given = (name: string) => {
      const value = values[name];
      return typeof value === 'string' ? value : undefined;
    };
    const bridge = given('podBridge') ?? '';
    const tableName = given('nftTable') ?? PROXY_TABLE;
    if (values['cleanup'] === true) {
      await removeNodeNetwork({ tableName, bridge: bridge || DEFAULT_BRIDGE });
      return;
    }
    if ((given('proxyMode') ?? '') !== '' && given('proxyMode') !== 'nftables')
      throw new UsageError(`--proxy-mode ${given('proxyMode')}: only nftables is known`);
    const config = await configOf(given('config'));
    const healthz = bindAddress(
      '--healthz-bind-address',
      given('healthzBindAddress') ?? config.healthzBindAddress,
      10_256,
    );
    const metricsAt = bindAddress(
      '--metrics-bind-address',
      given('metricsBindAddress') ?? config.metricsBindAddress,
      10_249,
    );
    const { transport } = await connectCluster(
      { path: given('kubeconfig') ?? config.kubeconfig, env: process.env, home: homedir() },
      { userAgent: 'typekube-proxy', clock: realClock },
    );
    const nodeName = (given('hostnameOverride') ?? config.hostnameOverride) || hostname().toLowerCase();
    const clusterCidr = given('clusterCidr') ?? config.clusterCidr;
    const health = new ProxyHealth(realClock);
    const registry = componentMetrics();
    const client = createClient(meteredTransport(transport, { registry, clock: realClock }));
    const apiContact = new ApiContact(realClock);
    const slis = new HealthSlis();
    const metricsPages: StatusPages = {
      '/healthz': () => ({ status: 200, body: 'ok' }),
      '/proxyMode': () => ({ status: 200, body: 'nftables' }),
      '/metrics/slis': () => ({ status: 200, body: slis.text(), contentType: registry.contentType }),
      '/metrics': async () => ({ status: 200, body: await registry.metrics(), contentType: registry.contentType }),
    };
    // A port that another program has must not keep Services from working.
    const tell = async (bind: BindAddress | undefined, pages: StatusPages) => {
      if (bind === undefined) return;
      await serveStatus(bind, pages, signal).catch((error: unknown) => log.error('cannot tell how it is', { error }));
    };
    const proxy = {
      tableName,
      masqueradeAll: values['masqueradeAll'] === true || config.masqueradeAll,
      nodePortAddresses:
        values['nodeportAddresses'] === undefined ? config.nodePortAddresses : list(given('nodeportAddresses') ?? ''),
      health,
      metrics: registry,
    };
    const node = { client, clock: realClock, random: Math.random, log, nodeName, nodeIps: list(given('nodeIp') ?? '') };
    await Promise.all([
      bridge === '' || clusterCidr === ''
        ? runProxy({ ...node, ...proxy, ...(clusterCidr !== '' && { clusterCidr }) }, signal)
        : runNodeNetwork({ ...node, clusterCidr, bridge, proxy, apiContact }, signal),
      tell(healthz, nodeStatusPages(health, apiContact, slis)),
      tell(metricsAt, metricsPages),
    ]);
    await transport.close();
  },
});

async function configOf(path: string | undefined): Promise<ProxyConfig> {
  let text = '';
  try {
    if (path !== undefined) text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new UsageError(`--config: cannot read ${path}`, { cause });
  }
  const parsed = parseProxyConfig(text);
  if (!parsed.ok) throw new UsageError(`--config ${path}: ${parsed.message}`);
  return parsed.config;
}

function bindAddress(flag: string, text: string, defaultPort: number): BindAddress | undefined {
  if (text === '') return undefined;
  const found = parseBindAddress(text, defaultPort);
  if (found === undefined) throw new UsageError(`${flag} ${text} is no address`);
  return found;
}

function list(text: string): string[] {
  return text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
}
