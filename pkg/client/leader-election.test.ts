import { describe, expect, test } from 'vitest';
import { alreadyExists, conflict, notFound } from '../api/meta/status.ts';
import { leases } from '../api/resources.ts';
import type { Lease } from '../api/schema/generated/coordination.v1.gen.ts';
import { VirtualClock } from '../clock/virtual-clock.ts';
import { silentLogger } from '../logging/logger.ts';
import { LeadershipLostError, nextLeaseStep, runAsLeader } from './leader-election.ts';
import { UnreachableError, type Transport } from './transport.ts';
import { createClient } from './typed-client.ts';

const START = Date.parse('2026-01-01T00:00:00Z');

function lease(holderIdentity: string, more: Partial<Lease['spec']> = {}): Lease {
  const metadata = { name: 'l', namespace: 'ns', uid: 'u', resourceVersion: '1', creationTimestamp: '' };
  const spec = { holderIdentity, leaseDurationSeconds: 15, leaseTransitions: 3, ...more };
  return { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec };
}

describe('the next step of a candidate', () => {
  const candidate = { identity: 'me', leaseDurationMs: 15_000 };
  test.each([
    {
      name: 'makes a lease that is not there',
      held: undefined,
      ageMs: 0,
      want: { do: 'create', holder: 'me', transitions: 0 },
    },
    { name: 'renews its own', held: lease('me'), ageMs: 99_000, want: { do: 'update', holder: 'me', transitions: 3 } },
    { name: 'waits while another holds it', held: lease('other'), ageMs: 14_999, want: { do: 'wait' } },
    {
      name: 'takes over one that ran out',
      held: lease('other'),
      ageMs: 15_000,
      want: { do: 'update', holder: 'me', transitions: 4 },
    },
    {
      name: 'takes one that was given back at once',
      held: lease(''),
      ageMs: 0,
      want: { do: 'update', holder: 'me', transitions: 4 },
    },
  ])('$name', ({ held, ageMs, want }) => {
    const step = nextLeaseStep({ lease: held, unchangedForMs: ageMs }, candidate, START);
    const seen =
      step.do === 'wait'
        ? { do: 'wait' }
        : { do: step.do, holder: step.spec.holderIdentity, transitions: step.spec.leaseTransitions };
    expect(seen).toEqual(want);
  });
});

/** A server that keeps one lease, with Kubernetes' optimistic concurrency, and can be cut off. */
function leaseServer() {
  const state: { lease: Lease | undefined; down: boolean; revision: number; answer: () => Promise<void> } = {
    lease: undefined,
    down: false,
    revision: 1,
    answer: () => Promise.resolve(),
  };
  const unused = () => Promise.reject(new Error('not part of this test'));
  const transport: Transport = {
    async request({ method, body }) {
      if (state.down) throw new UnreachableError('cut off');
      if (method === 'GET') {
        if (state.lease === undefined) throw notFound(leases, 'l');
        return { status: 200, warnings: [], body: state.lease };
      }
      const sent = body as Lease;
      if (method === 'POST' && state.lease !== undefined) throw alreadyExists(leases, 'l');
      if (method === 'PUT' && sent.metadata.resourceVersion !== state.lease?.metadata.resourceVersion) {
        throw conflict(leases, 'l', 'the object has been modified');
      }
      const written = { ...sent, metadata: { ...sent.metadata, uid: 'u', resourceVersion: String(++state.revision) } };
      state.lease = written;
      await state.answer();
      return { status: 200, warnings: [], body: written };
    },
    watch: unused,
    stream: unused,
    connect: unused,
    close: () => Promise.resolve(),
  };
  return { state, client: createClient(transport) };
}

function candidate(
  identity: string,
  client: ReturnType<typeof leaseServer>['client'],
  clock: VirtualClock,
  log: string[],
) {
  const stop = new AbortController();
  const ended = runAsLeader(
    { client, namespace: 'ns', name: 'l', identity, clock, random: () => 0, log: silentLogger },
    async (signal) => {
      log.push(`${identity} leads`);
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
      log.push(`${identity} stops`);
    },
    stop.signal,
  ).then(
    () => 'done',
    (error: unknown) => error,
  );
  return { stop, ended };
}

