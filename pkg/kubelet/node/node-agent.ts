// Keeps the Node object of this machine: registers the node, has its Lease kept (node-lease.ts), writes the status when it changes
// and at least every 5 minutes. An API server that is away is waited for; nothing else here depends on it. A runtime that does not
// answer makes the node not ready.
import { findCondition } from '../../api/meta/conditions.ts';
import { isApiError } from '../../api/meta/status.ts';
import { nodes } from '../../api/resources.ts';
import type { Node, NodeStatus } from '../../api/schema/generated/core.v1.gen.ts';
import type { Client } from '../../client/client.ts';
import type { EventRecorder } from '../../client/event-recorder.ts';
import type { Clock } from '../../clock/clock.ts';
import { messageWithCauses, type Logger } from '../../logging/logger.ts';
import type { AdmittingNode } from '../pod/admission.ts';
import type { Pressure } from '../eviction/thresholds.ts';
import { Wake } from '../pod/wake.ts';
import { RuntimeError, type ContainerRuntime, type RuntimeStatus } from '../runtime/runtime.ts';
import { inTime, type Heartbeat } from './heartbeat.ts';
import type { Machine } from './machine.ts';
import { keepLease } from './node-lease.ts';
import {
  allocatableOf,
  differs,
  labelsOf,
  networkNotReady,
  nodeStatusOf,
  type NodeHealth,
  type NodeIdentity,
  unreadiness,
} from './node-status.ts';

const RETRY_MS = 1_000;
/** As long as Kubernetes' kubelets wait for their runtime. */
const RUNTIME_LIMIT_MS = 120_000;

export interface NodeAgentOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Logger;
  readonly events: EventRecorder;
  readonly runtime: ContainerRuntime;
  readonly identity: NodeIdentity;
  readonly machine: Machine;
  readonly heartbeat: Heartbeat;
  /** What the node has too little of. */
  readonly pressures: () => ReadonlySet<Pressure>;
  /** The API server gave no answer to a heartbeat, and in time: whatever waits for it now may wait on dead connections. */
  readonly heartbeatLost: () => void;
  /** The pods' network is there now. */
  readonly networkReady: () => void;
}

