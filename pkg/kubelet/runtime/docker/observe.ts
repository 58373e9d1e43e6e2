// What the engine holds, as the kubelet wants to see it. One list call a question; details of a container are asked for once
// per state it is in, because what they say of a running or an ended container does not change any more.
import type Docker from 'dockerode';
import type { Instant } from '../../../clock/clock.ts';
import type { ContainerRecord, EnforcedLimits, ObservedPod, PodIdentity, SandboxState } from '../runtime.ts';
import { RuntimeError } from '../runtime.ts';
import { engineCall, httpStatusOf, runtimeErrorOf } from './engine-errors.ts';
import { identityOf, OWNER, POD_UID, SANDBOX } from './labels.ts';

export class Observer {
  readonly #docker: Docker;
  readonly #owner: string;
  readonly #network: string;
  /** By `id/state`; entries of containers that are gone leave with each full list. */
  #details = new Map<string, ContainerRecord>();
  /** Containers whose end was told of. The engine tells before its lists know (a replica that is written last). */
  readonly #died = new Set<string>();
  /** How often each container has changed, as far as that was told of. */
  readonly #changes = new Map<string, number>();
  /** Containers of which the kernel killed a process. The engine forgets it when it learns of the end first. */
  readonly #outOfMemory = new Set<string>();

  constructor(docker: Docker, owner: string, network: string) {
    this.#docker = docker;
    this.#owner = owner;
    this.#network = network;
  }

  /** The container has ended, whatever the next list says. */
  hasDied(id: string): void {
    this.#died.add(id);
    this.hasChanged(id);
  }

  /** What is known of it is old. */
  hasChanged(id: string): void {
    this.#changes.set(id, (this.#changes.get(id) ?? 0) + 1);
    this.#details.delete(`${id}/running`);
  }

  /** The kernel killed a process of the container for want of memory. */
  ranOutOfMemory(id: string): void {
    this.#outOfMemory.add(id);
    this.#details.delete(`${id}/exited`);
  }

