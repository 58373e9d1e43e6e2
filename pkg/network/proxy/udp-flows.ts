// UDP has no end of connection: the kernel goes on sending a client's packets to the endpoint it once chose, also when that
// endpoint is gone, and unanswered packets to a Service stay untranslated after its first endpoint appears. This finds such
// flows in the kernel's connection table. Pure. Rule: k8s.io/kubernetes/pkg/proxy/conntrack/cleanup.go.
import type { ProxyEndpoint, ServicePort } from './service-port.ts';

export interface Flow {
  readonly source: string;
  readonly sourcePort: number;
  readonly destination: string;
  readonly destinationPort: number;
  /** Who answers, as the translation has it; the destination itself when nothing is translated. */
  readonly answerer: string;
  readonly answererPort: number;
}

export interface UdpPort {
  readonly addresses: readonly string[];
  readonly port: number;
  readonly nodePort: number;
  /** `address:port` of those that may still answer. */
  readonly endpoints: ReadonlySet<string>;
}

/** Undefined for ports of other protocols. */
export function udpPortOf(port: ServicePort, endpoints: readonly ProxyEndpoint[]): UdpPort | undefined {
  if (port.protocol !== 'udp') return undefined;
  return {
    addresses: [...port.clusterIps, ...port.externalIps, ...port.loadBalancerIps],
    port: port.port,
    nodePort: port.nodePort,
    endpoints: new Set(
      endpoints.filter(({ ready, serving }) => ready || serving).map(({ address, port }) => `${address}:${port}`),
    ),
  };
}

/** Flows to these ports that no endpoint of theirs would answer. `localAddresses`: where node ports are reached. */
export function staleFlows(
  flows: readonly Flow[],
  ports: Iterable<UdpPort>,
  localAddresses: ReadonlySet<string>,
): Flow[] {
  const byAddress = new Map<string, UdpPort>();
  const byNodePort = new Map<number, UdpPort>();
  for (const port of ports) {
    for (const address of port.addresses) byAddress.set(`${address}:${port.port}`, port);
    if (port.nodePort > 0) byNodePort.set(port.nodePort, port);
  }
  return flows.filter((flow) => {
    const translated = flow.answerer !== flow.destination || flow.answererPort !== flow.destinationPort;
    const direct = byAddress.get(`${flow.destination}:${flow.destinationPort}`);
    // A port number alone says little: other hosts use it too. Being translated, or sent to this node, makes it ours.
    const nodePort =
      translated || localAddresses.has(flow.destination) ? byNodePort.get(flow.destinationPort) : undefined;
    const port = direct ?? nodePort;
    if (port === undefined) return false;
    if (!translated) return port.endpoints.size > 0;
    return !port.endpoints.has(`${flow.answerer}:${flow.answererPort}`);
  });
}

/** Reads `conntrack -L -p udp`; lines in another form are passed over. */
export function parseFlows(listing: string): Flow[] {
  const flows: Flow[] = [];
  for (const line of listing.split('\n')) {
    const fields: Record<string, string[]> = {};
    for (const [, name = '', value = ''] of line.matchAll(/\b(src|dst|sport|dport)=(\S+)/g))
      (fields[name] ??= []).push(value);
    const [source, answerer] = fields['src'] ?? [];
    const [destination] = fields['dst'] ?? [];
    const [sourcePort, answererPort] = fields['sport'] ?? [];
    const [destinationPort] = fields['dport'] ?? [];
    if (source === undefined || destination === undefined || answerer === undefined) continue;
    flows.push({
      source,
      sourcePort: Number(sourcePort),
      destination,
      destinationPort: Number(destinationPort),
      answerer,
      answererPort: Number(answererPort),
    });
  }
  return flows;
}
