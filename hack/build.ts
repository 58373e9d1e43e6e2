// Bundles every program into dist/, one file a command, so that starting one costs milliseconds. Run by `npm ci` (prepare).
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const output = `${root}dist`;

/** Native addons, packages that read files of their own, and what only optional features of our dependencies load. */
const EXTERNAL = ['lmdb', 'etcd3', 'ssh2', 'cpu-features'];

/** Bundled CommonJS needs `require`; the compile cache saves parsing the bundle at the next start. */
const BANNER = `#!/usr/bin/env node
import { createRequire as __createRequire, enableCompileCache as __enableCompileCache } from 'node:module';
import { dirname as __pathDirname } from 'node:path';
__enableCompileCache?.();
const require = __createRequire(import.meta.url);
const __filename = import.meta.filename; const __dirname = __pathDirname(__filename);`;

const programs = readdirSync(`${root}cmd`, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && existsSync(`${root}cmd/${entry.name}/main.ts`))
  .map((entry) => entry.name);

rmSync(output, { recursive: true, force: true });
mkdirSync(output, { recursive: true });
await build({
  entryPoints: Object.fromEntries(
    programs.map((name) => [name === 'ctl' ? 'tkctl' : name, `${root}cmd/${name}/main.ts`]),
  ),
  outdir: output,
  bundle: true,
  splitting: true,
  chunkNames: 'chunks/[name]-[hash]',
  platform: 'node',
  format: 'esm',
  target: 'node24',
  external: EXTERNAL,
  banner: { js: BANNER },
  minifySyntax: true,
  sourcemap: false,
  logLevel: 'warning',
});
for (const name of programs) chmodSync(`${output}/${name === 'ctl' ? 'tkctl' : name}.js`, 0o755);
console.log(`built ${programs.length} programs into dist/`);
