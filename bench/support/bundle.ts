// Bundles a program of the benchmarks beside the others in dist/, so that it is measured in the form in which users run them.
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));

const BANNER = `import { createRequire as __createRequire, enableCompileCache } from 'node:module';
import { dirname as __directoryOf } from 'node:path';
enableCompileCache?.();
const require = __createRequire(import.meta.url);
const __filename = import.meta.filename; const __dirname = __directoryOf(__filename);`;

/** Answers with the bundle's path. `source` is relative to the root of the project. */
export async function bundle(source: string, name: string): Promise<string> {
  const outfile = `${root}dist/bench/${name}.js`;
  await build({
    entryPoints: [root + source],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    external: ['lmdb', 'ssh2', 'cpu-features'],
    banner: { js: BANNER },
    minifySyntax: true,
    logLevel: 'warning',
  });
  return outfile;
}
