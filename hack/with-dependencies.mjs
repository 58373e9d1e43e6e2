#!/usr/bin/env node
// First step of `npm run up`, `npm test` and the like on a machine where nothing is installed yet: brings node_modules in
// line with the lockfile, then runs the named script on the Node 24 that is pinned there. Plain JavaScript without
// imports of ours, because it must run on whatever Node the machine has.
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const [script, ...args] = process.argv.slice(2);
if (script === undefined) {
  console.error('with-dependencies: name the script to run, such as hack/up.ts');
  process.exit(2);
}

const installed = `${root}node_modules/.package-lock.json`;
const node = `${root}node_modules/.bin/node`;
const changed = (file) => statSync(file).mtimeMs;
if (!existsSync(installed) || !existsSync(node) || changed(installed) < changed(`${root}package-lock.json`)) {
  console.log('==> installing dependencies with npm ci (about half a minute)');
  const result = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: 'inherit',
  });
  if (result.error !== undefined || result.status !== 0) {
    console.error('with-dependencies: npm ci failed; its output above says why');
    process.exit(1);
  }
}

const path = `${root}node_modules/.bin:${process.env.PATH ?? ''}`;
const run = spawnSync(node, [`${root}${script}`, ...args], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, PATH: path },
});
process.exit(run.status ?? 1);
