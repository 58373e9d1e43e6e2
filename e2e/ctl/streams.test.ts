// tkctl beside kubectl with running containers: logs, exec, run, edit, rollouts and drains give the same output, the same
// errors and the same exit codes, also on a terminal.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ensureBuilt } from '../../hack/ensure-built.ts';
import { kubectlPath } from '../support/kubectl.ts';
import { missing, startLiveCluster, type LiveCluster } from './live-cluster.ts';
import { runLiveRow, type LiveBench } from './live-compare.ts';
import { rowNamespaces } from './row-namespaces.ts';
import { liveRows, lonelyRows, type LiveRow } from './live-rows.ts';

const why = await missing();
if (why !== undefined) console.log(`tests of tkctl with containers are left out: ${why}`);

const ROW_LIMIT_MS = 240_000;

describe.skipIf(why !== undefined)('tkctl with running containers does what kubectl does:', () => {
  const parts = new AsyncDisposableStack();
  let cluster: LiveCluster;
  let bench: LiveBench;

  beforeAll(async () => {
    await ensureBuilt(() => undefined);
    const directory = mkdtempSync(join(tmpdir(), 'ctl-streams-'));
    parts.defer(() => rmSync(directory, { recursive: true, force: true }));
    cluster = parts.use(await startLiveCluster());
    bench = {
      kubectl: { command: await kubectlPath(35), args: [] },
      tkctl: { command: process.execPath, args: [fileURLToPath(new URL('../../dist/tkctl.js', import.meta.url))] },
      directory,
      kubeconfig: cluster.kubeconfig,
      namespaces: parts.use(await rowNamespaces(cluster.kubeconfig)),
    };
  }, 120_000);

  afterAll(() => parts.disposeAsync(), 60_000);

  const tried = new Set<string>();
  const compare = async (row: LiveRow) => {
    // A second try must not meet what the first has left in its namespaces.
    const name = tried.has(row.name) ? `${row.name}-again` : row.name;
    tried.add(row.name);
    const { kubectl, tkctl } = await runLiveRow(bench, row, name);
    expect(tkctl, cluster.log().split('\n').slice(-20).join('\n')).toEqual(kubectl);
  };
  // Each waits for its own containers most of the time.
  test.concurrent.each(liveRows)('$name', compare, ROW_LIMIT_MS);
  test.each(lonelyRows)('$name', compare, ROW_LIMIT_MS);
});
