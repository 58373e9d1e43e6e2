// What the kubelet asks of a container engine, shaped as Kubernetes' Container Runtime Interface: sandboxes, containers in
// them, images, streams, events. Everything the kubelet must know again after its own restart travels in `labels`.
// Implementations throw RuntimeError when the engine refuses or does not answer; nothing of an engine's own crosses this line.
import type { Duplex } from 'node:stream';
import type { Instant } from '../../clock/clock.ts';

/** The engine said no, or said nothing. The message is the engine's own, fit for an event. */
export class RuntimeError extends Error {
  override readonly name: string = 'RuntimeError';
  /** `gone`: the thing named does not exist (any more); `unreachable`: no answer from the engine. */
  readonly kind: 'refused' | 'gone' | 'unreachable';

  constructor(message: string, options: { kind?: 'refused' | 'gone' | 'unreachable'; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.kind = options.kind ?? 'refused';
  }
}

export interface PodIdentity {
  readonly uid: string;
  readonly name: string;
  readonly namespace: string;
}

export interface PortMapping {
  readonly containerPort: number;
  readonly hostPort: number;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  readonly hostIp: string;
}

export interface NamespaceOptions {
  readonly network: 'pod' | 'node';
  readonly pid: 'container' | 'pod' | 'node';
  readonly ipc: 'pod' | 'node';
}

export interface SandboxConfig {
  readonly pod: PodIdentity;
  readonly attempt: number;
  readonly hostname: string;
  readonly domainname: string;
  readonly namespaces: NamespaceOptions;
  readonly portMappings: readonly PortMapping[];
  readonly sysctls: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
}

export interface Mount {
  readonly hostPath: string;
  readonly containerPath: string;
  readonly readOnly: boolean;
  readonly propagation: 'None' | 'HostToContainer' | 'Bidirectional';
}

/** What can be changed while a container runs. */
export interface EnforcedLimits {
  readonly cpuShares: number;
  /** Microseconds in each period of 100 ms; undefined: no limit. */
  readonly cpuQuota: number | undefined;
  /** Bytes; undefined: no limit. */
  readonly memoryLimit: number | undefined;
}

export interface ContainerResources extends EnforcedLimits {
  readonly oomScoreAdj: number;
}

export interface ContainerSecurity {
  readonly privileged: boolean;
  /** `uid`, `uid:gid`, or '' for what the image says. */
  readonly user: string;
  readonly supplementalGroups: readonly number[];
  readonly readOnlyRootFilesystem: boolean;
  readonly noNewPrivileges: boolean;
  readonly addCapabilities: readonly string[];
  readonly dropCapabilities: readonly string[];
  /** undefined: no system call filter (Kubernetes' default). */
  readonly seccomp: 'runtime-default' | { readonly profile: string } | undefined;
  /** procMount: Unmasked. */
  readonly unmaskedPaths: boolean;
}

export interface ContainerConfig {
  readonly pod: PodIdentity;
  readonly name: string;
  readonly attempt: number;
  readonly image: string;
  /** Undefined: the image's own. An empty list is an empty list. */
  readonly command: readonly string[] | undefined;
  readonly args: readonly string[] | undefined;
  readonly workingDir: string;
  readonly env: readonly string[];
  readonly mounts: readonly Mount[];
  readonly tty: boolean;
  readonly stdin: boolean;
  readonly stdinOnce: boolean;
  readonly stopSignal: string | undefined;
  readonly namespaces: NamespaceOptions;
  /** Join the processes of this container (`kubectl debug --target`) instead. */
  readonly targetId?: string;
  readonly resources: ContainerResources;
  readonly security: ContainerSecurity;
  readonly labels: Readonly<Record<string, string>>;
}

export interface SandboxState {
  readonly id: string;
  readonly pod: PodIdentity;
  readonly attempt: number;
  readonly ready: boolean;
  readonly createdAt: Instant;
  /** '' when the sandbox is on the node's network or not running. */
  readonly ip: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface ContainerRecord {
  readonly id: string;
  readonly pod: PodIdentity;
  /** The sandbox that it was made in. */
  readonly sandboxId: string;
  readonly name: string;
  readonly attempt: number;
  readonly state: 'created' | 'running' | 'exited';
  readonly createdAt: Instant;
  readonly startedAt: Instant | undefined;
  readonly finishedAt: Instant | undefined;
  readonly exitCode: number;
  readonly oomKilled: boolean;
  /** What the engine says of a container it could not start. */
  readonly error: string;
  readonly image: string;
  readonly imageId: string;
  /** As the engine has them now. */
  readonly limits: EnforcedLimits;
  readonly labels: Readonly<Record<string, string>>;
}

/** All that the runtime holds of one pod; newest attempts first. */
export interface ObservedPod {
  readonly pod: PodIdentity;
  readonly sandboxes: readonly SandboxState[];
  readonly containers: readonly ContainerRecord[];
}

export interface ImageInfo {
  readonly id: string;
  readonly names: readonly string[];
  readonly size: number;
  /** As in the image: a name, a number, or `user:group`; '' is root. */
  readonly user: string;
}

export interface RuntimeEvent {
  readonly pod: PodIdentity;
  readonly type: 'started' | 'died' | 'removed' | 'out-of-memory';
}

export interface RuntimeStatus {
  /** `docker`; the scheme of container ids. */
  readonly name: string;
  readonly version: string;
  /** Why pods can have no network of their own yet; those on the node's network run. */
  readonly networkFault: string | undefined;
}

export interface LogOptions {
  readonly follow: boolean;
  readonly timestamps: boolean;
  readonly tailLines: number | undefined;
  readonly since: Instant | undefined;
}

export interface LogChunk {
  readonly stream: 'stdout' | 'stderr';
  readonly data: Uint8Array;
}

/** An exec or attach that runs. */
export interface StreamSession {
  /** What the process prints; ends when it does. With a TTY everything is stdout. */
  readonly output: AsyncIterable<LogChunk>;
  /** Resolves false when the other side takes no more for now; write again after it resolves. */
  write(data: Uint8Array): Promise<void>;
  closeStdin(): void;
  resize(size: { columns: number; rows: number }): Promise<void>;
  /** After `output` has ended. For attach undefined: the container's own state tells. */
  exitCode(): Promise<number | undefined>;
  /** Kills the process of an exec, as far as it is within reach; closing alone leaves it running. */
  kill(): Promise<void>;
  close(): void;
}

export interface ExecOptions {
  readonly command: readonly string[];
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}

export interface ContainerStats {
  readonly id: string;
  readonly pod: PodIdentity;
  /** '' for the sandbox. */
  readonly name: string;
  readonly image: string;
  readonly at: Instant;
  readonly startedAt: Instant | undefined;
  readonly cpuNanoseconds: number;
  readonly cpuUserNanoseconds: number;
  readonly cpuSystemNanoseconds: number;
  readonly throttling: {
    readonly periods: number;
    readonly throttledPeriods: number;
    readonly throttledNanoseconds: number;
  };
  readonly memoryUsageBytes: number;
  readonly memoryWorkingSetBytes: number;
  readonly memoryRssBytes: number;
  readonly memoryCacheBytes: number;
  /** What the kernel allows; the machine's memory where there is no limit. */
  readonly memoryLimitBytes: number;
  readonly pageFaults: number;
  readonly majorPageFaults: number;
  readonly processes: number;
  readonly blockIo: { readonly readBytes: number; readonly writtenBytes: number };
  /** Of the sandbox only, and none of a pod on the node's network. */
  readonly networks: readonly NetworkCounters[];
}

export interface NetworkCounters {
  /** `eth0` */
  readonly name: string;
  readonly received: TrafficCounters;
  readonly sent: TrafficCounters;
}

export interface TrafficCounters {
  readonly bytes: number;
  readonly packets: number;
  readonly errors: number;
  readonly dropped: number;
}

export interface WrittenBytes {
  readonly pod: PodIdentity;
  readonly name: string;
  readonly bytes: number;
}

/** Every call may be repeated: a second one finds what the first one made. */
export interface ContainerRuntime {
  /** Throws RuntimeError while the engine does not answer. */
  status(signal?: AbortSignal): Promise<RuntimeStatus>;
  /** The range of addresses that pods have on this node from now on; `status` says when that could not be done. */
  setPodCidr(cidr: string, signal?: AbortSignal): Promise<void>;