export class NodeAgent {
  readonly #options: NodeAgentOptions;
  readonly #wake: Wake;
  #node: Node | undefined;
  #runtimeFault: string | undefined;
  #runtime: RuntimeStatus = {
    name: 'docker',
    version: 'unknown',
    networkFault: 'the container runtime was not asked yet',
  };
  /** The range that the runtime was told. */
  #podCidr: string | undefined;
  /** By the elapsed time. */
  #reportedAt = Number.NEGATIVE_INFINITY;
  #told: string | undefined;

  constructor(options: NodeAgentOptions) {
    this.#options = options;
    this.#wake = new Wake(options.clock);
  }

  /** Registers the node; resolves when it is there. Tries until `signal`. */
  async register(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options;
    for (;;) {
      try {
        await this.#look(signal);
        await this.#ensureNode(signal);
        await this.#report(signal);
        return;
      } catch (error) {
        signal.throwIfAborted();
        log.warn('node not registered yet', { error, retryMs: RETRY_MS });
        await clock.sleep(RETRY_MS, signal);
      }
    }
  }

  /** Why pods on the pod network cannot be started; undefined: they can. */
  get networkFault(): string | undefined {
    const fault = this.#runtime.networkFault;
    return fault === undefined ? undefined : networkNotReady(fault);
  }

  /** A newer version of this machine's Node. */
  nodeChanged({ metadata, spec, status }: Node): void {
    if (this.#node === undefined) return;
    const known = this.#node.spec.podCIDR;
    // Silence for too long made the controllers say so; what was last reported is not what stands there now.
    const givenUp = findCondition(status?.conditions, 'Ready')?.status === 'Unknown';
    this.#node = { ...this.#node, metadata, spec, ...(givenUp && { status }) };
    if (spec.podCIDR !== known || givenUp) this.touch();
  }

  /** As far as pods that come are held against it. */
  get admitting(): AdmittingNode {
    const { identity, machine } = this.#options;
    return {
      name: identity.name,
      labels: this.#node?.metadata.labels ?? labelsOf(identity, machine),
      taints: this.#node?.spec.taints ?? [],
      allocatable: allocatableOf(identity, machine),
    };
  }

  /** Look at the machine again now: something changed (the engine went away, an image came). */
  touch(): void {
    this.#wake.now();
  }

  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#keepStatus(signal), keepLease({ ...this.#options, node: () => this.#node }, signal)]);
    this.#wake.close();
  }

  async #keepStatus(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options;
    while (!signal.aborted) {
      try {
        await this.#look(signal);
        await this.#report(signal);
        this.#wake.at(clock.now() + this.#options.heartbeat.statusUpdateMs);
      } catch (error) {
        if (signal.aborted) return;
        if (isApiError(error, 'NotFound')) {
          this.#node = undefined;
          await this.#ensureNode(signal).catch((cause: unknown) => log.warn('node not registered', { error: cause }));
        } else log.warn('node status not written', { error });
        this.#wake.at(clock.now() + RETRY_MS);
      }
      await this.#wake.wait(signal);
    }
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { runtime, identity } = this.#options;
    // What a flag says was told before.
    const podCidr = identity.podCidr === undefined ? this.#node?.spec?.podCIDR : undefined;
    const wasReady = this.#runtime.networkFault === undefined;
    try {
      if (podCidr !== undefined && podCidr !== this.#podCidr) {
        await this.#answered((until) => runtime.setPodCidr(podCidr, until), signal);
        this.#podCidr = podCidr;
      }
      this.#runtime = await this.#answered((until) => runtime.status(until), signal);
      this.#runtimeFault = undefined;
      if (!wasReady && this.#runtime.networkFault === undefined) this.#options.networkReady();
    } catch (error) {
      signal.throwIfAborted();
      this.#runtimeFault = messageWithCauses(error);
    }
  }

  /** What the runtime answers; one that is silent for too long is taken to be down. */
  async #answered<T>(ask: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    const late = new AbortController();
    const silence = Promise.withResolvers<never>();
    using _limit = this.#options.clock.schedule(RUNTIME_LIMIT_MS, () => {
      const reason = new RuntimeError(`no answer within ${RUNTIME_LIMIT_MS / 1000} s`, { kind: 'unreachable' });
      late.abort(reason);
      silence.reject(reason);
    });
    return await Promise.race([ask(AbortSignal.any([signal, late.signal])), silence.promise]);
  }

  async #report(signal: AbortSignal): Promise<void> {
    const { identity, machine, runtime, clock, client } = this.#options;
    const health: NodeHealth = {
      runtimeFault: this.#runtimeFault,
      networkFault: this.#runtime.networkFault,
      pressures: this.#options.pressures(),
    };
    const images =
      this.#runtimeFault === undefined ? await this.#answered((until) => runtime.listImages(until), signal) : [];
    const now = clock.now();
    const status = nodeStatusOf({ identity, machine, runtime: this.#runtime, images, health, before: this.#node, now });
    const age = clock.elapsed() - this.#reportedAt;
    if (!differs(this.#node?.status, status) && age < this.#options.heartbeat.statusReportMs) return;
    const answer = await inTime(
      this.#options,
      (until) =>
        client
          .resource(nodes)
          .patch(
            { name: identity.name },
            { status: replacing(status) },
            'strategic',
            { subresource: 'status', fieldManager: 'kubelet' },
            until,
          ),
      signal,
    );
    this.#node = { ...answer, status: { ...answer.status, ...status } };
    this.#reportedAt = clock.elapsed();
    this.#tellReadiness(answer, health);
  }

  #tellReadiness(node: Node, health: NodeHealth): void {
    const state = unreadiness(health) === undefined ? 'NodeReady' : 'NodeNotReady';
    if (this.#told === state) return;
    this.#told = state;
    const { name } = node.metadata;
    // The kubelet's node events name the node as their uid, too.
    const about = { kind: 'Node', name, uid: name, apiVersion: 'v1' };
    this.#options.events.record(about, {
      type: 'Normal',
      reason: state,
      message: `Node ${name} status is now: ${state}`,
    });
  }

  async #ensureNode(signal: AbortSignal): Promise<void> {
    const { client, identity, machine } = this.#options;
    const resource = client.resource(nodes);
    const labels = labelsOf(identity, machine);
    try {
      const there = await resource.get({ name: identity.name }, signal);
      this.#node = there;
      const missing = missingFrom(there.metadata.labels, labels);
      const notes = missingFrom(there.metadata.annotations, identity.annotations);
      const cidr = identity.podCidr !== undefined && there.spec?.podCIDR === undefined ? identity.podCidr : undefined;
      if (missing !== undefined || notes !== undefined || cidr !== undefined) {
        const patch = {
          metadata: { ...(missing && { labels: missing }), ...(notes && { annotations: notes }) },
          ...(cidr !== undefined && { spec: { podCIDR: cidr, podCIDRs: [cidr] } }),
        };
        await resource.patch({ name: identity.name }, patch, 'strategic', { fieldManager: 'kubelet' }, signal);
      }
      return;
    } catch (error) {
      if (!isApiError(error, 'NotFound')) throw error;
    }
    this.#node = await resource.create(
      {
        apiVersion: 'v1',
        kind: 'Node',
        metadata: {
          name: identity.name,
          labels,
          annotations: { ...identity.annotations },
        },
        spec: {
          ...(identity.podCidr !== undefined && { podCIDR: identity.podCidr, podCIDRs: [identity.podCidr] }),
          ...(identity.taints.length > 0 && { taints: [...identity.taints] }),
        },
      },
      { fieldManager: 'kubelet' },
      signal,
    );
  }
}

/** The entries of `wanted` that are not there; undefined: all are. */
function missingFrom(
  there: Readonly<Record<string, string>> | undefined,
  wanted: Readonly<Record<string, string>>,
): Record<string, string> | undefined {
  const missing = Object.entries(wanted).filter(([key, value]) => there?.[key] !== value);
  return missing.length === 0 ? undefined : Object.fromEntries(missing);
}

/** Addresses merge by type, where two of one type would be lost: the list is replaced as a whole. */
function replacing(status: NodeStatus): object {
  return { ...status, addresses: [...(status.addresses ?? []), { $patch: 'replace' }] };
}
