// `npm test`: everything that a change must pass, from a fresh clone. Installs what the tests need, then runs each suite in turn
// and goes on after a failure, so that one run shows all of them. The last line is `N passed, N failed`.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from './ensure-built.ts';
import { ensureCommands, ensureEngine } from './system-packages.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const reports = `${root}.cache/test-reports`;
const only = process.argv.slice(2);

interface Totals {
  passed: number;
  failed: number;
}
/** What a vitest run says of each file: its path and its totals. */
type FileTotals = ReadonlyMap<string, Totals>;
type Suite = { readonly name: string; run(): Totals };

function command(name: string, program: string, args: readonly string[]): Suite {
  return {
    name,
    run() {
      const result = spawnSync(program, args, { cwd: root, stdio: 'inherit' });
      return result.status === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
    },
  };
}

function vitest(name: string, config: string): Suite {
  return { name, run: () => sum(vitestRun(name, config, [])) };
}

/**
 * As `vitest`; files that fail are run once more from their beginning, alone. They kill machines and cut networks on whatever else
 * the machine is busy with: a file that passes only then is named as flaky, to be mended, and holds nobody up.
 */
function vitestTwice(name: string, config: string): Suite {
  return {
    name,
    run() {
      const first = vitestRun(name, config, []);
      const failed = [...first].filter(([file, totals]) => file !== '' && totals.failed > 0).map(([file]) => file);
      if (failed.length === 0 || failed.length > MOST_FLAKY_FILES) return sum(first);
      say(`${name}: once more, ${failed.join(' ')}`);
      const second = vitestRun(`${name}-again`, config, failed);
      for (const file of failed) {
        const again = second.get(file);
        if (again?.failed === 0) say(`${name}: FLAKY ${file}: failed, and passed when it was run again`);
      }
      return sum(new Map([...first, ...second]));
    },
  };
}

/** More files than this do not fail by chance. */
const MOST_FLAKY_FILES = 5;

function vitestRun(name: string, config: string, files: readonly string[]): FileTotals {
  const report = `${reports}/${name}.json`;
  rmSync(report, { force: true });
  const args = ['run', '-c', config, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...files];
  const result = spawnSync('vitest', args, { cwd: root, stdio: 'inherit' });
  if (!existsSync(report)) return new Map([['', { passed: 0, failed: 1 }]]);
  const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as {
    testResults: { name: string; status: string; assertionResults: { status: string }[] }[];
  };
  const totals = testResults.map(({ name: path, status, assertionResults }): [string, Totals] => {
    const count = (outcome: string) => assertionResults.filter((one) => one.status === outcome).length;
    // A file that could not even be loaded, or whose end went wrong, has no failed test and counts as one.
    const failed = count('failed') || (status === 'failed' ? 1 : 0);
    return [relative(root, path), { passed: count('passed'), failed }];
  });
  const unseen = result.status !== 0 && totals.every(([, { failed }]) => failed === 0) ? 1 : 0;
  return new Map([...totals, ['', { passed: 0, failed: unseen }]]);
}

function sum(files: FileTotals): Totals {
  const all = [...files.values()];
  return {
    passed: all.reduce((total, { passed }) => total + passed, 0),
    failed: all.reduce((total, { failed }) => total + failed, 0),
  };
}

/** The recorded answers of a real Kubernetes; their player prints totals of its own. */
const wire: Suite = {
  name: 'wire',
  run() {
    const result = spawnSync(process.execPath, [`${root}hack/wire.ts`], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
      maxBuffer: 64 * 1024 * 1024,
    });
    // The player's own totals would pass for this run's: shown, but not as a line of their own.
    process.stdout.write(result.stdout.replace(/^(\d+ passed, \d+ failed)$/m, '  wire: $1'));
    const totals = /^(\d+) passed, (\d+) failed$/m.exec(result.stdout);
    if (totals === null) return { passed: 0, failed: result.status === 0 ? 0 : 1 };
    return { passed: Number(totals[1]), failed: Number(totals[2]) };
  },
};

const suites: readonly Suite[] = [
  command('types', 'tsc', ['--noEmit']),
  command('lint', 'oxlint', ['--type-aware', '--deny-warnings']),
  command('format', 'oxfmt', ['--check']),
  vitest('unit', 'vitest.config.ts'),
  wire,
  vitestTwice('e2e', 'vitest.e2e.config.ts'),
];

const started = Date.now();
const say = (line: string) => console.log(`==> [${Math.round((Date.now() - started) / 1000)}s] ${line}`);
mkdirSync(reports, { recursive: true });
const needsEngine = only.length === 0 || only.includes('e2e');
if (needsEngine) {
  ensureCommands(['dockerd', 'iptables', 'nft', 'conntrack', 'ip', 'busybox', 'etcd', 'unzip'], say);
  await ensureEngine(say);
}
await ensureBuilt(say);
if (needsEngine) {
  // Once for all tests, so that none of them waits a minute for it; what it says is for when they fail without it.
  say('node image');
  spawnSync(process.execPath, [`${root}dist/tkctl.js`, 'cluster', 'build-node-image'], { stdio: 'inherit' });
}
const totals: Totals = { passed: 0, failed: 0 };
for (const suite of suites.filter(({ name }) => only.length === 0 || only.includes(name))) {
  say(suite.name);
  const { passed, failed } = suite.run();
  totals.passed += passed;
  totals.failed += failed;
  say(`${suite.name}: ${failed === 0 ? 'ok' : `${failed} failed`}`);
}
console.log(`${totals.passed} passed, ${totals.failed} failed`);
process.exit(totals.failed === 0 ? 0 : 1);
