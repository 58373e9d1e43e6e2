// The ContainerRuntime on a Docker Engine (API 1.41 or newer): a pod is a pause container that owns the network and IPC
// namespaces, and containers that join it. Every call can be repeated; the engine's types and errors stop in this folder.
import type { Duplex } from 'node:stream';
import Docker from 'dockerode';
import { Limiter } from '../../limiter.ts';
import {
  RuntimeError,
  type ContainerConfig,
  type ContainerRuntime,
  type ContainerStats,
  type EnforcedLimits,
  type ExecOptions,
  type ImageInfo,
  type LogChunk,
  type LogOptions,
  type ObservedPod,
  type RegistryAuth,
  type RuntimeEvent,
  type RuntimeStatus,
  type SandboxConfig,
  type SandboxState,
  type StreamSession,
  type WrittenBytes,
} from '../runtime.ts';
import { containerBody, sandboxBody, updateBody, type EngineFacts } from './container-config.ts';
import { engineCall, engineCallAccepting, httpStatusOf, runtimeErrorOf } from './engine-errors.ts';
import { inspectImage, listImages, pullImage, removeImage } from './images.ts';
import { engineNameOf, identityOf, OWNER } from './labels.ts';
import { Observer, sandboxStateOf } from './observe.ts';
import { ensurePauseImage, PAUSE_IMAGE } from './pause-image.ts';
import { PodNetwork, type PodNetworkOptions } from './pod-network.ts';
import { dialPod, readLogs, startAttach, startExec } from './sessions.ts';
import { containerStats } from './stats.ts';
import { writtenBytes } from './written-bytes.ts';
import { jsonLines } from './streams.ts';

/** More creates and starts at once make each slower and none sooner (measured on two cores: 4 to 16 give the same rate). */
const CHANGES_AT_ONCE = 12;

const NOT_MODIFIED = 304;
const NOT_FOUND = 404;
const CONFLICT = 409;

export interface DockerRuntimeOptions {
  /** `unix:///var/run/docker.sock` or `tcp://host:port`. */
  readonly endpoint: string;
  /** Containers of other nodes on the same engine are not looked at. */
  readonly nodeName: string;
  readonly network: PodNetworkOptions;
  /** Of the machine that the engine runs on, as Node names it. */
  readonly architecture: string;
  /** See EngineFacts. */
  readonly lowestOomScore: number;
}

/** Asks nothing of the engine yet: it may come up later than this. */
export function createDockerRuntime(options: DockerRuntimeOptions): ContainerRuntime {
  const docker = new Docker(connectionOf(options.endpoint));
  const network = new PodNetwork(docker, options.network, options.nodeName);
  const facts = {
    owner: options.nodeName,
    network: options.network.name,
    pauseImage: PAUSE_IMAGE,
    lowestOomScore: options.lowestOomScore,
  };
  return new DockerRuntime(docker, facts, network, () => ensurePauseImage(docker, options.architecture));
}

function connectionOf(endpoint: string): Docker.DockerOptions {
  const url = new URL(endpoint);
  if (url.protocol === 'unix:') return { socketPath: url.pathname };
  return { host: url.hostname, port: url.port === '' ? 2375 : Number(url.port), protocol: 'http' };
}

class DockerRuntime implements ContainerRuntime {
  readonly #docker: Docker;
  readonly #facts: EngineFacts;
  readonly #observer: Observer;
  readonly #changes = new Limiter(CHANGES_AT_ONCE);
  readonly #network: PodNetwork;
  readonly #ensurePauseImage: () => Promise<void>;
  #hasPauseImage = false;

  constructor(docker: Docker, facts: EngineFacts, network: PodNetwork, pauseImage: () => Promise<void>) {
    this.#ensurePauseImage = pauseImage;
    this.#network = network;
    this.#docker = docker;
    this.#facts = facts;
    this.#observer = new Observer(docker, facts.owner, facts.network);
  }

