import { describe, expect, test } from 'vitest';
import { parseFlows, staleFlows, type Flow, type UdpPort } from './udp-flows.ts';

const LISTING = `udp      17 29 src=10.244.0.5 dst=10.96.0.10 sport=40000 dport=53 src=10.244.0.9 dst=10.244.0.5 sport=53 dport=40000 [ASSURED] mark=0 use=1
udp      17 12 src=192.0.2.9 dst=192.0.2.1 sport=40001 dport=30053 [UNREPLIED] src=192.0.2.1 dst=192.0.2.9 sport=30053 dport=40001 mark=0 use=1
nonsense
`;

test('reads what conntrack lists', () => {
  expect(parseFlows(LISTING)).toEqual([
    flow({ source: '10.244.0.5', sourcePort: 40_000, answerer: '10.244.0.9', answererPort: 53 }),
    flow({
      source: '192.0.2.9',
      sourcePort: 40_001,
      destination: '192.0.2.1',
      destinationPort: 30_053,
      answerer: '192.0.2.1',
      answererPort: 30_053,
    }),
  ]);
});

describe('a flow', () => {
  const port: UdpPort = {
    addresses: ['10.96.0.10'],
    port: 53,
    nodePort: 30_053,
    endpoints: new Set(['10.244.0.8:53']),
  };
  const empty: UdpPort = { ...port, endpoints: new Set() };
  const nodePort = { destination: '192.0.2.1', destinationPort: 30_053 };
  const untranslated = { answerer: '10.96.0.10', answererPort: 53 };

  test.each([
    { name: 'to an endpoint that is there stays', flow: { answerer: '10.244.0.8' }, port, stale: false },
    { name: 'to an endpoint that is gone goes', flow: { answerer: '10.244.0.9' }, port, stale: true },
    { name: 'to another port of an endpoint goes', flow: { answererPort: 54 }, port, stale: true },
    { name: 'untranslated goes once there is an endpoint', flow: untranslated, port, stale: true },
    { name: 'untranslated stays while there is none', flow: untranslated, port: empty, stale: false },
    { name: 'to an address of nobody stays', flow: { destination: '10.96.0.11' }, port, stale: false },
    { name: 'to a node port goes with its endpoint', flow: { ...nodePort, answerer: '10.244.0.9' }, port, stale: true },
    {
      name: 'to the same port of another host stays',
      flow: { destination: '203.0.113.7', destinationPort: 30_053, answerer: '203.0.113.7', answererPort: 30_053 },
      port,
      stale: false,
    },
    {
      name: 'untranslated to a node port of this host goes',
      flow: { ...nodePort, answerer: '192.0.2.1', answererPort: 30_053 },
      port,
      stale: true,
    },
  ])('$name', ({ flow: part, port, stale }) => {
    expect(staleFlows([flow(part)], [port], new Set(['192.0.2.1']))).toHaveLength(stale ? 1 : 0);
  });
});

function flow(part: Partial<Flow>): Flow {
  return {
    source: '10.244.0.5',
    sourcePort: 40_000,
    destination: '10.96.0.10',
    destinationPort: 53,
    answerer: '10.244.0.8',
    answererPort: 53,
    ...part,
  };
}
