// The DNS server's metrics under CoreDNS' names, so that dashboards and alerts made for it work.
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Upstream } from './resolv-conf.ts';

/** What the parts of the server tell. */
export interface DnsMetrics {
  /** A question was answered. `from`: CoreDNS' plugin that would have answered. */
  answered(
    asked: { readonly transport: 'udp' | 'tcp'; readonly type: string; readonly from: 'kubernetes' | 'forward' },
    reply: Buffer,
    ms: number,
  ): void;
  /** A question for others was found among the kept answers, or was not. */
  lookedUp(found: boolean): void;
  upstream(server: Upstream, reply: Buffer | undefined, ms: number): void;
}

export const noDnsMetrics: DnsMetrics = {
  answered: () => undefined,
  lookedUp: () => undefined,
  upstream: () => undefined,
};

const SECONDS = Array.from({ length: 16 }, (_, power) => 0.00025 * 2 ** power);
/** The server block of CoreDNS' usual configuration, which serves everything. */
const SERVER = { server: 'dns://:53', zone: '.', view: '' };
const TYPES: ReadonlySet<string> = new Set(
  'A AAAA ANY AXFR CNAME DNSKEY DS HTTPS MX NS NSEC NSEC3 PTR RRSIG SOA SRV SVCB TXT'.split(' '),
);
const CODES = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED'];

/** `kept`: how many answers of others are kept now. */
export function createDnsMetrics(registry: Registry, kept: () => number): DnsMetrics {
  const registers = [registry];
  const block = ['server', 'zone', 'view'] as const;
  const requests = new Counter({
    name: 'coredns_dns_requests_total',
    help: 'Counter of DNS requests made per zone, protocol and family.',
    labelNames: [...block, 'proto', 'family', 'type'],
    registers,
  });
  const durations = new Histogram({
    name: 'coredns_dns_request_duration_seconds',
    help: 'Histogram of the time (in seconds) each request took per zone.',
    labelNames: block,
    buckets: SECONDS,
    registers,
  });
  const responses = new Counter({
    name: 'coredns_dns_responses_total',
    help: 'Counter of response status codes.',
    labelNames: [...block, 'rcode', 'plugin'],
    registers,
  });
  const cacheLabels = ['server', 'type', 'zones', 'view'] as const;
  const cache = { server: SERVER.server, zones: SERVER.zone, view: SERVER.view };
  const hits = new Counter({
    name: 'coredns_cache_hits_total',
    help: 'The count of cache hits.',
    labelNames: cacheLabels,
    registers,
  });
  const misses = new Counter({
    name: 'coredns_cache_misses_total',
    help: 'The count of cache misses.',
    labelNames: ['server', 'zones', 'view'],
    registers,
  });
  const entries = new Gauge({
    name: 'coredns_cache_entries',
    help: 'The number of elements in the cache.',
    labelNames: cacheLabels,
    registers: [],
    collect() {
      this.set({ ...cache, type: 'success' }, kept());
    },
  });
  registry.registerMetric(entries);
  const upstreams = new Histogram({
    name: 'coredns_proxy_request_duration_seconds',
    help: 'Histogram of the time each request took.',
    labelNames: ['proxy_name', 'to', 'rcode'],
    buckets: SECONDS,
    registers,
  });
  return {
    answered({ transport, type, from }, reply, ms) {
      requests.inc({ ...SERVER, proto: transport, family: '1', type: TYPES.has(type) ? type : 'other' });
      durations.observe(SERVER, ms / 1000);
      responses.inc({ ...SERVER, rcode: codeOf(reply), plugin: from });
    },
    lookedUp(found) {
      if (found) hits.inc({ ...cache, type: 'success' });
      else misses.inc(cache);
    },
    upstream({ address, port }, reply, ms) {
      const labels = {
        proxy_name: 'forward',
        to: `${address}:${port}`,
        rcode: reply === undefined ? 'SERVFAIL' : codeOf(reply),
      };
      upstreams.observe(labels, ms / 1000);
    },
  };
}

function codeOf(reply: Buffer): string {
  const code = (reply[3] ?? 0) & 0x0f;
  return CODES[code] ?? String(code);
}