/** A server, and a candidate that leads. */
async function withLeader() {
  const clock = new VirtualClock();
  const server = leaseServer();
  const log: string[] = [];
  const first = candidate('a', server.client, clock, log);
  await clock.advance(0);
  return { clock, log, first, ...server };
}

describe('leader election', () => {
  test('lets one lead, and the next at once after it stopped in order', async () => {
    const { clock, state, client, log, first } = await withLeader();
    const second = candidate('b', client, clock, log);
    await clock.advance(60_000);
    expect(log).toEqual(['a leads']);
    first.stop.abort(new Error('stop'));
    await clock.advance(2000);
    expect(await first.ended).toBe('done');
    expect(log).toEqual(['a leads', 'a stops', 'b leads']);
    expect(state.lease?.spec.leaseTransitions).toBe(1);
    second.stop.abort(new Error('stop'));
    await clock.advance(0);
    await second.ended;
  });

  test('stops leading before the lease can run out for others', async () => {
    const { clock, state, log, first } = await withLeader();
    await clock.advance(5000);
    const lastRenewal = Date.parse(state.lease?.spec.renewTime ?? '');
    state.down = true;
    await clock.advance(14_000 - (clock.now() - lastRenewal));
    expect(log).toEqual(['a leads', 'a stops']);
    expect(await first.ended).toBeInstanceOf(LeadershipLostError);
  });

  test('is as it was when somebody sets the clock', async () => {
    const { clock, state, client, log, first } = await withLeader();
    const second = candidate('b', client, clock, log);
    await clock.advance(5000);
    clock.set(3_600_000);
    await clock.advance(5000);
    expect(log).toEqual(['a leads']);
    second.stop.abort(new Error('stop'));
    await second.ended;
    clock.set(-7_200_000);
    state.down = true;
    await clock.advance(12_000);
    expect(log).toEqual(['a leads', 'a stops']);
    expect(await first.ended).toBeInstanceOf(LeadershipLostError);
  });

  test('is not won by an answer that comes when the lease may be over', async () => {
    const clock = new VirtualClock();
    const { state, client } = leaseServer();
    const log: string[] = [];
    state.answer = () => clock.sleep(20_000);
    const slow = candidate('a', client, clock, log);
    await clock.advance(20_000);
    expect(log).toEqual([]);
    state.answer = () => Promise.resolve();
    await clock.advance(10_000);
    expect(log).toEqual(['a leads']);
    slow.stop.abort(new Error('stop'));
    await slow.ended;
  });

  test('ends as soon as somebody else is seen to hold the lease', async () => {
    const { clock, state, log, first } = await withLeader();
    if (state.lease !== undefined) {
      const metadata = { ...state.lease.metadata, resourceVersion: String(++state.revision) };
      state.lease = { ...state.lease, metadata, spec: { ...state.lease.spec, holderIdentity: 'b' } };
    }
    await clock.advance(2000);
    expect(log).toEqual(['a leads', 'a stops']);
    expect(await first.ended).toBeInstanceOf(LeadershipLostError);
  });

  test('tells what the leader failed with, also while a renewal is under way', async () => {
    const clock = new VirtualClock();
    const { state, client } = leaseServer();
    const failing = Promise.withResolvers<void>();
    const options = { client, namespace: 'ns', name: 'l', identity: 'a', clock, random: () => 0, log: silentLogger };
    const ended = runAsLeader(options, () => failing.promise, new AbortController().signal).catch(
      (error: unknown) => error,
    );
    await clock.advance(0);
    state.answer = () => clock.sleep(1000);
    await clock.advance(2500);
    failing.reject(new Error('the scheduler failed'));
    await clock.advance(10_000);
    expect(await ended).toMatchObject({ message: 'the scheduler failed' });
  });
});
