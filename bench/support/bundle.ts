// Bundles a program of the benchmarks beside the others in dist/, so that it is measured in the form in which users run them.
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { bundleOptions } from '../../hack/bundle-options.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Answers with the bundle's path. `source` is relative to the root of the project. */
export async function bundle(source: string, name: string): Promise<string> {
  const outfile = `${root}dist/bench/${name}.js`;
  await build({ ...bundleOptions, entryPoints: [root + source], outfile });
  return outfile;
}