  async status(signal?: AbortSignal): Promise<RuntimeStatus> {
    const { Version: version } = await engineCall('ask for the version', () => this.#docker.version());
    signal?.throwIfAborted();
    return { name: 'docker', version, networkFault: await this.#network.fault() };
  }

  async setPodCidr(cidr: string, signal?: AbortSignal): Promise<void> {
    this.#network.use(cidr);
    await this.#network.fault(); // `status` tells of it
    signal?.throwIfAborted();
  }

  async runPodSandbox(config: SandboxConfig, signal?: AbortSignal): Promise<SandboxState> {
    return await this.#changes.run(async () => {
      await this.#prepare(config);
      try {
        return await this.#runSandbox(config, signal);
      } catch (error) {
        if (!(error instanceof RuntimeError) || error.kind !== 'gone') throw error;
        // Somebody has pruned the network or the image.
        this.#network.mayBeGone();
        this.#hasPauseImage = false;
        await this.#prepare(config);
        return await this.#runSandbox(config, signal);
      }
    }, signal);
  }

  async #prepare({ namespaces }: SandboxConfig): Promise<void> {
    const fault = namespaces.network === 'pod' ? await this.#network.fault() : undefined;
    if (fault !== undefined) throw new RuntimeError(`the pod network is not ready: ${fault}`);
    if (this.#hasPauseImage) return;
    await this.#ensurePauseImage();
    this.#hasPauseImage = true;
  }

  async #runSandbox(config: SandboxConfig, signal: AbortSignal | undefined): Promise<SandboxState> {
    const identity = { type: 'podsandbox', pod: config.pod, container: '', attempt: config.attempt } as const;
    const id = await this.#create(sandboxBody(config, this.#facts), engineNameOf(identity), signal);
    const container = this.#docker.getContainer(id);
    try {
      await engineCallAccepting([NOT_MODIFIED], 'start sandbox', () => container.start(abortable(signal)));
    } catch (cause) {
      // Half a sandbox holds the name and perhaps a port: the next try must begin with nothing.
      await this.removePodSandbox(id);
      throw cause;
    }
    const details = await engineCall('inspect sandbox', () => container.inspect(abortable(signal)));
    return sandboxStateOf(details, config.pod, config.attempt, this.#facts.network);
  }

  async removePodSandbox(id: string, signal?: AbortSignal): Promise<void> {
    await this.removeContainer(id, signal);
  }

