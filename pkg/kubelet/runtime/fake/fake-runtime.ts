// A ContainerRuntime without an engine: containers start after a set time and run until they are stopped or told to end. For
// simulated nodes (hollow kubelets) and tests. Time is the clock's; nothing outside this object happens.
import { Duplex } from 'node:stream';
import type { Clock } from '../../../clock/clock.ts';
import {
  RuntimeError,
  type ContainerConfig,
  type ContainerRecord,
  type ContainerRuntime,
  type ContainerStats,
  type EnforcedLimits,
  type ExecOptions,
  type ImageInfo,
  type LogChunk,
  type ObservedPod,
  type RuntimeEvent,
  type RuntimeStatus,
  type SandboxConfig,
  type SandboxState,
  type StreamSession,
  type WrittenBytes,
} from '../runtime.ts';

export interface FakeRuntimeOptions {
  readonly clock: Clock;
  /** Time that a sandbox and a container take to start. */
  readonly startMs?: number;
  /** The first two parts of the addresses that pods get: `10.42`. */
  readonly network?: string;
  /** Undefined: every image is there. */
  readonly images?: ReadonlySet<string>;
}

interface FakeContainer {
  record: ContainerRecord;
  readonly config: ContainerConfig;
}

export class FakeRuntime implements ContainerRuntime {
  readonly #clock: Clock;
  readonly #options: FakeRuntimeOptions;
  readonly #sandboxes = new Map<string, SandboxState>();
  readonly #containers = new Map<string, FakeContainer>();
  readonly #listeners = new Set<(event: RuntimeEvent) => void>();
  #next = 1;
  /** Until a pod CIDR is set. */
  networkFault: string | undefined;
  /** Errors that the next calls of these kinds meet, in order. */
  readonly faults: {
    createContainer: string[];
    startContainer: string[];
    runPodSandbox: string[];
    pullImage: string[];
    updateContainer: string[];
  } = {
    createContainer: [],
    startContainer: [],
    runPodSandbox: [],
    pullImage: [],
    updateContainer: [],
  };

  constructor(options: FakeRuntimeOptions) {
    this.#clock = options.clock;
    this.#options = options;
  }

  status(): Promise<RuntimeStatus> {
    return Promise.resolve({ name: 'fake', version: '1.0.0', networkFault: this.networkFault });
  }

  setPodCidr(): Promise<void> {
    this.networkFault = undefined;
    return Promise.resolve();
  }

  async runPodSandbox(config: SandboxConfig, signal?: AbortSignal): Promise<SandboxState> {
    this.#fail('runPodSandbox');
    await this.#takesTime(signal);
    for (const known of this.#sandboxes.values()) {
      if (known.pod.uid === config.pod.uid && known.attempt === config.attempt) return known;
    }
    const number = this.#next++;
    const sandbox: SandboxState = {
      id: `sandbox-${number}`,
      pod: config.pod,
      attempt: config.attempt,
      ready: true,
      createdAt: this.#clock.now(),
      ip:
        config.namespaces.network === 'node'
          ? ''
          : `${this.#options.network ?? '10.42'}.${(number >> 8) & 255}.${number & 255}`,
      labels: config.labels,
    };
    this.#sandboxes.set(sandbox.id, sandbox);
    this.#tell({ pod: config.pod, type: 'started' });
    return sandbox;
  }

  removePodSandbox(id: string): Promise<void> {
    const sandbox = this.#sandboxes.get(id);
    this.#sandboxes.delete(id);
    if (sandbox !== undefined) this.#tell({ pod: sandbox.pod, type: 'removed' });
    return Promise.resolve();
  }

  createContainer(sandbox: SandboxState, config: ContainerConfig): Promise<string> {
    try {
      this.#fail('createContainer');
    } catch (error) {
      return Promise.reject(error);
    }
    for (const { record } of this.#containers.values()) {
      const same =
        record.pod.uid === config.pod.uid && record.name === config.name && record.attempt === config.attempt;
      if (same) return Promise.resolve(record.id);
    }
    const id = `container-${this.#next++}`;
    const record: ContainerRecord = {
      id,
      pod: config.pod,
      sandboxId: sandbox.id,
      name: config.name,
      attempt: config.attempt,
      state: 'created',
      createdAt: this.#clock.now(),
      startedAt: undefined,
      finishedAt: undefined,
      exitCode: 0,
      oomKilled: false,
      error: '',
      image: config.image,
      imageId: `sha256:${config.image}`,
      limits: config.resources,
      labels: config.labels,
    };
    this.#containers.set(id, { record, config });
    return Promise.resolve(id);
  }

