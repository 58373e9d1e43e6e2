// A client that writes all the time, one object after another, and an informer that looks on. Keeps what was acknowledged, how
// long the longest pause between acknowledgements was, and what the informer was told.
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'vitest';
import { isApiError } from '../../pkg/api/meta/status.ts';
import { configMaps, namespaces } from '../../pkg/api/resources.ts';
import type { Client } from '../../pkg/client/client.ts';
import { createInformer } from '../../pkg/client/informer.ts';
import { connectCluster } from '../../pkg/client/kubeconfig-transport.ts';
import { createClient } from '../../pkg/client/typed-client.ts';
import { realClock } from '../../pkg/clock/clock.ts';
import { silentLogger } from '../../pkg/logging/logger.ts';

export interface ConstantWrites extends AsyncDisposable {
  readonly client: Client;
  readonly namespace: string;
  /** Names of the objects whose creation was answered, the oldest first. */
  acknowledged(): readonly string[];
  /** Resolves when so many have been acknowledged. */
  until(count: number): Promise<void>;
  /** Ends the writing; the informer goes on. */
  stop(): Promise<{ longestPauseMs: number }>;
  /** Resolves when the informer has been told of all of them. */
  watchedAll(names: readonly string[]): Promise<void>;
  /** Objects that the informer was told of as new more than once. */
  watchedTwice(): readonly string[];
}

const TRY_MS = 2000;
const PAUSE_MS = 20;
const PATIENCE_MS = 60_000;

export async function startConstantWrites(kubeconfig: string): Promise<ConstantWrites> {
  const { transport } = await connectCluster({ path: kubeconfig, env: {}, home: '/' }, { clock: realClock });
  const client = createClient(transport);
  const namespace = `writes-${Date.now().toString(36)}`;
  await client
    .resource(namespaces)
    .create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace }, spec: {} });
  const acknowledged: string[] = [];
  const added = new Map<string, number>();
  const stop = new AbortController();
  const end = new AbortController();
  let longestPauseMs = 0;

  const informer = createInformer(client.resource(configMaps), { namespace, clock: realClock, log: silentLogger });
  informer.on({
    added: ({ metadata }) => added.set(metadata.name ?? '', (added.get(metadata.name ?? '') ?? 0) + 1),
  });
  const watching = informer.run(end.signal);
  await informer.synced(AbortSignal.timeout(PATIENCE_MS));

  /** Until it is acknowledged: what was not answered may have been done all the same. */
  const write = async (name: string) => {
    while (!stop.signal.aborted) {
      try {
        const draft = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, name }, data: { name } };
        await client.resource(configMaps).create(draft, {}, AbortSignal.timeout(TRY_MS));
        return true;
      } catch (error) {
        if (isApiError(error, 'AlreadyExists')) return true;
        await pause(PAUSE_MS);
      }
    }
    return false;
  };
  const writing = (async () => {
    let last = Date.now();
    for (let count = 0; !stop.signal.aborted; count++) {
      const name = `write-${String(count).padStart(6, '0')}`;
      if (!(await write(name))) return;
      acknowledged.push(name);
      longestPauseMs = Math.max(longestPauseMs, Date.now() - last);
      last = Date.now();
      await pause(PAUSE_MS);
    }
  })();
  return {
    client,
    namespace,
    acknowledged: () => acknowledged,
    async until(count) {
      await expect
        .poll(() => acknowledged.length, { timeout: PATIENCE_MS, interval: 50 })
        .toBeGreaterThanOrEqual(count);
    },
    async stop() {
      stop.abort();
      await writing;
      return { longestPauseMs };
    },
    async watchedAll(names) {
      const missing = () => names.filter((name) => !added.has(name));
      await expect.poll(missing, { timeout: PATIENCE_MS, interval: 100 }).toEqual([]);
    },
    watchedTwice: () => [...added].filter(([, times]) => times > 1).map(([name]) => name),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await writing;
      end.abort();
      await watching;
      await transport.close();
    },
  };
}
