// What every worker of this node shares: the parts of the kubelet that a pod needs, and what is true of the node.
import type { Pod, Service } from '../../api/schema/generated/core.v1.gen.ts';
import type { Client } from '../../client/client.ts';
import type { EventRecorder } from '../../client/event-recorder.ts';
import type { Clock, Random } from '../../clock/clock.ts';
import type { Logger } from '../../logging/logger.ts';
import type { ImagePuller } from '../images/image-puller.ts';
import type { KubeletMetrics } from '../metrics/kubelet-metrics.ts';
import type { ObjectCache } from '../objects/object-cache.ts';
import type { ProbeManager } from '../probes/probe-manager.ts';
import type { ContainerRuntime } from '../runtime/runtime.ts';
import type { TokenSource } from '../volumes/token-source.ts';
import type { VolumeManager } from '../volumes/volume-manager.ts';
import type { ClusterDns } from './pod-files.ts';

export interface NodeFacts {
  readonly name: string;
  readonly ips: readonly string[];
  /** As quantities. */
  readonly allocatable: Readonly<Record<string, string>>;
  /** Bytes. */
  readonly memoryCapacity: number;
  /** `docker`: the scheme of container ids. */
  readonly runtimeName: string;
}

export interface PodContext {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly events: EventRecorder;
  readonly runtime: ContainerRuntime;
  readonly images: ImagePuller;
  readonly objects: ObjectCache;
  readonly volumes: VolumeManager;
  readonly tokens: TokenSource;
  readonly probes: ProbeManager;
  /** Undefined: nobody counts. */
  readonly metrics?: KubeletMetrics;
  readonly node: NodeFacts;
  readonly dns: ClusterDns;
  readonly seccompDirectory: string;
  /** All Services of the cluster, for the variables that tell of them. Resolves when they have been read. */
  services(signal: AbortSignal): Promise<readonly Service[]>;
  /** The other pods that have a place on this node, with what they have been given. */
  otherPods(uid: string): readonly Pod[];
  /** Why pods on the pod network must wait; undefined: they need not. */
  networkFault(): string | undefined;
}
