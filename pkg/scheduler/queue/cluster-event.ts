// What happened in the cluster that may let a pod fit that did not fit before. Plugins judge these one pod at a time.
import type { Node } from '../../api/schema/generated/core.v1.gen.ts';
import type { NodeInfo } from '../framework/node-info.ts';
import type { PodInfo } from '../framework/pod-info.ts';

export type ClusterEvent =
  | { readonly on: 'node-added'; readonly node: NodeInfo }
  | { readonly on: 'node-changed'; readonly before: Node; readonly node: NodeInfo }
  | { readonly on: 'node-removed'; readonly node: Node }
  /** A pod came to a node. */
  | { readonly on: 'pod-added'; readonly pod: PodInfo }
  /** A pod on a node changed its labels or needs. */
  | { readonly on: 'pod-changed'; readonly before: PodInfo; readonly pod: PodInfo; readonly node: NodeInfo | undefined }
  /** A pod left its node: deleted, finished, or its binding failed. */
  | { readonly on: 'pod-removed'; readonly pod: PodInfo; readonly node: NodeInfo | undefined }
  /** The labels of a namespace changed. */
  | { readonly on: 'namespace-changed'; readonly name: string };

/** Events about a node: those that can turn a verdict about that node. */
export function nodeOf(event: ClusterEvent): NodeInfo | undefined {
  return event.on === 'node-added' || event.on === 'node-changed' ? event.node : undefined;
}
