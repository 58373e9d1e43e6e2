// tkctl beside kubectl on the same API server: for every command of every row the same output, the same errors, the same
// exit code. Where tkctl says more (the nearest right word for a mistyped one), comparable() leaves that out.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ensureBuilt } from '../../hack/ensure-built.ts';
import { startApiServer, type ApiServerProcess } from '../support/api-server.ts';
import { kubectlPath } from '../support/kubectl.ts';
import { runRow, type Bench } from './compare.ts';
import { rowNamespaces } from './row-namespaces.ts';
import { rows } from './rows.ts';

const ROW_LIMIT_MS = 180_000;

describe('tkctl does what kubectl does', () => {
  let server: ApiServerProcess;
  let bench: Bench;

  beforeAll(async () => {
    await ensureBuilt(() => undefined);
    server = await startApiServer();
    bench = {
      kubectl: { command: await kubectlPath(35), args: [] },
      tkctl: { command: process.execPath, args: [fileURLToPath(new URL('../../dist/tkctl.js', import.meta.url))] },
      directory: mkdtempSync(join(tmpdir(), 'ctl-')),
      kubeconfig: readFileSync(server.kubeconfig, 'utf8'),
      namespaces: await rowNamespaces(server.kubeconfig),
    };
  }, 120_000);

  afterAll(async () => {
    rmSync(bench.directory, { recursive: true, force: true });
    await bench.namespaces[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  const tried = new Set<number>();
  test.concurrent.each(rows.map(({ family, row }, index) => ({ family, row, index, first: row.run[0] ?? '' })))(
    '$family: $first and what follows',
    async ({ row, index }) => {
      // A second try must not meet what the first has left in its namespaces.
      const number = tried.has(index) ? index + rows.length : index;
      tried.add(index);
      const { kubectl, tkctl } = await runRow(bench, row, number);
      expect(tkctl).toEqual(kubectl);
    },
    ROW_LIMIT_MS,
  );
});
