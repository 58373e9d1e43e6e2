// The Lease by which others see that this node lives: renewed four times in its duration, made when it is not there.
import { isApiError } from '../../api/meta/status.ts';
import { formatMicroTime } from '../../api/meta/time.ts';
import { leases } from '../../api/resources.ts';
import type { Node } from '../../api/schema/generated/core.v1.gen.ts';
import type { Client } from '../../client/client.ts';
import type { Logger } from '../../logging/logger.ts';
import { inTime, type HeartbeatOptions } from './heartbeat.ts';

const RETRY_MS = 1_000;
/** Kubernetes' share of the lease's duration after which it is renewed. */
const RENEW_SHARE = 0.25;
const NAMESPACE = 'kube-node-lease';

export interface NodeLeaseOptions extends HeartbeatOptions {
  readonly client: Client;
  readonly log: Logger;
  readonly identity: { readonly name: string };
  /** The Node, which the Lease goes with. */
  readonly node: () => Node | undefined;
}

/** Until `signal`. */
export async function keepLease(options: NodeLeaseOptions, signal: AbortSignal): Promise<void> {
  const { clock, log, heartbeat } = options;
  const renewMs = heartbeat.leaseSeconds * 1000 * RENEW_SHARE;
  while (!signal.aborted) {
    try {
      await renew(options, signal);
      await clock.sleep(renewMs, signal);
    } catch (error) {
      if (signal.aborted) return;
      log.warn('lease not renewed', { error });
      await clock.sleep(Math.min(RETRY_MS, renewMs), signal).catch(() => undefined); // rejects only when stopping
    }
  }
}

async function renew(options: NodeLeaseOptions, signal: AbortSignal): Promise<void> {
  const { client, clock, identity, heartbeat, node } = options;
  const resource = client.resource(leases);
  const key = { namespace: NAMESPACE, name: identity.name };
  const renewTime = formatMicroTime(clock.now());
  const spec = { holderIdentity: identity.name, leaseDurationSeconds: heartbeat.leaseSeconds, renewTime };
  try {
    await inTime(
      options,
      (until) => resource.patch(key, { spec }, 'merge', { fieldManager: 'kubelet' }, until),
      signal,
    );
  } catch (error) {
    if (!isApiError(error, 'NotFound')) throw error;
    const uid = node()?.metadata.uid ?? '';
    const owner = { apiVersion: 'v1', kind: 'Node', name: identity.name, uid };
    const lease = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { ...key, ...(uid !== '' && { ownerReferences: [owner] }) },
      spec,
    };
    await inTime(options, (until) => resource.create(lease, { fieldManager: 'kubelet' }, until), signal);
  }
}