  /** Makes and starts the sandbox; answers once it has its address. */
  runPodSandbox(config: SandboxConfig, signal?: AbortSignal): Promise<SandboxState>;
  /** Stops and removes a sandbox with its network. Nothing happens when there is none. */
  removePodSandbox(id: string, signal?: AbortSignal): Promise<void>;

  createContainer(sandbox: SandboxState, config: ContainerConfig, signal?: AbortSignal): Promise<string>;
  startContainer(id: string, signal?: AbortSignal): Promise<void>;
  /** Of a container that runs, which goes on. */
  updateContainer(id: string, limits: EnforcedLimits, signal?: AbortSignal): Promise<void>;
  /** Asks it to end, kills it after `graceSeconds`; resolves when it is down. Nothing happens when it is already. */
  stopContainer(id: string, graceSeconds: number, signal?: AbortSignal): Promise<void>;
  /** Also kills it. Nothing happens when there is none. */
  removeContainer(id: string, signal?: AbortSignal): Promise<void>;

  podStatus(uid: string, signal?: AbortSignal): Promise<ObservedPod | undefined>;
  listPods(signal?: AbortSignal): Promise<ObservedPod[]>;
  /**
   * Resolves once subscribed: what happens after that is told, until `signal`. The iteration throws RuntimeError when the
   * engine goes away: subscribe anew, then list.
   */
  events(signal: AbortSignal): Promise<AsyncIterable<RuntimeEvent>>;

  logs(id: string, options: LogOptions, signal: AbortSignal): Promise<AsyncIterable<LogChunk>>;
  exec(id: string, options: ExecOptions, signal: AbortSignal): Promise<StreamSession>;
  attach(id: string, options: Omit<ExecOptions, 'command'>, signal: AbortSignal): Promise<StreamSession>;
  /** A connection to a port inside the pod. */
  dialPort(sandbox: SandboxState, port: number, signal: AbortSignal): Promise<Duplex>;

  /** Undefined when the image is not there. */
  imageStatus(image: string, signal?: AbortSignal): Promise<ImageInfo | undefined>;
  pullImage(image: string, auth: RegistryAuth | undefined, signal?: AbortSignal): Promise<void>;
  /** False when the engine would not, because something uses it. */
  removeImage(id: string, signal?: AbortSignal): Promise<boolean>;
  listImages(signal?: AbortSignal): Promise<ImageInfo[]>;

  stats(signal?: AbortSignal): Promise<ContainerStats[]>;
  /** What containers have written into their own file systems. Costs a walk over all of it. */
  writtenBytes(signal?: AbortSignal): Promise<WrittenBytes[]>;
}

export interface RegistryAuth {
  readonly username: string;
  readonly password: string;
  readonly serverAddress: string;
}
