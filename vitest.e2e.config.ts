import { defineConfig } from 'vitest/config';

/** Real engine, real etcd, real processes: one file at a time, so that a failure is the file's own. */
export default defineConfig({
  test: {
    include: ['e2e/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    fileParallelism: false,
    // These kill machines and cut networks on whatever else the machine is busy with. What passes only at its second try is marked
    // "(retry x1)" in the report: a defect of the test or of the code, to be mended, but no reason to hold everybody up.
    retry: 1,
    maxConcurrency: 4,
  },
});
