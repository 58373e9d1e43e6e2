// Gives every node a range of pod addresses of its own. What nodes have already is respected, whoever gave it; a node that is deleted
// gives its range back. Without a free one the node is told so by an event and waits.
import { isApiError } from '../../api/meta/status.ts';
import { nodes } from '../../api/resources.ts';
import type { Node } from '../../api/schema/generated/core.v1.gen.ts';
import { controllerQueue, runWorkers, type Controller, type ControllerContext } from '../context.ts';
import { CidrError, CidrSet } from './cidr-set.ts';

export interface NodeIpamOptions {
  /** `--cluster-cidr`. */
  readonly clusterCidr: string;
  /** `--node-cidr-mask-size`. */
  readonly maskSize: number;
  /** `--service-cluster-ip-range`: no node gets addresses of it. */
  readonly serviceCidr: string | undefined;
}

/** Throws CidrError for ranges that make no sense. */
export function nodeIpamController(context: ControllerContext, options: NodeIpamOptions): Controller {
  const name = 'node-ipam-controller';
  const log = context.log.with({ controller: name });
  const set = new CidrSet(options.clusterCidr, options.maskSize);
  if (options.serviceCidr !== undefined) set.occupy(options.serviceCidr);
  const queue = controllerQueue(context, 'cidrallocator');
  const client = context.client.resource(nodes);
  const recorder = context.recorder('cidrAllocator');
  const informer = context.informers.of(nodes);
  /** Ranges by node: what its object says, or what is just being written there. */
  const claims = new Map<string, readonly string[]>();
  const waiting = new Set<string>();

  const see = (node: Node) => {
    const { name: nodeName } = node.metadata;
    const cidrs = cidrsOf(node);
    if (cidrs.length > 0) claim(nodeName, cidrs);
    else queue.add(nodeName);
  };
  informer.on({
    added: see,
    changed: (node, before) => {
      if (node.spec.podCIDR !== before.spec.podCIDR) see(node);
    },
    deleted: ({ metadata }) => {
      waiting.delete(metadata.name);
      claim(metadata.name, []);
      for (const other of waiting) queue.add(other);
    },
  });

  /** These are the node's ranges from now on, in place of those that it had. */
  function claim(nodeName: string, cidrs: readonly string[]): void {
    const before = claims.get(nodeName) ?? [];
    const now = cidrs.filter((cidr) => attempt(nodeName, () => set.occupy(cidr)));
    for (const cidr of before) set.release(cidr);
    if (now.length > 0) claims.set(nodeName, now);
    else claims.delete(nodeName);
  }

  function attempt(nodeName: string, occupy: () => void): boolean {
    try {
      occupy();
      return true;
    } catch (error) {
      if (!(error instanceof CidrError)) throw error;
      log.warn('a node has a pod range that is none of IPv4', { node: nodeName, error });
      return false;
    }
  }

  async function sync(nodeName: string, signal: AbortSignal): Promise<void> {
    const node = informer.store.get(nodeName);
    if (node === undefined || node.metadata.deletionTimestamp !== undefined || cidrsOf(node).length > 0) return;
    // A claim that the object does not show yet is being written: writing it again does no harm.
    const cidr = claims.get(nodeName)?.[0] ?? set.take();
    if (cidr === undefined) return tellNone(node);
    claims.set(nodeName, [cidr]);
    waiting.delete(nodeName);
    try {
      const patch = { metadata: { uid: node.metadata.uid }, spec: { podCIDR: cidr, podCIDRs: [cidr] } };
      await client.patch({ name: nodeName }, patch, 'strategic', {}, signal);
      log.info('gave a node its pod addresses', { node: nodeName, podCidr: cidr });
    } catch (error) {
      if (isApiError(error, 'NotFound')) return claim(nodeName, []);
      // Somebody else was faster: what the node has by now is its range.
      if (isApiError(error, 'Invalid')) return claim(nodeName, cidrsOf(await client.get({ name: nodeName }, signal)));
      throw error;
    }
  }

  function tellNone(node: Node): void {
    const { name: nodeName } = node.metadata;
    waiting.add(nodeName);
    const message = `Node ${nodeName} status is now: CIDRNotAvailable`;
    recorder.record(node, { type: 'Normal', reason: 'CIDRNotAvailable', message });
    log.warn('no pod addresses are left for a node', { node: nodeName, clusterCidr: options.clusterCidr });
  }

  return {
    name,
    run: (signal) => runWorkers({ name, queue, workers: 1, log: context.log, sync }, signal),
  };
}

function cidrsOf({ spec }: Node): readonly string[] {
  if (spec.podCIDRs !== undefined && spec.podCIDRs.length > 0) return spec.podCIDRs;
  return spec.podCIDR === undefined || spec.podCIDR === '' ? [] : [spec.podCIDR];
}
