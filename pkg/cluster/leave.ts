// Takes this machine out of its cluster and every trace of the cluster off it. Safe to repeat, and to run on what an interrupted run of
// joining or leaving has left. Pods that should move elsewhere in good order are drained before (`tkctl drain`).
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { isApiError } from '../api/meta/status.ts';
import { nodes } from '../api/resources.ts';
import { httpsTransport } from '../client/https-transport.ts';
import { createClient } from '../client/typed-client.ts';
import type { Clock } from '../clock/clock.ts';
import { removeFromEngine } from './engine-remains.ts';
import { engineAt } from './engine.ts';
import { clientCertificates } from './join.ts';
import { stopNode } from './node-process.ts';
import { nodeFiles, readNodeRecord, type NodeRecord } from './node-record.ts';

export interface LeaveOptions {
  readonly directory: string;
  readonly clock: Clock;
  readonly say: (step: string) => void;
  /** Something that this machine cannot do, and that somebody else should. */
  readonly warn: (sentence: string) => void;
  /** Takes rules, routes and devices of the pod network and of Services out of the kernel. */
  readonly removeHostRules: (record: NodeRecord) => Promise<void>;
}

const DELETE_WITHIN_MS = 10_000;

/** The node that this machine was; undefined: none. */
export async function leaveCluster(options: LeaveOptions, signal: AbortSignal): Promise<NodeRecord | undefined> {
  const { directory, say } = options;
  const record = readNodeRecord(directory);
  await stopNode(directory, options.clock, signal);
  if (record !== undefined) {
    say(`taking node ${record.nodeName} out of the cluster`);
    await deleteNode(record, options, signal);
    say('removing its containers and network');
    await removeFromEngine(engineAt(record.engine), record.nodeName, record.network);
    say('removing its kernel rules');
    await options.removeHostRules(record);
  }
  if (existsSync(directory)) {
    say('removing its files');
    unmountBelow(directory);
    rmSync(directory, { recursive: true, force: true });
  }
  return record;
}

async function deleteNode(record: NodeRecord, options: LeaveOptions, signal: AbortSignal): Promise<void> {
  const { nodeName, server } = record;
  const pair = await clientCertificates(options.directory).current();
  const { authority } = nodeFiles(options.directory);
  const byHand = (why: string) =>
    options.warn(`the node is still known to the cluster (${why}); take it out with "tkctl delete node ${nodeName}"`);
  if (pair === undefined || !existsSync(authority)) return byHand('its certificate is gone');
  const transport = httpsTransport({
    server,
    ca: readFileSync(authority, 'utf8'),
    cert: pair.certificate,
    key: pair.key,
    userAgent: 'tkctl',
    clock: options.clock,
  });
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(DELETE_WITHIN_MS)]);
    await createClient(transport).resource(nodes).delete({ name: nodeName }, {}, limit);
  } catch (error) {
    signal.throwIfAborted();
    if (!isApiError(error, 'NotFound')) byHand(error instanceof Error ? error.message : String(error));
  } finally {
    await transport.close();
  }
}

/** Volumes in memory are mounts, which cannot be deleted; the deepest go first. */
function unmountBelow(directory: string): void {
  const paths = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1]?.replaceAll('\\040', ' ') ?? '')
    .filter((path) => path.startsWith(`${directory}/`));
  for (const path of paths.toReversed()) spawnSync('umount', ['--lazy', path]);
}
