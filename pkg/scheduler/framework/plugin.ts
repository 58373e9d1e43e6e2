// What a plugin is. Plugins have no state of their own; each reads the pod once (`prepare`) and answers with a function of
// a node, or with undefined when the pod does not concern it, so that no node is asked. Plugins that look at one node only
// (`filter`, `score`) are remembered per shape of pod and node; those that look at other nodes' pods (`clusterFilter`,
// `clusterScore`) are asked anew for every pod.
import type { Snapshot } from '../cache/snapshot.ts';
import type { ClusterEvent } from '../queue/cluster-event.ts';
import type { NodeInfo } from './node-info.ts';
import type { PodInfo } from './pod-info.ts';

/** Why a node does not take a pod. */
export interface Failure {
  readonly plugin: string;
  readonly reasons: readonly string[];
  /** Whether evicting pods could help (Kubernetes' Unschedulable against UnschedulableAndUnresolvable). */
  readonly evictionHelps: boolean;
}

export type NodeCheck = (node: NodeInfo) => Failure | undefined;
export type NodeRating = (node: NodeInfo) => number;

/** The highest score that a plugin gives a node, before its weight. */
export const HIGHEST_SCORE = 100;

export type Restriction =
  | { readonly to: 'nodes'; readonly names: ReadonlySet<string> }
  /** No node at all can take the pod, whatever the cluster looks like. */
  | { readonly to: 'nothing'; readonly reason: string };

export interface Plugin {
  readonly name: string;

  /** A reason to keep the pod out of the queue. */
  preEnqueue?(pod: PodInfo): string | undefined;

  /** Which nodes need to be looked at; undefined: all. */
  restrict?(pod: PodInfo): Restriction | undefined;

  filter?(pod: PodInfo): NodeCheck | undefined;
  clusterFilter?(pod: PodInfo, snapshot: Snapshot): NodeCheck | undefined;

  score?: {
    /**
     * `absolute`: 0 to 100 as it is. `most`: scaled so that the largest among the feasible nodes is 100. `least`: the
     * same, turned round.
     */
    readonly scale: 'absolute' | 'most' | 'least';
    prepare(pod: PodInfo, snapshot: Snapshot): NodeRating | undefined;
    /** What besides the node the ratings depend on; remembered ratings are dropped when it changes. */
    dependsOn?(pod: PodInfo, snapshot: Snapshot): string;
  };
  /** Answers with scores from 0 to 100. Asks for the feasible nodes only if it has something to say. */
  clusterScore?(pod: PodInfo, snapshot: Snapshot, feasible: () => readonly NodeInfo[]): NodeRating | undefined;

  /** Whether this event may have removed the reason for which this plugin turned the pod down. */
  helps?(pod: PodInfo, event: ClusterEvent): boolean;
}
