// Keeps the Node object and the Lease of this machine: registers the node, renews the Lease four times in its duration, writes
// the status when it changes and at least every 5 minutes. An API server that is away is waited for; nothing else here depends on it.
import { findCondition } from '../../api/meta/conditions.ts';
import { isApiError } from '../../api/meta/status.ts';
import { leases, nodes } from '../../api/resources.ts';
import type { Node, NodeStatus } from '../../api/schema/generated/core.v1.gen.ts';
import type { Client } from '../../client/client.ts';
import type { EventRecorder } from '../../client/event-recorder.ts';
import { UnreachableError } from '../../client/transport.ts';
import { formatMicroTime } from '../../api/meta/time.ts';
import type { Clock, Instant } from '../../clock/clock.ts';
import { messageWithCauses, type Logger } from '../../logging/logger.ts';
import type { AdmittingNode } from '../pod/admission.ts';
import type { Pressure } from '../eviction/thresholds.ts';
import { Wake } from '../pod/wake.ts';
import type { ContainerRuntime, RuntimeStatus } from '../runtime/runtime.ts';
import type { Machine } from './machine.ts';
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
/** Kubernetes' share of the lease's duration after which it is renewed. */
const RENEW_SHARE = 0.25;

const LEASE_NAMESPACE = 'kube-node-lease';

/** How often the node shows that it lives. */
export interface Heartbeat {
  /** After which others may take the node for lost; a Lease counts in whole seconds. */
  readonly leaseSeconds: number;
  /** How often the machine is looked at, and how old a status that did not change may grow. */
  readonly statusUpdateMs: number;
  readonly statusReportMs: number;
}

export const DEFAULT_HEARTBEAT: Heartbeat = { leaseSeconds: 40, statusUpdateMs: 10_000, statusReportMs: 300_000 };

/** As long as Kubernetes' kubelets wait. */
const HEARTBEAT_LIMIT_MS = 10_000;

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
  #reportedAt: Instant = 0;
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
    await Promise.all([this.#keepStatus(signal), this.#keepLease(signal)]);
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

  async #keepLease(signal: AbortSignal): Promise<void> {
    const { clock, log, heartbeat } = this.#options;
    const renewMs = heartbeat.leaseSeconds * 1000 * RENEW_SHARE;
    while (!signal.aborted) {
      try {
        await this.#renew(signal);
        await clock.sleep(renewMs, signal);
      } catch (error) {
        if (signal.aborted) return;
        log.warn('lease not renewed', { error });
        await clock.sleep(Math.min(RETRY_MS, renewMs), signal).catch(() => undefined); // rejects only when stopping
      }
    }
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { runtime, identity } = this.#options;
    // What a flag says was told before.
    const podCidr = identity.podCidr === undefined ? this.#node?.spec?.podCIDR : undefined;
    const wasReady = this.#runtime.networkFault === undefined;
    try {
      if (podCidr !== undefined && podCidr !== this.#podCidr) {
        await runtime.setPodCidr(podCidr, signal);
        this.#podCidr = podCidr;
      }
      this.#runtime = await runtime.status(signal);
      this.#runtimeFault = undefined;
      if (!wasReady && this.#runtime.networkFault === undefined) this.#options.networkReady();
    } catch (error) {
      signal.throwIfAborted();
      this.#runtimeFault = messageWithCauses(error);
    }
  }

  async #report(signal: AbortSignal): Promise<void> {
    const { identity, machine, runtime, clock, client } = this.#options;
    const health: NodeHealth = {
      runtimeFault: this.#runtimeFault,
      networkFault: this.#runtime.networkFault,
      pressures: this.#options.pressures(),
    };
    const images = this.#runtimeFault === undefined ? await runtime.listImages(signal) : [];
    const now = clock.now();
    const status = nodeStatusOf({ identity, machine, runtime: this.#runtime, images, health, before: this.#node, now });
    if (!differs(this.#node?.status, status) && now - this.#reportedAt < this.#options.heartbeat.statusReportMs) return;
    const answer = await this.#answered(
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
    this.#reportedAt = now;
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

  /** What `write` answers; gives up when a node would have to be taken for dead before a slower answer counted. */
  async #answered<T>(write: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    const { clock, heartbeat, heartbeatLost } = this.#options;
    const limitMs = Math.min(HEARTBEAT_LIMIT_MS, heartbeat.leaseSeconds * 1000);
    const late = new AbortController();
    using _limit = clock.schedule(limitMs, () => late.abort(new UnreachableError(`no answer within ${limitMs} ms`)));
    try {
      return await write(AbortSignal.any([signal, late.signal]));
    } catch (error) {
      if (error instanceof UnreachableError && !signal.aborted) heartbeatLost();
      throw error;
    }
  }

  async #renew(signal: AbortSignal): Promise<void> {
    const { client, clock, identity, heartbeat } = this.#options;
    const resource = client.resource(leases);
    const key = { namespace: LEASE_NAMESPACE, name: identity.name };
    const renewTime = formatMicroTime(clock.now());
    const patch = { spec: { holderIdentity: identity.name, leaseDurationSeconds: heartbeat.leaseSeconds, renewTime } };
    try {
      await this.#answered((until) => resource.patch(key, patch, 'merge', { fieldManager: 'kubelet' }, until), signal);
    } catch (error) {
      if (!isApiError(error, 'NotFound')) throw error;
      const uid = this.#node?.metadata.uid ?? '';
      const owner = { apiVersion: 'v1', kind: 'Node', name: identity.name, uid };
      await resource.create(
        {
          apiVersion: 'coordination.k8s.io/v1',
          kind: 'Lease',
          metadata: { ...key, ...(uid !== '' && { ownerReferences: [owner] }) },
          spec: patch.spec,
        },
        { fieldManager: 'kubelet' },
        signal,
      );
    }
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