  async pod(uid: string, signal?: AbortSignal): Promise<ObservedPod | undefined> {
    return (await this.#list([`${OWNER}=${this.#owner}`, `${POD_UID}=${uid}`], signal))[0];
  }

  async pods(signal?: AbortSignal): Promise<ObservedPod[]> {
    const pods = await this.#list([`${OWNER}=${this.#owner}`], signal);
    const alive = new Set(pods.flatMap((pod) => [...pod.containers, ...pod.sandboxes].map(({ id }) => id)));
    for (const told of [this.#died, this.#outOfMemory]) {
      for (const id of told) if (!alive.has(id)) told.delete(id);
    }
    for (const id of this.#changes.keys()) if (!alive.has(id)) this.#changes.delete(id);
    for (const key of this.#details.keys()) if (!alive.has(key.slice(0, key.indexOf('/')))) this.#details.delete(key);
    return pods;
  }

  async #list(labels: string[], signal: AbortSignal | undefined): Promise<ObservedPod[]> {
    const infos = await engineCall('list containers', () =>
      this.#docker.listContainers({
        all: true,
        filters: { label: labels },
        ...(signal !== undefined && { abortSignal: signal }),
      }),
    );
    const pods = new Map<string, { pod: PodIdentity; sandboxes: SandboxState[]; containers: ContainerRecord[] }>();
    for (const info of infos) {
      const identity = identityOf(info.Labels);
      if (identity === undefined) continue;
      const { pod, attempt } = identity;
      let entry = pods.get(pod.uid);
      if (entry === undefined) pods.set(pod.uid, (entry = { pod, sandboxes: [], containers: [] }));
      if (identity.type === 'podsandbox') {
        entry.sandboxes.push({
          id: info.Id,
          pod,
          attempt,
          ready: info.State === 'running' && !this.#died.has(info.Id),
          createdAt: info.Created * 1000,
          ip: info.NetworkSettings.Networks[this.#network]?.IPAddress ?? '',
          labels: info.Labels,
        });
        continue;
      }
      const record = await this.#detailsOf(info, pod, identity.container, attempt, signal);
      if (record !== undefined) entry.containers.push(record);
    }
    for (const entry of pods.values()) {
      entry.sandboxes.sort((a, b) => b.attempt - a.attempt);
      entry.containers.sort((a, b) => b.attempt - a.attempt);
    }
    return [...pods.values()];
  }

  /** Undefined when the container has gone since the list. */
  async #detailsOf(
    info: Docker.ContainerInfo,
    pod: PodIdentity,
    name: string,
    attempt: number,
    signal: AbortSignal | undefined,
  ): Promise<ContainerRecord | undefined> {
    const key = `${info.Id}/${info.State}`;
    const known = this.#details.get(key);
    if (known !== undefined) return known;
    const changes = this.#changes.get(info.Id);
    let details: Docker.ContainerInspectInfo;
    try {
      details = await this.#docker.getContainer(info.Id).inspect(signal === undefined ? {} : { abortSignal: signal });
    } catch (cause) {
      if (httpStatusOf(cause) === 404) return undefined;
      throw runtimeErrorOf('inspect container', cause);
    }
    const { State: state } = details;
    const startedAt = instantOf(state.StartedAt);
    const failedToStart = startedAt === undefined && state.Error !== '';
    const record: ContainerRecord = {
      id: info.Id,
      pod,
      sandboxId: info.Labels[SANDBOX] ?? '',
      name,
      attempt,
      state: state.Running ? 'running' : startedAt !== undefined || failedToStart ? 'exited' : 'created',
      createdAt: Date.parse(details.Created),
      startedAt,
      finishedAt: instantOf(state.FinishedAt) ?? (failedToStart ? Date.parse(details.Created) : undefined),
      exitCode: failedToStart ? START_FAILED : state.ExitCode,
      oomKilled: state.OOMKilled || (state.ExitCode === KILLED && this.#outOfMemory.has(info.Id)),
      error: state.Error,
      image: info.Image,
      imageId: details.Image,
      limits: limitsIn(details.HostConfig),
      labels: info.Labels,
    };
    // A container between two states is asked for again, and so is a created one: when its start fails it stays `created` for
    // the engine, and only the details say that it has ended.
    // One that has died or changed while it was asked for is asked for again, too.
    const isOld = this.#changes.get(info.Id) !== changes;
    if (record.state === info.State && record.state !== 'created' && !isOld) this.#details.set(key, record);
    return record;
  }
}

/** The engine writes zero, or -1 after a change, for no limit. */
function limitsIn({
  CpuShares: shares = 0,
  CpuQuota: quota = 0,
  Memory: memory = 0,
}: Docker.HostConfig): EnforcedLimits {
  return {
    cpuShares: shares,
    cpuQuota: quota > 0 ? quota : undefined,
    memoryLimit: memory > 0 ? memory : undefined,
  };
}

/** 128 and the number of SIGKILL. */
const KILLED = 137;

/** The exit code that containerd gives a container which could not be started. */
const START_FAILED = 128;

/** The engine writes the year 1 for `never`. */
function instantOf(time: string): Instant | undefined {
  const parsed = Date.parse(time);
  return Number.isNaN(parsed) || parsed <= 0 ? undefined : parsed;
}

export function sandboxStateOf(
  details: Docker.ContainerInspectInfo,
  pod: PodIdentity,
  attempt: number,
  network: string,
): SandboxState {
  if (!details.State.Running) throw new RuntimeError(`the sandbox ended at once: ${details.State.Error}`);
  return {
    id: details.Id,
    pod,
    attempt,
    ready: true,
    createdAt: Date.parse(details.Created),
    ip: details.NetworkSettings.Networks[network]?.IPAddress ?? '',
    labels: details.Config.Labels,
  };
}
