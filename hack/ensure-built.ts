// Rebuilds dist/ when a source file is newer than the bundles: in a fresh clone `npm ci` has built them already.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

export async function ensureBuilt(say: (line: string) => void): Promise<void> {
  const bundle = `${root}dist/tkctl.js`;
  if (existsSync(bundle) && statSync(bundle).mtimeMs >= newestSource()) return;
  say('building the programs');
  const result = spawnSync(process.execPath, [`${root}hack/build.ts`], { stdio: ['ignore', 'ignore', 'inherit'] });
  if (result.status !== 0) throw new Error('the build failed; its output above says why');
}

function newestSource(): number {
  const files = ['cmd', 'pkg'].flatMap((directory) =>
    readdirSync(`${root}${directory}`, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.test.ts'))
      .map((entry) => `${entry.parentPath}/${entry.name}`),
  );
  return Math.max(...files.map((file) => statSync(file).mtimeMs), statSync(`${root}hack/build.ts`).mtimeMs);
}
