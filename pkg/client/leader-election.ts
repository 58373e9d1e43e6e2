// One of several processes leads: whoever holds a Lease. Kubernetes' algorithm and times (15 s lease, 10 s to renew, 2 s
// between tries). Promises: `lead` runs only while the lease is held; its signal is aborted before anybody else can take
// over, whatever the clocks of the machines say, because expiry is judged by how long the record has not changed here, and
// one's own time counts from when a renewal was sent.
import { isApiError } from '../api/meta/status.ts';
import { leases } from '../api/resources.ts';
import type { Lease } from '../api/schema/generated/coordination.v1.gen.ts';
import type { Clock, Instant, Random } from '../clock/clock.ts';
import { deadlineOf, type Deadline } from '../clock/deadline.ts';
import type { Logger } from '../logging/logger.ts';
import type { Client } from './client.ts';
import { formatMicroTime } from '../api/meta/time.ts';

/** An environment variable: the identity of a candidate of whom there is one at a time. */
export const IDENTITY_VARIABLE = 'TYPEKUBE_LEADER_IDENTITY';

export interface LeaderElectionOptions {
  readonly client: Client;
  readonly namespace: string;
  readonly name: string;
  /** Different for every candidate: host name and something random. */
  readonly identity: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly leaseDurationMs?: number;
  readonly renewDeadlineMs?: number;
  readonly retryPeriodMs?: number;
  /** Told when this process begins to lead. */
  readonly onElected?: (lease: Lease) => void;
}

export class LeadershipLostError extends Error {
  override readonly name = 'LeadershipLostError';
}

/** What a candidate does about the lease as it stands. Pure. */
export type LeaseStep =
  | { readonly do: 'create'; readonly spec: Lease['spec'] }
  | { readonly do: 'update'; readonly spec: Lease['spec']; readonly takesOver: boolean }
  | { readonly do: 'wait' };

export interface Observation {
  readonly lease: Lease | undefined;
  /** How long the lease has stood unchanged, as measured here. */
  readonly unchangedForMs: number;
}

export function nextLeaseStep(
  observed: Observation,
  candidate: { identity: string; leaseDurationMs: number },
  now: Instant,
): LeaseStep {
  const time = formatMicroTime(now);
  const mine = {
    holderIdentity: candidate.identity,
    leaseDurationSeconds: Math.ceil(candidate.leaseDurationMs / 1000),
    renewTime: time,
  };
  const spec = observed.lease?.spec;
  if (spec === undefined) return { do: 'create', spec: { ...mine, acquireTime: time, leaseTransitions: 0 } };
  const holder = spec.holderIdentity ?? '';
  if (holder === candidate.identity) return { do: 'update', spec: { ...spec, ...mine }, takesOver: false };
  const heldForMs = (spec.leaseDurationSeconds ?? 0) * 1000;
  if (holder !== '' && observed.unchangedForMs < heldForMs) return { do: 'wait' };
  const leaseTransitions = (spec.leaseTransitions ?? 0) + 1;
  return { do: 'update', spec: { ...spec, ...mine, acquireTime: time, leaseTransitions }, takesOver: true };
}

/**
 * Waits until this process leads, then runs `lead`. Resolves when `lead` has ended or `signal` was aborted, after giving
 * the lease back. Throws LeadershipLostError when the lease could not be renewed in time; `lead` has ended then too.
 */
