// Waits until the node of this machine is ready, as the cluster sees it, asked with the node's own certificate.
import { readFileSync } from 'node:fs';
import { findCondition } from '../api/meta/conditions.ts';
import { isApiError } from '../api/meta/status.ts';
import { nodes } from '../api/resources.ts';
import { httpsTransport } from '../client/https-transport.ts';
import { UnreachableError } from '../client/transport.ts';
import { createClient } from '../client/typed-client.ts';
import type { Clock } from '../clock/clock.ts';
import { ClusterError } from './cluster-record.ts';
import { clientCertificates } from './join.ts';
import { isNodeRunning, nodeLogTail } from './node-process.ts';
import { nodeFiles, type NodeRecord } from './node-record.ts';

const READY_WITHIN_MS = 60_000;
const POLL_MS = 200;

export async function untilNodeReady(
  node: { readonly directory: string; readonly record: NodeRecord; readonly clock: Clock },
  signal: AbortSignal,
): Promise<void> {
  const { directory, record, clock } = node;
  const files = nodeFiles(directory);
  const pair = await clientCertificates(directory).current();
  if (pair === undefined) throw new ClusterError(`the certificate of node "${record.nodeName}" is gone`);
  const transport = httpsTransport({
    server: record.server,
    ca: readFileSync(files.authority, 'utf8'),
    cert: pair.certificate,
    key: pair.key,
    userAgent: 'tkctl',
    clock,
  });
  await using parts = new AsyncDisposableStack();
  parts.defer(() => transport.close());
  const resource = createClient(transport).resource(nodes);
  const deadline = clock.now() + READY_WITHIN_MS;
  let why = 'it has not registered itself';
  while (clock.now() < deadline) {
    try {
      const { status } = await resource.get({ name: record.nodeName }, signal);
      const ready = findCondition(status?.conditions, 'Ready');
      if (ready?.status === 'True') return;
      why = ready?.message ?? why;
    } catch (error) {
      if (!isApiError(error, 'NotFound') && !(error instanceof UnreachableError)) throw error;
    }
    if (!isNodeRunning(directory)) throw new ClusterError(`the node's program ended:\n${nodeLogTail(directory)}`);
    await clock.sleep(POLL_MS, signal);
  }
  throw new ClusterError(`node "${record.nodeName}" is not ready after 60 s: ${why}; see ${files.log}`);
}
