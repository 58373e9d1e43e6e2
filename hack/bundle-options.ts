// How programs become bundles, for hack/build.ts and for the benchmarks' own programs.
import type { BuildOptions, Plugin } from 'esbuild';
import { OUTSIDE_BUNDLES } from '../pkg/cluster/node-image/outside-bundles.ts';

/** Bundled CommonJS needs `require`; the compile cache saves parsing the bundle at the next start. */
const BANNER = `import { createRequire as __createRequire, enableCompileCache as __enableCompileCache } from 'node:module';
import { dirname as __pathDirname } from 'node:path';
__enableCompileCache?.();
const require = __createRequire(import.meta.url);
const __filename = import.meta.filename; const __dirname = __pathDirname(__filename);`;

/**
 * What our dependencies bring along for features that no program here uses, and load at once: engines over SSH (whose cipher
 * takes 16 MiB of memory as soon as it is loaded) and image builds by BuildKit's protocol (gRPC). Whoever calls them is told.
 */
const LEFT_OUT = /\/(docker-modem\/lib\/ssh|dockerode\/lib\/session|dockerode\/lib\/buildkit)\.js$/;

const leaveOut: Plugin = {
  name: 'leave-out',
  setup(build) {
    build.onLoad({ filter: LEFT_OUT }, ({ path }) => ({
      contents: `module.exports = () => { throw new Error('${/[^/]+\/[^/]+\/[^/]+$/.exec(path)?.[0] ?? path} is not part of this bundle'); };`,
      loader: 'js',
    }));
  },
};

export const bundleOptions = {
  bundle: true,
  platform: 'node',
  mainFields: ['module', 'main'],
  format: 'esm',
  target: 'node24',
  external: OUTSIDE_BUNDLES,
  banner: { js: BANNER },
  plugins: [leaveOut],
  // The text of a program stays in memory for as long as it runs; names stay readable.
  minifySyntax: true,
  minifyWhitespace: true,
  sourcemap: false,
  logLevel: 'warning',
} satisfies BuildOptions;
