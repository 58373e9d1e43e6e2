// How programs become bundles, for hack/build.ts and for the benchmarks' own programs.
import type { BuildOptions, Plugin } from 'esbuild';
import { fileURLToPath } from 'node:url';
import { OUTSIDE_BUNDLES } from '../pkg/cluster/node-image/outside-bundles.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Bundled CommonJS needs `require`. */
const BANNER = `import { createRequire as __createRequire } from 'node:module';
import { dirname as __pathDirname } from 'node:path';
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

/**
 * The parts of undici that programs use. Its index loads fetch, caches, WebSockets and mocks as well, which costs every start 40 ms
 * of CPU; a name that is not here fails the build. The index is also what gives dispatchers their methods.
 */
const UNDICI_PARTS = `
import Dispatcher from 'undici/lib/dispatcher/dispatcher.js';
import api from 'undici/lib/api/index.js';
Object.assign(Dispatcher.prototype, api);
export { default as Pool } from 'undici/lib/dispatcher/pool.js';
`;

const undiciParts: Plugin = {
  name: 'undici-parts',
  setup(build) {
    build.onResolve({ filter: /^undici$/ }, () => ({ path: 'undici', namespace: 'parts' }));
    build.onLoad({ filter: /^undici$/, namespace: 'parts' }, () => ({ contents: UNDICI_PARTS, resolveDir: root }));
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
  plugins: [leaveOut, undiciParts],
  // The text of a program stays in memory for as long as it runs; names stay readable.
  minifySyntax: true,
  minifyWhitespace: true,
  sourcemap: false,
  logLevel: 'warning',
} satisfies BuildOptions;