export async function runAsLeader(
  options: LeaderElectionOptions,
  lead: (signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const candidate = new Candidate(options);
  await candidate.acquire(signal);
  const term = new AbortController();
  const stopped = AbortSignal.any([signal, term.signal]);
  const leading = lead(stopped).finally(() => term.abort());
  leading.catch(() => undefined); // read below; until then a renewal may be under way
  const lost = await candidate.renewUntilLost(stopped);
  if (lost !== undefined) term.abort(lost);
  try {
    await leading;
  } catch (error) {
    if (lost === undefined) throw error;
    throw lost;
  } finally {
    if (lost === undefined) await candidate.release();
  }
  if (lost !== undefined) throw lost;
}

const LEASE_DURATION_MS = 15_000;
const RENEW_DEADLINE_MS = 10_000;
const RETRY_PERIOD_MS = 2_000;
/** client-go's JitterFactor. */
const JITTER = 1.2;

class Candidate {
  readonly #options: LeaderElectionOptions;
  readonly #log: Logger;
  readonly #leaseDurationMs: number;
  readonly #renewDeadlineMs: number;
  readonly #retryPeriodMs: number;
  #lease: Lease | undefined;
  /** By the elapsed time: since when the lease stands as it does, and when its last renewal by this process was sent. */
  #seenAt: number;
  #heldSince = 0;

  constructor(options: LeaderElectionOptions) {
    this.#options = options;
    this.#log = options.log.with({ lease: `${options.namespace}/${options.name}` });
    this.#leaseDurationMs = options.leaseDurationMs ?? LEASE_DURATION_MS;
    this.#renewDeadlineMs = options.renewDeadlineMs ?? RENEW_DEADLINE_MS;
    this.#retryPeriodMs = options.retryPeriodMs ?? RETRY_PERIOD_MS;
    this.#seenAt = options.clock.elapsed();
  }

  async acquire(signal: AbortSignal): Promise<void> {
    const { clock, random, identity, onElected } = this.#options;
    for (;;) {
      signal.throwIfAborted();
      if (await this.#try(signal)) break;
      await clock.sleep(this.#retryPeriodMs * (1 + JITTER * random()), signal);
    }
    this.#log.info('became leader', { identity });
    if (this.#lease !== undefined) onElected?.(this.#lease);
  }

  /** Answers with the error once the lease is lost; with undefined when `signal` ends it. */
  async renewUntilLost(signal: AbortSignal): Promise<LeadershipLostError | undefined> {
    const { clock, identity } = this.#options;
    while (!signal.aborted) {
      await clock.sleep(Math.min(this.#retryPeriodMs, this.#leftMs), signal).catch(() => undefined);
      if (signal.aborted) break;
      using deadline = this.#deadline(this.#leftMs);
      if (await this.#try(AbortSignal.any([signal, deadline.signal]))) continue;
      const isOthers = this.#lease?.spec.holderIdentity !== identity;
      if (!signal.aborted && (isOthers || this.#leftMs <= 0)) {
        return new LeadershipLostError(`failed to renew lease ${this.#options.namespace}/${this.#options.name}`);
      }
    }
    return undefined;
  }

  /** Until another renewal must have been sent, and answered. */
  get #leftMs(): number {
    return this.#heldSince + this.#renewDeadlineMs - this.#options.clock.elapsed();
  }

  /** Lets the next candidate in at once. Best effort: without it the lease runs out by itself. */
  async release(): Promise<void> {
    const lease = this.#lease;
    if (lease?.spec.holderIdentity !== this.#options.identity) return;
    const time = formatMicroTime(this.#options.clock.now());
    const spec = { ...lease.spec, holderIdentity: '', leaseDurationSeconds: 1, renewTime: time, acquireTime: time };
    using deadline = this.#deadline(this.#retryPeriodMs);
    try {
      await this.#options.client.resource(leases).update({ ...lease, spec }, {}, deadline.signal);
    } catch (error) {
      this.#log.warn('could not release the lease', { error });
    }
  }

  #deadline(ms: number): Deadline {
    return deadlineOf(this.#options.clock, ms, () => new Error('took too long'));
  }

  /** True when this process holds the lease after it. */
  async #try(signal: AbortSignal): Promise<boolean> {
    const { clock, identity, namespace, name, client } = this.#options;
    const resource = client.resource(leases);
    try {
      await this.#observe(signal);
      const sentAt = clock.elapsed();
      const lease = this.#lease;
      const observation = { lease, unchangedForMs: sentAt - this.#seenAt };
      const step = nextLeaseStep(observation, { identity, leaseDurationMs: this.#leaseDurationMs }, clock.now());
      if (step.do === 'wait') return false;
      const written =
        step.do === 'create' || lease === undefined
          ? await resource.create(
              { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { namespace, name }, spec: step.spec },
              {},
              signal,
            )
          : await resource.update({ ...lease, spec: step.spec }, {}, signal);
      this.#lease = written;
      this.#seenAt = clock.elapsed();
      this.#heldSince = sentAt;
      // An answer that took too long: somebody else may have taken over since.
      return this.#leftMs > 0;
    } catch (error) {
      if (signal.aborted) return false;
      this.#log.debug('the lease could not be taken or renewed', { error });
      return false;
    }
  }

  async #observe(signal: AbortSignal): Promise<void> {
    const { client, clock, namespace, name } = this.#options;
    let lease: Lease | undefined;
    try {
      lease = await client.resource(leases).get({ namespace, name }, signal);
    } catch (error) {
      if (!isApiError(error, 'NotFound')) throw error;
    }
    if (lease?.metadata.resourceVersion === this.#lease?.metadata.resourceVersion) return;
    this.#lease = lease;
    this.#seenAt = clock.elapsed();
  }
}
