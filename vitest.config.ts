import { configDefaults, defineConfig } from 'vitest/config';

/**
 * Many browsers at a time, or kills all the time: beside these, others would miss deadlines that are none of theirs. The last two have hard
 * times of their own: the second that is promised for orphans, and the 5 s that tsx gives.
 */
const heavy = [
  'test/end-to-end/{random-kills,eight-accounts,reload,pm2,supervisor-death,development-reloaders}.test.ts',
];

export default defineConfig({
  test: {
    // Far above what any of them takes: what is specified has its own bound.
    testTimeout: 240_000,
    hookTimeout: 240_000,
    retry: 0,
    projects: [
      {
        extends: true,
        test: {
          name: 'together',
          include: ['test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...heavy],
          // End-to-end tests start browsers: two cores carry two files at a time.
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: 'alone', include: heavy, maxWorkers: 1, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
