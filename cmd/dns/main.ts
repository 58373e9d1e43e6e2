// typekube-dns: the cluster's DNS server on one node.
import { homedir, hostname } from 'node:os';
import { Option } from 'commander';
import { connectCluster } from '../../pkg/client/kubeconfig-transport.ts';
import { createClient } from '../../pkg/client/typed-client.ts';
import { realClock } from '../../pkg/clock/clock.ts';
import { processMetrics } from '../../pkg/metrics/process-metrics.ts';
import { runDns, type DnsHealth } from '../../pkg/network/dns/dns.ts';
import { upstreamAt } from '../../pkg/network/dns/resolv-conf.ts';
import { parseBindAddress, serveStatus } from '../../pkg/network/status-server.ts';
import { runProgram, UsageError } from '../program.ts';

const flags = [
  new Option('--kubeconfig <path>', 'path to the kubeconfig file with the API server to follow'),
  new Option('--hostname-override <name>', 'name of this node; the host name if empty').default(''),
  new Option('--bind-address <addresses>', 'comma-separated addresses to answer at').default('127.0.0.1'),
  new Option('--port <port>', 'port to answer at, UDP and TCP').default('53'),
  new Option('--cluster-domain <domain>', 'domain of the cluster').default('cluster.local'),
  new Option(
    '--cluster-dns <address>',
    'address of the Service kube-system/kube-dns, which this server then keeps; nothing is kept if empty',
  ).default(''),
  new Option('--upstreams <servers>', 'comma-separated servers for other names; those of resolv.conf if empty').default(
    '',
  ),
  new Option('--healthz-bind-address <address>', 'address of /health and /ready; none if empty').default(''),
  new Option('--metrics-bind-address <address>', 'address of /metrics; none if empty').default('127.0.0.1:9153'),
];

await runProgram({
  name: 'typekube-dns',
  summary: 'Answers the names of the cluster and forwards the others.',
  flags,
  async run(values, { log, signal }) {
    const text = (name: string) => {
      const value = values[name];
      return typeof value === 'string' ? value : '';
    };
    const port = Number(text('port'));
    if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new UsageError(`--port ${text('port')} is no port`);
    const upstreams = list(text('upstreams')).map((server) => {
      const [found] = upstreamAt(server);
      if (found === undefined) throw new UsageError(`--upstreams: ${server} is no address of a server`);
      return found;
    });
    const status = text('healthzBindAddress');
    const bind = status === '' ? undefined : parseBindAddress(status, 8080);
    if (status !== '' && bind === undefined) throw new UsageError(`--healthz-bind-address ${status} is no address`);
    const metricsAt = text('metricsBindAddress');
    const metricsBind = metricsAt === '' ? undefined : parseBindAddress(metricsAt, 9153);
    if (metricsAt !== '' && metricsBind === undefined)
      throw new UsageError(`--metrics-bind-address ${metricsAt} is no address`);
    const registry = processMetrics();
    const { transport } = await connectCluster(
      { path: text('kubeconfig'), env: process.env, home: homedir() },
      { userAgent: 'typekube-dns', clock: realClock },
    );
    const health: DnsHealth = { listening: false, synced: false };
    const clusterIp = text('clusterDns');
    const serving = runDns(
      {
        client: createClient(transport),
        clock: realClock,
        random: Math.random,
        log,
        bindAddresses: list(text('bindAddress')),
        port,
        clusterDomain: text('clusterDomain'),
        ...(upstreams.length > 0 && { upstreams }),
        nodeName: text('hostnameOverride') || hostname().toLowerCase(),
        ...(clusterIp !== '' && { register: { clusterIp } }),
        health,
        metrics: registry,
      },
      signal,
    );
    const page = async () => ({ status: 200, body: await registry.metrics(), contentType: registry.contentType });
    // A port that another program has must not keep names from being answered.
    const showing =
      metricsBind === undefined
        ? Promise.resolve()
        : serveStatus(metricsBind, { '/metrics': page }, signal).catch((error: unknown) =>
            log.error('cannot show metrics', { error }),
          );
    const ready = () =>
      health.listening && health.synced ? { status: 200, body: 'OK' } : { status: 503, body: 'not ready\n' };
    const telling =
      bind === undefined
        ? Promise.resolve()
        : serveStatus(
            bind,
            { '/health': () => ({ status: 200, body: 'OK' }), '/healthz': ready, '/ready': ready },
            signal,
          );
    await Promise.all([serving, telling, showing]);
    await transport.close();
  },
});

function list(text: string): string[] {
  return text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
}
