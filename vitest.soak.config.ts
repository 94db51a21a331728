import { defineConfig } from 'vitest/config';

/** `npm run test:soak`: what takes minutes by its nature. `vitest.config.ts` has all the rest. */
export default defineConfig({
  test: {
    include: ['test/soak/**/*.test.ts', 'test/end-to-end/random-kills.test.ts'],
    env: { RANDOM_KILLS: process.env['RANDOM_KILLS'] ?? '200' },
    testTimeout: 240_000,
    hookTimeout: 240_000,
    retry: 0,
    maxWorkers: 1,
  },
});
