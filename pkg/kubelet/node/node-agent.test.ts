import { expect, test } from 'vitest';
import type { Node, NodeStatus } from '../../api/schema/generated/core.v1.gen.ts';
import type { Transport } from '../../client/transport.ts';
import { createClient } from '../../client/typed-client.ts';
import { VirtualClock } from '../../clock/virtual-clock.ts';
import { silentLogger } from '../../logging/logger.ts';
import { FakeRuntime } from '../runtime/fake/fake-runtime.ts';
import { DEFAULT_HEARTBEAT } from './heartbeat.ts';
import { NodeAgent } from './node-agent.ts';

const machine = {
  hostname: 'n1',
  cpus: 2,
  memoryBytes: 1 << 30,
  storageBytes: 1 << 30,
  architecture: 'amd64',
  kernelVersion: '6',
  osImage: 'Linux',
  machineId: 'm',
  systemUuid: 'm',
  bootId: 'b',
  pidLimit: 1000,
  mayLowerOomScore: true,
};
const identity = {
  name: 'n1',
  ips: ['10.0.0.1'],
  podCidr: '10.1.0.0/24',
  maxPods: 110,
  labels: {},
  annotations: {},
  taints: [],
  serverPort: 10_250,
};

/** An agent of a node whose engine can be made silent; `readiness` is what the API server was told last. */
function agentOn(clock: VirtualClock) {
  const runtime = new FakeRuntime({ clock });
  const engine = { isSilent: false };
  const status = runtime.status.bind(runtime);
  runtime.status = () => (engine.isSilent ? new Promise(() => undefined) : status());
  const metadata = { name: 'n1', uid: 'u', creationTimestamp: '', resourceVersion: '1' };
  let node: Node = { apiVersion: 'v1', kind: 'Node', metadata, spec: {}, status: {} };
  let renewals = 0;
  const transport: Transport = {
    request({ method, path, body }) {
      if (path.includes('/leases/')) renewals++;
      else if (method === 'PATCH') {
        const { status: told } = body as { status?: NodeStatus }; // what the agent sends
        node = { ...node, ...(told && { status: told }) };
      }
      return Promise.resolve({ status: 200, warnings: [], body: node });
    },
    watch: () => Promise.reject(new Error('nothing is watched here')),
    stream: () => Promise.reject(new Error('nothing is streamed here')),
    connect: () => Promise.reject(new Error('nothing is connected here')),
    close: () => Promise.resolve(),
  };
  const agent = new NodeAgent({
    client: createClient(transport),
    clock,
    log: silentLogger,
    events: { record: () => undefined, close: () => Promise.resolve() },
    runtime,
    identity,
    machine,
    heartbeat: DEFAULT_HEARTBEAT,
    pressures: () => new Set(),
    heartbeatLost: () => undefined,
    networkReady: () => undefined,
  });
  const readiness = () => {
    const { status: ready, message } = node.status.conditions?.find(({ type }) => type === 'Ready') ?? {};
    return `${ready}: ${message}`;
  };
  return { agent, engine, readiness, renewals: () => renewals };
}

test('a node whose engine accepts calls and does not answer is not ready, and ready again when it does', async () => {
  const clock = new VirtualClock();
  const { agent, engine, readiness, renewals } = agentOn(clock);
  const stop = new AbortController();
  await agent.register(stop.signal);
  const running = agent.run(stop.signal);
  await clock.advance(10_000);
  expect(readiness()).toBe('True: kubelet is posting ready status');
  engine.isSilent = true;
  await clock.advance(131_000);
  expect(readiness()).toBe('False: container runtime is down: no answer within 120 s');
  expect(renewals()).toBe(15);
  engine.isSilent = false;
  await clock.advance(130_000);
  expect(readiness()).toBe('True: kubelet is posting ready status');
  stop.abort();
  await running;
  expect(clock.pending).toBe(0);
});
