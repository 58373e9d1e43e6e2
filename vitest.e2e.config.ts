import { defineConfig } from 'vitest/config';

/** Real engine, real etcd, real processes: one file at a time, so that a failure is the file's own. */
export default defineConfig({
  test: {
    include: ['e2e/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    fileParallelism: false,
    maxConcurrency: 4,
  },
});
