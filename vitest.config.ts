import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['pkg/**/*.test.ts', 'cmd/**/*.test.ts', 'hack/**/*.test.ts'],
    testTimeout: 20_000,
  },
});
