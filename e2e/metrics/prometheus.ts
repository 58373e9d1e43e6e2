// Debian's Prometheus with the configuration that tkctl writes for a cluster; only its intervals are shortened. Asked through its
// HTTP API; ended by disposing.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureCommands } from '../../hack/system-packages.ts';
import type { Ran } from '../support/test-cluster.ts';

export interface Target {
  readonly health: string;
  readonly lastError: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface Rule {
  readonly name: string;
  readonly query: string;
  readonly health: string;
  readonly lastError?: string;
  readonly type: 'recording' | 'alerting';
}

export interface Prometheus extends AsyncDisposable {
  readonly directory: string;
  targets(): Promise<readonly Target[]>;
  rules(): Promise<readonly Rule[]>;
  /** Of each series the labels and the value. */
  query(
    expression: string,
  ): Promise<readonly { readonly metric: Readonly<Record<string, string>>; readonly value: number }[]>;
  /** Names of all metrics there are. */
  names(): Promise<ReadonlySet<string>>;
  log(): string;
}

const READY_MS = 30_000;

export async function startPrometheus(
  cluster: { tkctl(...args: string[]): Promise<Ran> },
  name: string,
): Promise<Prometheus> {
  ensureCommands(['prometheus'], () => undefined);
  const home = mkdtempSync(join(tmpdir(), 'typekube-prometheus-'));
  const directory = join(home, 'config');
  const written = await cluster.tkctl('cluster', 'scrape-config', name, `--directory=${directory}`);
  if (written.code !== 0) throw new Error(`tkctl cluster scrape-config: ${written.stdout}${written.stderr}`);
  const config = join(directory, 'prometheus.yml');
  writeFileSync(config, readFileSync(config, 'utf8').replaceAll('15s', '2s').replaceAll('10s', '2s'));
  const port = await freePort();
  const child = spawn(
    'prometheus',
    [`--config.file=${config}`, `--storage.tsdb.path=${join(home, 'data')}`, `--web.listen-address=127.0.0.1:${port}`],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (part: string) => (log = (log + part).slice(-20_000)));
  const ask = async (path: string): Promise<unknown> => {
    const answer = await fetch(`http://127.0.0.1:${port}/api/v1/${path}`);
    const body = (await answer.json()) as { status: string; data: unknown; error?: string };
    if (body.status !== 'success') throw new Error(`${path}: ${body.error ?? answer.status}`);
    return body.data;
  };
  const prometheus: Prometheus = {
    directory,
    // Prometheus' own API: the shapes are in its documentation.
    async targets() {
      return ((await ask('targets?state=active')) as { activeTargets: Target[] }).activeTargets;
    },
    async rules() {
      return ((await ask('rules')) as { groups: { rules: Rule[] }[] }).groups.flatMap(({ rules }) => rules);
    },
    async query(expression) {
      const { result } = (await ask(`query?query=${encodeURIComponent(expression)}`)) as {
        result: { metric: Record<string, string>; value: [number, string] }[];
      };
      return result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
    },
    async names() {
      return new Set((await ask('label/__name__/values')) as string[]);
    },
    log: () => log,
    async [Symbol.asyncDispose]() {
      await ended(child);
      rmSync(home, { recursive: true, force: true });
    },
  };
  const deadline = Date.now() + READY_MS;
  for (;;) {
    const isReady = await fetch(`http://127.0.0.1:${port}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isReady) return prometheus;
    if (Date.now() > deadline || child.exitCode !== null) {
      await prometheus[Symbol.asyncDispose]();
      throw new Error(`prometheus does not become ready:\n${log}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once('exit', () => resolve());
    child.kill('SIGTERM');
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
