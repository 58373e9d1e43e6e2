// Bundles every program into dist/, one file a command, so that starting one costs milliseconds. Run by `npm ci` (prepare).
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { bundleOptions } from './bundle-options.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const output = `${root}dist`;

const KEEP_CHUNKS_MS = 24 * 3600 * 1000;

const programs = readdirSync(`${root}cmd`, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && existsSync(`${root}cmd/${entry.name}/main.ts`))
  .map((entry) => entry.name);

/**
 * What a program's file holds: the compile cache has to be on before anything else is loaded, and imports are loaded before a module's
 * first line runs. It saves parsing the bundle at the next start.
 */
const entries: Plugin = {
  name: 'entries',
  setup(setup) {
    setup.onResolve({ filter: /^program:/ }, ({ path }) => ({
      path: path.replace('program:', ''),
      namespace: 'program',
    }));
    setup.onLoad({ filter: /./, namespace: 'program' }, ({ path }) => ({
      contents: `import { enableCompileCache } from 'node:module';
        enableCompileCache();
        await import('./cmd/${path}/main.ts');`,
      resolveDir: root,
    }));
  },
};

const described = spawnSync(process.execPath, [`${root}hack/generate-descriptions.ts`], {
  stdio: ['ignore', 'ignore', 'inherit'],
});
if (described.status !== 0) throw new Error('hack/generate-descriptions.ts failed; its output above says why');

mkdirSync(`${output}/chunks`, { recursive: true });
// A running program may yet load chunks of the build it was started from, so only old ones go.
for (const chunk of readdirSync(`${output}/chunks`)) {
  const file = `${output}/chunks/${chunk}`;
  if (statSync(file).mtimeMs < Date.now() - KEEP_CHUNKS_MS) rmSync(file);
}
copyFileSync(`${root}pkg/api/schema/generated/descriptions.gen.json`, `${output}/descriptions.gen.json`);
await build({
  entryPoints: Object.fromEntries(programs.map((name) => [name === 'ctl' ? 'tkctl' : name, `program:${name}`])),
  outdir: output,
  splitting: true,
  chunkNames: 'chunks/[name]-[hash]',
  ...bundleOptions,
  plugins: [...bundleOptions.plugins, entries],
  banner: { js: `#!/usr/bin/env node\n${bundleOptions.banner.js}` },
});
for (const name of programs) chmodSync(`${output}/${name === 'ctl' ? 'tkctl' : name}.js`, 0o755);
console.log(`built ${programs.length} programs into dist/`);