  async startContainer(id: string, signal?: AbortSignal): Promise<void> {
    const container = this.#containerOf(id);
    if (container.record.state !== 'created') return;
    this.#fail('startContainer');
    await this.#takesTime(signal);
    container.record = { ...container.record, state: 'running', startedAt: this.#clock.now() };
    this.#tell({ pod: container.record.pod, type: 'started' });
  }

  updateContainer(id: string, { cpuShares, cpuQuota, memoryLimit }: EnforcedLimits): Promise<void> {
    try {
      this.#fail('updateContainer');
    } catch (error) {
      return Promise.reject(error);
    }
    const container = this.#containerOf(id);
    container.record = { ...container.record, limits: { cpuShares, cpuQuota, memoryLimit } };
    return Promise.resolve();
  }

  stopContainer(id: string): Promise<void> {
    if (this.#containers.get(id)?.record.state === 'running') this.end(id, 143);
    return Promise.resolve();
  }

  removeContainer(id: string): Promise<void> {
    const container = this.#containers.get(id);
    this.#containers.delete(id);
    if (container !== undefined) this.#tell({ pod: container.record.pod, type: 'removed' });
    return Promise.resolve();
  }

  /** The container's process ends by itself. */
  end(id: string, exitCode: number, more: { oomKilled?: boolean } = {}): void {
    const container = this.#containerOf(id);
    container.record = {
      ...container.record,
      state: 'exited',
      exitCode,
      finishedAt: this.#clock.now(),
      oomKilled: more.oomKilled ?? false,
    };
    this.#tell({ pod: container.record.pod, type: 'died' });
  }

  /** The sandbox goes down, as when the engine restarts: everything in it ends. */
  loseSandbox(id: string): void {
    const sandbox = this.#sandboxes.get(id);
    if (sandbox === undefined) return;
    this.#sandboxes.set(id, { ...sandbox, ready: false, ip: '' });
    for (const { record } of this.#containers.values()) {
      if (record.sandboxId === id && record.state === 'running') this.end(record.id, 137);
    }
    this.#tell({ pod: sandbox.pod, type: 'died' });
  }

  async podStatus(uid: string): Promise<ObservedPod | undefined> {
    return (await this.listPods()).find(({ pod }) => pod.uid === uid);
  }

  listPods(): Promise<ObservedPod[]> {
    const pods = new Map<
      string,
      { pod: ObservedPod['pod']; sandboxes: SandboxState[]; containers: ContainerRecord[] }
    >();
    const entryOf = (pod: ObservedPod['pod']) => {
      let entry = pods.get(pod.uid);
      if (entry === undefined) pods.set(pod.uid, (entry = { pod, sandboxes: [], containers: [] }));
      return entry;
    };
    for (const sandbox of this.#sandboxes.values()) entryOf(sandbox.pod).sandboxes.push(sandbox);
    for (const { record } of this.#containers.values()) entryOf(record.pod).containers.push(record);
    for (const entry of pods.values()) {
      entry.sandboxes.sort((a, b) => b.attempt - a.attempt);
      entry.containers.sort((a, b) => b.attempt - a.attempt);
    }
    return Promise.resolve([...pods.values()]);
  }

  events(signal: AbortSignal): Promise<AsyncIterable<RuntimeEvent>> {
    const waiting: RuntimeEvent[] = [];
    let ring: () => void = () => undefined;
    const listener = (event: RuntimeEvent) => {
      waiting.push(event);
      ring();
    };
    this.#listeners.add(listener);
    const listeners = this.#listeners;
    async function* all(): AsyncGenerator<RuntimeEvent, void, undefined> {
      try {
        while (!signal.aborted) {
          const event = waiting.shift();
          if (event !== undefined) {
            yield event;
            continue;
          }
          await new Promise<void>((resolve) => {
            ring = resolve;
            signal.addEventListener('abort', () => resolve(), { once: true });
          });
        }
      } finally {
        listeners.delete(listener);
      }
    }
    return Promise.resolve(all());
  }

  logs(): Promise<AsyncIterable<LogChunk>> {
    async function* nothing(): AsyncGenerator<LogChunk, void, undefined> {}
    return Promise.resolve(nothing());
  }

  exec(id: string, _options: ExecOptions): Promise<StreamSession> {
    return Promise.reject(new RuntimeError(`nothing can be run in the simulated container ${id}`));
  }

  attach(id: string): Promise<StreamSession> {
    return Promise.reject(new RuntimeError(`the simulated container ${id} has no streams`));
  }

  dialPort(): Promise<Duplex> {
    return Promise.reject(new RuntimeError('simulated pods have no ports'));
  }

  imageStatus(image: string): Promise<ImageInfo | undefined> {
    if (this.#options.images?.has(image) === false) return Promise.resolve(undefined);
    return Promise.resolve({ id: `sha256:${image}`, names: [image], size: 1000, user: '' });
  }

  pullImage(image: string): Promise<void> {
    try {
      this.#fail('pullImage');
    } catch (error) {
      return Promise.reject(error);
    }
    if (this.#options.images?.has(image) === false) return Promise.reject(new RuntimeError(`no such image: ${image}`));
    return Promise.resolve();
  }

  listImages(): Promise<ImageInfo[]> {
    return Promise.resolve(
      [...(this.#options.images ?? [])].map((name) => ({ id: name, names: [name], size: 1000, user: '' })),
    );
  }

  stats(): Promise<ContainerStats[]> {
    return Promise.resolve([]);
  }

  removeImage(): Promise<boolean> {
    return Promise.resolve(false);
  }

  writtenBytes(): Promise<WrittenBytes[]> {
    return Promise.resolve([]);
  }

  /** What the container was created with. */
  configOf(id: string): ContainerConfig {
    return this.#containerOf(id).config;
  }

  #containerOf(id: string): FakeContainer {
    const container = this.#containers.get(id);
    if (container === undefined) throw new RuntimeError(`no such container: ${id}`, { kind: 'gone' });
    return container;
  }

  async #takesTime(signal: AbortSignal | undefined): Promise<void> {
    const ms = this.#options.startMs ?? 0;
    if (ms > 0) await this.#clock.sleep(ms, signal);
  }

  #fail(call: keyof FakeRuntime['faults']): void {
    const message = this.faults[call].shift();
    if (message !== undefined) throw new RuntimeError(message);
  }

  #tell(event: RuntimeEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}