  async createContainer(sandbox: SandboxState, config: ContainerConfig, signal?: AbortSignal): Promise<string> {
    const identity = { type: 'container', pod: config.pod, container: config.name, attempt: config.attempt } as const;
    return await this.#changes.run(
      () => this.#create(containerBody(sandbox, config, this.#facts), engineNameOf(identity), signal),
      signal,
    );
  }

  async startContainer(id: string, signal?: AbortSignal): Promise<void> {
    await this.#changes.run(
      () =>
        engineCallAccepting([NOT_MODIFIED], 'start container', () =>
          this.#docker.getContainer(id).start(abortable(signal)),
        ),
      signal,
    );
  }

  async updateContainer(id: string, limits: EnforcedLimits, signal?: AbortSignal): Promise<void> {
    await engineCall('update container', () =>
      this.#docker.getContainer(id).update({ ...updateBody(limits), ...abortable(signal) }),
    );
    this.#observer.hasChanged(id);
  }

  async stopContainer(id: string, graceSeconds: number, signal?: AbortSignal): Promise<void> {
    await engineCallAccepting([NOT_MODIFIED, NOT_FOUND], 'stop container', () =>
      this.#docker.getContainer(id).stop({ t: graceSeconds, ...abortable(signal) }),
    );
    this.#observer.hasDied(id);
  }

  async removeContainer(id: string, signal?: AbortSignal): Promise<void> {
    // Conflict: another call is removing it already.
    await engineCallAccepting([NOT_FOUND, CONFLICT], 'remove container', () =>
      this.#docker.getContainer(id).remove({ force: true, v: true, ...abortable(signal) }),
    );
  }

  podStatus(uid: string, signal?: AbortSignal): Promise<ObservedPod | undefined> {
    return this.#observer.pod(uid, signal);
  }

  listPods(signal?: AbortSignal): Promise<ObservedPod[]> {
    return this.#observer.pods(signal);
  }

  async events(signal: AbortSignal): Promise<AsyncIterable<RuntimeEvent>> {
    const stream = await engineCall('subscribe to events', () =>
      this.#docker.getEvents({
        filters: {
          type: ['container'],
          label: [`${OWNER}=${this.#facts.owner}`],
          event: ['start', 'die', 'destroy', 'oom'],
        },
        abortSignal: signal,
      }),
    );
    const bytes = stream as AsyncIterable<Buffer>; // typed only as readable
    return eventsFrom(bytes, this.#observer, signal);
  }

  logs(id: string, options: LogOptions, signal: AbortSignal): Promise<AsyncIterable<LogChunk>> {
    return readLogs(this.#docker, id, options, signal);
  }

  exec(id: string, options: ExecOptions, signal: AbortSignal): Promise<StreamSession> {
    return startExec(this.#docker, id, options, signal);
  }

  attach(id: string, options: Omit<ExecOptions, 'command'>, signal: AbortSignal): Promise<StreamSession> {
    return startAttach(this.#docker, id, options, signal);
  }

  dialPort(sandbox: SandboxState, port: number, signal: AbortSignal): Promise<Duplex> {
    return dialPod(this.#docker, sandbox, port, signal);
  }

  imageStatus(image: string): Promise<ImageInfo | undefined> {
    return inspectImage(this.#docker, image);
  }

  pullImage(image: string, auth: RegistryAuth | undefined, signal?: AbortSignal): Promise<void> {
    return pullImage(this.#docker, image, auth, signal);
  }

  listImages(signal?: AbortSignal): Promise<ImageInfo[]> {
    return listImages(this.#docker, signal);
  }

  removeImage(id: string, signal?: AbortSignal): Promise<boolean> {
    return removeImage(this.#docker, id, signal);
  }

  writtenBytes(signal?: AbortSignal): Promise<WrittenBytes[]> {
    return writtenBytes(this.#docker, this.#facts.owner, signal);
  }

  async stats(signal?: AbortSignal): Promise<ContainerStats[]> {
    return await containerStats(this.#docker, await this.listPods(signal), signal);
  }

  /** The id of the container with that name, made now or by an earlier call that did not live to see the answer. */
  async #create(body: Docker.ContainerCreateOptions, name: string, signal: AbortSignal | undefined): Promise<string> {
    try {
      return (await this.#docker.createContainer({ ...body, ...abortable(signal) })).id;
    } catch (cause) {
      if (httpStatusOf(cause) !== CONFLICT) throw runtimeErrorOf(`create ${name}`, cause);
      return (await engineCall(`inspect ${name}`, () => this.#docker.getContainer(name).inspect())).Id;
    }
  }
}

async function* eventsFrom(
  stream: AsyncIterable<Buffer>,
  observer: Pick<Observer, 'hasDied' | 'ranOutOfMemory'>,
  signal: AbortSignal,
): AsyncGenerator<RuntimeEvent> {
  try {
    for await (const message of jsonLines(stream)) {
      const told = runtimeEventOf(message);
      if (told === undefined) continue;
      if (told.event.type === 'died') observer.hasDied(told.id);
      if (told.event.type === 'out-of-memory') observer.ranOutOfMemory(told.id);
      yield told.event;
    }
  } catch (cause) {
    if (signal.aborted) return;
    throw new RuntimeError('the stream of events broke', { kind: 'unreachable', cause });
  }
  if (!signal.aborted) throw new RuntimeError('the engine ended the stream of events', { kind: 'unreachable' });
}

const EVENT_TYPES: Readonly<Record<string, RuntimeEvent['type']>> = {
  start: 'started',
  die: 'died',
  destroy: 'removed',
  oom: 'out-of-memory',
};

function runtimeEventOf(message: unknown): { id: string; event: RuntimeEvent } | undefined {
  if (typeof message !== 'object' || message === null) return undefined;
  const { Action: action, Actor: actor } = message as { Action?: unknown; Actor?: unknown }; // both checked below
  const type = typeof action === 'string' ? EVENT_TYPES[action] : undefined;
  if (type === undefined || typeof actor !== 'object' || actor === null) return undefined;
  const { ID: id, Attributes: attributes } = actor as { ID?: unknown; Attributes?: unknown }; // both checked below
  if (typeof id !== 'string' || typeof attributes !== 'object' || attributes === null) return undefined;
  const labels = Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key, String(value)]));
  const identity = identityOf(labels);
  return identity === undefined ? undefined : { id, event: { pod: identity.pod, type } };
}

function abortable(signal: AbortSignal | undefined): { abortSignal?: AbortSignal } {
  return signal === undefined ? {} : { abortSignal: signal };
}
