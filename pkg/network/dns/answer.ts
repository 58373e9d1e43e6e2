// Answers a question about the cluster's own names. Pure: same zone, same question, same answer.
// Rules: https://github.com/kubernetes/dns/blob/master/docs/specification.md (1.1.0) and CoreDNS' kubernetes plugin.
import { isIPv4, isIPv6 } from 'node:net';
import type { Answer, DnsRecord, Question, ResponseCode } from './records.ts';
import { addressOfReverseName, reverseName } from './reverse-name.ts';
import type { Zone, ZoneEndpoint, ZonePort, ZoneService } from './zone.ts';

export interface ZoneView {
  readonly zone: Zone;
  /** `cluster.local`. */
  readonly domain: string;
  /** Changes whenever the zone does; goes into SOA. */
  readonly serial: number;
  /** False while the zone is still being read: what is not in it may exist all the same. */
  readonly complete: boolean;
}

/** Seconds that an answer may be kept: pods come and go, and asking here again costs next to nothing. */
export const TTL = 5;

/** Version of the specification that is followed, as `dns-version` tells. */
const SPECIFICATION = '1.1.0';

interface Found {
  readonly answers: readonly DnsRecord[];
  readonly additionals?: readonly DnsRecord[];
  readonly chase?: string;
}

export function answer(question: Question, view: ZoneView): Answer {
  const found = answerFrom(question, view);
  if (view.complete || found.from === 'elsewhere' || found.answers.length > 0) return found;
  return { from: 'cluster', code: 'SERVFAIL', answers: [], authorities: [], additionals: [] };
}

function answerFrom(question: Question, view: ZoneView): Answer {
  const name = question.name.toLowerCase();
  const { domain } = view;
  if (name === domain) return atApex(question, view);
  if (name.endsWith(`.${domain}`)) {
    const labels = name.slice(0, -domain.length - 1).split('.');
    const found = inDomain(question, labels, view);
    return found === undefined ? refuse('NXDOMAIN', view) : reply(found, view);
  }
  const address = addressOfReverseName(name);
  return address === undefined ? { from: 'elsewhere' } : reverse(question, address, view);
}

/** Undefined: no such name. Without answers: the name exists, but not with this type. */
function inDomain(question: Question, labels: readonly string[], view: ZoneView): Found | undefined {
  const kind = labels.at(-1) ?? '';
  const rest = labels.slice(0, -1);
  switch (kind) {
    case 'svc':
      return ofServices(question, rest, view);
    case 'pod':
      return ofPods(question, rest, view);
    case 'dns-version':
      if (rest.length > 0) return undefined;
      return { answers: question.type === 'TXT' ? [record('TXT', question.name, SPECIFICATION)] : [] };
    case 'dns':
      // The name server that SOA and NS name; it has no address of its own here.
      return rest.length === 0 || (rest.length === 1 && rest[0] === 'ns') ? { answers: [] } : undefined;
    default:
      return undefined;
  }
}

/** `[[<endpoint>|_<port>._<protocol>].]<service>.<namespace>.svc` */
function ofServices(question: Question, labels: readonly string[], view: ZoneView): Found | undefined {
  const [namespace, name, ...before] = labels.toReversed();
  if (namespace === undefined) return { answers: [] };
  if (name === undefined) return view.zone.hasNamespace(namespace) ? { answers: [] } : undefined;
  const service = view.zone.service(namespace, name);
  if (service === undefined) return undefined;
  const [first, second] = before;
  if (before.length > 2) return undefined;
  if (first === undefined) return ofService(question, service, () => true, view);
  if (second === undefined && !first.startsWith('_')) return ofEndpoint(question, service, first, view);
  // Read from the right, the protocol comes first: `_http._tcp`.
  if (second === undefined || !first.startsWith('_') || !second.startsWith('_')) return undefined;
  const wanted = (port: ZonePort) => port.protocol === first.slice(1) && port.name === second.slice(1);
  return ofService(question, service, wanted, view);
}

function ofService(
  question: Question,
  service: ZoneService,
  wanted: (port: ZonePort) => boolean,
  view: ZoneView,
): Found | undefined {
  const base = `${service.name}.${service.namespace}.svc.${view.domain}`;
  switch (service.kind) {
    case 'external-name': {
      // An address cannot stand in a CNAME.
      if (isIPv4(service.externalName) || isIPv6(service.externalName) || service.externalName === '')
        return { answers: [] };
      const cname = record('CNAME', question.name, service.externalName);
      return { answers: [cname], ...(question.type !== 'CNAME' && { chase: service.externalName }) };
    }
    case 'cluster-ip': {
      const ports = service.ports.filter(wanted);
      if (ports.length === 0) return undefined;
      if (question.type !== 'SRV') return { answers: addresses(question.name, question.type, service.clusterIps) };
      return {
        answers: ports.map(({ port }) => srv(question.name, port, base, Math.floor(100 / ports.length))),
        additionals: everyAddress(base, service.clusterIps),
      };
    }
    case 'headless': {
      const pairs = view.zone.endpoints(service).flatMap((endpoint) =>
        portsOf(endpoint)
          .filter(wanted)
          .map((port) => ({ endpoint, port })),
      );
      if (pairs.length === 0) return undefined;
      const endpoints = [...new Set(pairs.map(({ endpoint }) => endpoint))];
      const listed = endpoints.flatMap((endpoint) => endpoint.addresses);
      if (question.type !== 'SRV') return { answers: addresses(question.name, question.type, listed) };
      const weight = Math.max(1, Math.floor(100 / pairs.length));
      return {
        answers: unique(
          pairs
            .filter(({ port }) => port.port > 0)
            .map(({ endpoint, port }) => srv(question.name, port.port, `${endpoint.label}.${base}`, weight)),
        ),
        additionals: endpoints.flatMap((endpoint) => everyAddress(`${endpoint.label}.${base}`, endpoint.addresses)),
      };
    }
  }
}

