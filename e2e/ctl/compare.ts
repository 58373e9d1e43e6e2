// Runs one row with kubectl and with tkctl, each in a namespace of its own whose name has the same length, and makes what
// they print comparable: names of namespaces and directories, times, uids and addresses are replaced.
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { manifests } from './manifests.ts';
import type { RowNamespaces } from './row-namespaces.ts';
import type { Row } from './rows/row.ts';

export interface Binary {
  readonly command: string;
  readonly args: readonly string[];
}

export interface Bench {
  readonly kubectl: Binary;
  readonly tkctl: Binary;
  readonly directory: string;
  /** Text of the kubeconfig. */
  readonly kubeconfig: string;
  readonly namespaces: RowNamespaces;
}

export interface Outcome {
  readonly line: string;
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface Side {
  readonly binary: Binary;
  readonly mark: 'aa' | 'bb';
  /** Stands for NODE; a second try gets another. */
  readonly node: string;
  readonly namespace: string;
  readonly files: string;
}

const COMMAND_LIMIT_MS = 60_000;

/** What both printed for each command, in order. */
export async function runRow(bench: Bench, row: Row, index: number): Promise<{ kubectl: Outcome[]; tkctl: Outcome[] }> {
  const [kubectl, tkctl] = await Promise.all([
    runSide(bench, row, sideOf(bench, bench.kubectl, 'aa', index)),
    runSide(bench, row, sideOf(bench, bench.tkctl, 'bb', index)),
  ]);
  return { kubectl, tkctl };
}

function sideOf(bench: Bench, binary: Binary, mark: 'aa' | 'bb', index: number): Side {
  const node = `node-${mark}${index}`;
  const files = join(bench.directory, `${mark}${index}`);
  for (const [name, content] of Object.entries(manifests)) {
    mkdirSync(dirname(join(files, name)), { recursive: true });
    writeFileSync(join(files, name), content.replaceAll('NODE', node));
  }
  writeFileSync(join(files, 'kubeconfig'), bench.kubeconfig);
  return { binary, mark, node, namespace: `row${index}-${mark}`, files };
}

async function runSide(bench: Bench, row: Row, side: Side): Promise<Outcome[]> {
  const prepare = async (line: string) => {
    const outcome = await execute(bench.kubectl, line, side, undefined);
    if (outcome.code !== 0) throw new Error(`cannot prepare the row: ${line}: ${outcome.stderr}`);
  };
  await bench.namespaces.make(side.namespace);
  for (const line of row.given ?? []) await prepare(line);
  const outcomes: Outcome[] = [];
  for (const line of row.run) {
    const outcome = await execute(side.binary, line, side, row.stdin);
    outcomes.push({
      line,
      code: outcome.code,
      stdout: comparable(outcome.stdout, side),
      stderr: comparable(outcome.stderr, side),
    });
  }
  return outcomes;
}

function execute(
  binary: Binary,
  line: string,
  side: Side,
  stdin: string | undefined,
): Promise<{ code: number; stdout: string; stderr: string }> {
  const words = splitWords(line.replaceAll('FILES', side.files).replaceAll('NODE', side.node));
  const explicit = words.includes('-n') || line.startsWith('create namespace') || line.startsWith('config');
  const namespace = explicit ? [] : ['--namespace', side.namespace];
  const dash = words.indexOf('--');
  const args = dash < 0 ? [...words, ...namespace] : [...words.slice(0, dash), ...namespace, ...words.slice(dash)];
  return new Promise((resolve, reject) => {
    const child = spawn(binary.command, [...binary.args, ...args], {
      env: { ...process.env, KUBECONFIG: join(side.files, 'kubeconfig'), HOME: side.files, EDITOR: 'true', TZ: 'UTC' },
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: COMMAND_LIMIT_MS,
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? -1, stdout, stderr }));
    // A command that does not read its input closes it; nobody minds.
    child.stdin.on('error', () => undefined);
    child.stdin.end(stdin ?? '');
  });
}

/** Words divided by spaces; single and double quotes hold them together. */
export function splitWords(line: string): string[] {
  return [...line.matchAll(/(?:[^\s'"]|'[^']*'|"[^"]*")+/g)].map(([word]) =>
    word.replace(/'([^']*)'|"([^"]*)"/g, (_, single?: string, double?: string) => single ?? double ?? ''),
  );
}

/** The text without what differs between any two runs. */
export function comparable(text: string, side: { mark: string; files: string; namespace: string }): string {
  // The words of the help are our own; that it comes, and where, is compared.
  if (/^Usage:$/m.test(text)) return 'the help\n';
  return (
    text
      .replaceAll(side.files, 'FILES')
      .replaceAll(side.namespace, 'NAMESPACE')
      .replaceAll(`node-${side.mark}`, 'NODE')
      .replaceAll('tkctl', 'kubectl')
      // kubectl logs each failed discovery before it gives up, and what pruning will do in later releases.
      .replace(/^[EWI]\d{4} .*(?:memcache|reflector|prune|helpers)\.go.*\n/gm, '')
      // What only tkctl says: the nearest right word.
      .replace(/^Did you mean(?: this\?|:) .*\n/gm, '')
      .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'UID')
      .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, 'TIME')
      .replace(/\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000/g, 'TIME')
      .replace(/(resourceVersion"?: ?|Resource Version: +)"?\d+"?/g, '$1VERSION')
      .replace(/(Created on:\s+).*/g, '$1TIME')
      .replace(/kube-api-access-[a-z0-9]{5}/g, 'kube-api-access-RANDOM')
      .replace(/CLUSTER-IP +/g, 'CLUSTER-IP ')
      .replace(/\b10\.\d+\.\d+\.\d+\b */g, 'ADDRESS ')
      .replace(/((?:nodePort|HealthCheck NodePort)"?: *)\d+/gi, '$1PORT')
      .replace(/:3\d{4}\/TCP */g, ':PORT/TCP ')
      .replace(/\b3\d{4}\/(TCP|UDP)/g, 'PORT/$1')
      .replace(/ +\d+(?:s|m\d+s|m)\b */g, ' AGE ')
      // An older object makes its column wider; an event may have come again meanwhile.
      .replace(/ AGE +/g, ' AGE ')
      .replace(/ AGE \(x\d+ over AGE \)/g, ' AGE ')
      .replace(/(---|\+\+\+) \/tmp\/\S+\/(\S+).*/g, '$1 $2')
      .replace(/^diff -u -N .*$/gm, 'diff')
  );
}
