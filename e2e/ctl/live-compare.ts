// Runs a row's shell lines with kubectl as `kc` and then with tkctl as `kc`, each in a namespace of its own, and makes what
// they print comparable: to what any two runs differ in come the names and ids of running containers.
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { comparable, type Binary, type Outcome } from './compare.ts';
import { files } from './live-files.ts';
import type { LiveRow } from './live-rows.ts';
import type { RowNamespaces } from './row-namespaces.ts';

export interface LiveBench {
  readonly kubectl: Binary;
  readonly tkctl: Binary;
  readonly directory: string;
  /** Path. */
  readonly kubeconfig: string;
  readonly namespaces: RowNamespaces;
}

const LINE_LIMIT_MS = 60_000;

interface Side {
  readonly mark: 'aa' | 'bb';
  readonly namespace: string;
  readonly files: string;
}

/** What both printed for each line, in order. */
export async function runLiveRow(
  bench: LiveBench,
  row: LiveRow,
  name = row.name,
): Promise<{ kubectl: Outcome[]; tkctl: Outcome[] }> {
  if (row.alone === true)
    return {
      kubectl: await runSide(bench, bench.kubectl, row, name, 'aa'),
      tkctl: await runSide(bench, bench.tkctl, row, name, 'bb'),
    };
  const [kubectl, tkctl] = await Promise.all([
    runSide(bench, bench.kubectl, row, name, 'aa'),
    runSide(bench, bench.tkctl, row, name, 'bb'),
  ]);
  return { kubectl, tkctl };
}

async function runSide(
  bench: LiveBench,
  binary: Binary,
  row: LiveRow,
  name: string,
  mark: 'aa' | 'bb',
): Promise<Outcome[]> {
  const side: Side = { mark, namespace: `${name}-${mark}`, files: join(bench.directory, `${name}-${mark}`) };
  mkdirSync(side.files, { recursive: true });
  for (const [file, content] of Object.entries(files)) writeFileSync(join(side.files, file), content, { mode: 0o755 });
  const program = (file: string, { command, args }: Binary) => {
    const words = [command, ...args].map((word) => `'${word}'`).join(' ');
    writeFileSync(join(side.files, file), `#!/bin/sh\nexec ${words} --namespace=${side.namespace} "$@"\n`, {
      mode: 0o755,
    });
  };
  program('kc', binary);
  program('stock', bench.kubectl);
  const prepare = async (line: string) => {
    const outcome = await execute(bench, line, side);
    if (outcome.code !== 0) throw new Error(`cannot prepare the row: ${line}: ${outcome.stdout}${outcome.stderr}`);
  };
  await bench.namespaces.make(side.namespace);
  for (const line of row.given) await prepare(line.replaceAll('kc ', 'stock '));
  const outcomes: Outcome[] = [];
  for (const line of row.run) {
    const { code, stdout, stderr } = await execute(bench, line, side);
    outcomes.push({ line, code, stdout: liveComparable(stdout, side), stderr: liveComparable(stderr, side) });
  }
  await bench.namespaces.remove(side.namespace);
  return outcomes;
}

function execute(
  bench: LiveBench,
  line: string,
  side: Side,
): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn('/bin/sh', ['-c', line], {
      cwd: side.files,
      env: {
        ...process.env,
        PATH: `${side.files}:${process.env['PATH'] ?? ''}`,
        KUBECONFIG: bench.kubeconfig,
        HOME: side.files,
        TERM: 'xterm',
        TZ: 'UTC',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own, so that what the line has started ends with it.
      detached: true,
    });
    const late = setTimeout(() => {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    }, LINE_LIMIT_MS);
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(late);
      resolve({ code: code ?? -1, stdout, stderr });
    });
  });
}

function liveComparable(text: string, side: Side): string {
  return comparable(text, side)
    .replace(/docker:\/\/[0-9a-f]{64}/g, 'docker://ID')
    .replace(/\b([a-z]+-[0-9a-z]{8,10})-[0-9a-z]{5}\b/g, '$1-RANDOM')
    .replace(/\b[0-9.]+(ms|s) ?(?=\(|\.)/g, 'AGE ')
    .replace(/-edit-\w+\.yaml/g, '-edit-RANDOM.yaml');
}