function ofEndpoint(question: Question, service: ZoneService, label: string, view: ZoneView): Found | undefined {
  if (service.kind === 'external-name') return undefined;
  const endpoints = view.zone.endpoints(service).filter((endpoint) => endpoint.label === label);
  if (endpoints.length === 0) return undefined;
  const listed = endpoints.flatMap((endpoint) => endpoint.addresses);
  if (question.type !== 'SRV') return { answers: addresses(question.name, question.type, listed) };
  const target = `${label}.${service.name}.${service.namespace}.svc.${view.domain}`;
  const ports = endpoints.flatMap(portsOf).filter(({ port }) => port > 0);
  return {
    answers: unique(ports.map(({ port }) => srv(question.name, port, target, Math.floor(100 / ports.length)))),
    additionals: everyAddress(target, listed),
  };
}

/** `1-2-3-4.<namespace>.pod`: the address is in the name; only the namespace is checked. */
function ofPods(question: Question, labels: readonly string[], view: ZoneView): Found | undefined {
  const [namespace, pod, ...more] = labels.toReversed();
  if (namespace === undefined) return { answers: [] };
  if (!view.zone.hasNamespace(namespace)) return undefined;
  if (pod === undefined) return { answers: [] };
  if (more.length > 0) return undefined;
  const dotted = pod.replaceAll('-', '.');
  const coloned = pod.replaceAll('-', ':');
  const address = isIPv4(dotted) ? dotted : isIPv6(coloned) ? coloned : undefined;
  return address === undefined ? undefined : { answers: addresses(question.name, question.type, [address]) };
}

function reverse(question: Question, address: string, view: ZoneView): Answer {
  const service = view.zone.serviceOfClusterIp(address);
  const names = service === undefined ? view.zone.endpointNames(address) : [`${service.name}.${service.namespace}`];
  // Addresses of others are others' to name.
  if (names.length === 0) return { from: 'elsewhere' };
  const answers =
    question.type === 'PTR' || question.type === 'ANY'
      ? names.map((name) => record('PTR', question.name, `${name}.svc.${view.domain}`))
      : [];
  const authorities = answers.length > 0 ? [] : [{ ...soa(view), name: reverseName(address) }];
  return { from: 'cluster', code: 'NOERROR', answers, authorities, additionals: [] };
}

function atApex(question: Question, view: ZoneView): Answer {
  if (question.type === 'SOA') return reply({ answers: [{ ...soa(view), name: question.name }] }, view);
  if (question.type === 'NS') return reply({ answers: [record('NS', question.name, `ns.dns.${view.domain}`)] }, view);
  return reply({ answers: [] }, view);
}

function reply({ answers, additionals = [], chase }: Found, view: ZoneView): Answer {
  return {
    from: 'cluster',
    code: 'NOERROR',
    answers,
    authorities: answers.length > 0 ? [] : [soa(view)],
    additionals,
    ...(chase !== undefined && { chase }),
  };
}

function refuse(code: ResponseCode, view: ZoneView): Answer {
  return { from: 'cluster', code, answers: [], authorities: [soa(view)], additionals: [] };
}

function soa({ domain, serial }: ZoneView): DnsRecord {
  return {
    type: 'SOA',
    name: domain,
    ttl: TTL,
    data: {
      mname: `ns.dns.${domain}`,
      rname: `hostmaster.${domain}`,
      serial,
      refresh: 7200,
      retry: 1800,
      expire: 86_400,
      minimum: TTL,
    },
  };
}

/** An endpoint of a Service without ports has an address all the same. */
function portsOf(endpoint: ZoneEndpoint): readonly ZonePort[] {
  return endpoint.ports.length > 0 ? endpoint.ports : [{ name: '', protocol: '', port: 0 }];
}

function addresses(name: string, type: string, ips: readonly string[]): DnsRecord[] {
  return [...new Set(ips)].flatMap((ip) => {
    const own = isIPv4(ip) ? 'A' : 'AAAA';
    return type === own || type === 'ANY' ? [record(own, name, ip)] : [];
  });
}

function everyAddress(name: string, ips: readonly string[]): DnsRecord[] {
  return addresses(name, 'ANY', ips);
}

function record(type: 'A' | 'AAAA' | 'CNAME' | 'PTR' | 'NS' | 'TXT', name: string, data: string): DnsRecord {
  return { type, name, ttl: TTL, data };
}

function srv(name: string, port: number, target: string, weight: number): DnsRecord {
  return { type: 'SRV', name, ttl: TTL, data: { priority: 0, weight, port, target } };
}

function unique(records: readonly DnsRecord[]): DnsRecord[] {
  return [...new Map(records.map((one) => [JSON.stringify(one), one])).values()];
}
