// How long a change of one Service takes from the API to the kernel while there are many: an API server, the proxy of this
// process with its rules in a network namespace, and a client there as the witness. Everything ends with its owner.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { endpointSlices, services } from '../../pkg/api/resources.ts';
import type { EndpointSlice } from '../../pkg/api/schema/generated/discovery.v1.gen.ts';
import type { Draft } from '../../pkg/api/schema/resource-type.ts';
import { httpsTransport } from '../../pkg/client/https-transport.ts';
import { createClient } from '../../pkg/client/typed-client.ts';
import { realClock } from '../../pkg/clock/clock.ts';
import { silentLogger } from '../../pkg/logging/logger.ts';
import { runHostCommand, type RunHostCommand } from '../../pkg/network/host-command.ts';
import { runProxy } from '../../pkg/network/proxy/proxy.ts';
import { startApiServer } from '../support/api-server.ts';
import { ip } from './namespaces.ts';

const NAMESPACE = 'tknet-meter';
const AT_ONCE = 32;
const WITHIN_MS = 10_000;
const LOADED_WITHIN_MS = 120_000;

export interface MeasuredChanges {
  /** From before the request to the first connection that is led to the new endpoint, in milliseconds, sorted. */
  readonly times: readonly number[];
}

/** Moves an endpoint of one of `count` Services with two endpoints each, `changes` times. */
export async function measureServiceChanges(count: number, changes: number): Promise<MeasuredChanges> {
  await using owned = new AsyncDisposableStack();
  const api = owned.use(await startApiServer({}));
  const transport = httpsTransport({
    server: new URL(api.url),
    ca: readFileSync(api.caFile, 'utf8'),
    token: api.token,
  });
  owned.defer(() => transport.close());
  const client = createClient(transport);
  await runHostCommand(['ip', 'netns', 'del', NAMESPACE]);
  await ip('netns', 'add', NAMESPACE);
  const inNamespace = (...args: string[]) => ip('-n', NAMESPACE, ...args);
  await inNamespace('link', 'set', 'lo', 'up');
  // Every address of endpoints is here.
  await inNamespace('addr', 'add', '10.244.0.0/15', 'dev', 'lo');
  await inNamespace('route', 'add', 'default', 'dev', 'lo');
  owned.defer(async () => void (await runHostCommand(['ip', 'netns', 'del', NAMESPACE])));
  const slices = client.resource(endpointSlices);
  await inParallel(count, async (index) => {
    const name = `s${index}`;
    const spec = { ports: [{ port: 80, protocol: 'TCP' }] };
    await client
      .resource(services)
      .create({ apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: 'default' }, spec });
    await slices.create(sliceOf(name, `10.244.${index % 200}.1`));
  });

  const inside: RunHostCommand = ([program, ...args], options, signal) =>
    runHostCommand(['ip', 'netns', 'exec', NAMESPACE, program, ...args], options, signal);
  const stop = new AbortController();
  const running = runProxy(
    {
      client,
      clock: realClock,
      random: Math.random,
      log: silentLogger,
      nodeName: 'meter',
      nodeIps: [],
      localhostNodePorts: false,
      run: inside,
      // Nothing is sent here; what the kernel forwards does not matter.
      sysctls: { read: () => Promise.resolve('1'), set: () => Promise.resolve(true) },
      sessionCommand: ['ip', 'netns', 'exec', NAMESPACE, 'nft', '-i'],
    },
    stop.signal,
  );
  owned.defer(async () => {
    stop.abort();
    await running;
  });
  const last = `cluster-default/s${count - 1}/tcp/p80`;
  const deadline = Date.now() + LOADED_WITHIN_MS;
  while ((await inside(['nft', 'list', 'chain', 'ip', 'typekube-proxy', last])).outcome !== 'done') {
    if (Date.now() > deadline) throw new Error('the rules were not written');
    await Promise.race([running, realClock.sleep(200)]);
  }

  const program = fileURLToPath(new URL('change-probe-program.ts', import.meta.url));
  const witness = spawn('ip', ['netns', 'exec', NAMESPACE, process.execPath, program], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  owned.defer(async () => {
    const ended = once(witness, 'close');
    witness.kill();
    await ended;
  });
  const answered = new Map<string, PromiseWithResolvers<number>>();
  const firstAnswerOf = (address: string): PromiseWithResolvers<number> => {
    const known = answered.get(address) ?? Promise.withResolvers<number>();
    answered.set(address, known);
    return known;
  };
  createInterface({ input: witness.stdout }).on('line', (line) => {
    const [address = '', at] = line.split(' ');
    firstAnswerOf(address).resolve(Number(at));
  });
  await soon(firstAnswerOf('listening').promise, 'the witness listens');
  const times: number[] = [];
  for (let turn = 0; turn <= changes; turn++) {
    const name = `s${Math.floor((count * (turn + 1)) / (changes + 2))}`;
    const [before, after] = [`10.245.${turn}.1`, `10.245.${turn}.2`];
    const move = async (address: string) => {
      const current = await slices.get({ namespace: 'default', name });
      const from = performance.timeOrigin + performance.now();
      await slices.update({ ...current, endpoints: sliceOf(name, address).endpoints });
      return (await soon(firstAnswerOf(address).promise, `${address} answers`)) - from;
    };
    const { spec } = await client.resource(services).get({ namespace: 'default', name });
    witness.stdin.write(`${spec.clusterIP}\n`);
    await move(before);
    const took = await move(after);
    // The first one starts processes that stay.
    if (turn > 0) times.push(took);
  }
  return { times: times.toSorted((a, b) => a - b) };
}

async function soon<T>(happens: Promise<T>, what: string): Promise<T> {
  const stop = new AbortController();
  const late = realClock.sleep(WITHIN_MS, stop.signal).then(() => {
    throw new Error(`not within ${WITHIN_MS / 1000} seconds: ${what}`);
  });
  try {
    return await Promise.race([happens, late]);
  } finally {
    late.catch(() => undefined);
    stop.abort();
  }
}

function sliceOf(service: string, address: string): Draft<EndpointSlice> & Pick<EndpointSlice, 'endpoints'> {
  const conditions = { ready: true, serving: true, terminating: false };
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: service, namespace: 'default', labels: { 'kubernetes.io/service-name': service } },
    addressType: 'IPv4',
    endpoints: [address, '10.244.201.1'].map((one) => ({ addresses: [one], conditions })),
    ports: [{ name: '', port: 8080, protocol: 'TCP' }],
  };
}

async function inParallel(count: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (next < count) await work(next++);
    }),
  );
}
