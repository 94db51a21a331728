import { configDefaults, defineConfig } from 'vitest/config';

/**
 * Pure, or with a few processes. They leave modules as they are, so that files share a process, and load once what they test; two load some
 * anew, or others in their place.
 */
const small = [
  'test/{bench,bot,deploy,shared,supervisor,support,worker}/**/!(device-status|switchboard-browser).test.ts',
];

/** Waiting is most of what they do. */
const patient = [
  'test/end-to-end/{unlinked-at-any-moment,recovery,status-witness,faults-bot,deadlines,lost-login,pairing-limits}.test.ts',
  'test/end-to-end/restore-{budgets,listening,network,patience,coming-up}.test.ts',
];

/** Kills all the time: beside these, others would miss deadlines that are none of theirs. They themselves have time. */
const kills = ['test/end-to-end/{random-kills,message-soak}.test.ts'];

/** Takes its ten minutes: see `vitest.soak.config.ts`. */
const soak = ['test/soak/**'];

/** Many browsers at a time, or hard times: the second that is promised for orphans, and the 5 s that tsx gives. */
const heavy = ['test/end-to-end/{eight-accounts,reload,pm2,supervisor-death,development-reloaders}.test.ts'];

/** One after the other: those that would disturb each other are in different ones. Two cores carry two files at a time that start browsers. */
const projects = [
  { name: 'small', include: small, maxWorkers: 2, isolate: false },
  {
    name: 'together',
    include: ['test/**/*.test.ts'],
    exclude: [...small, ...patient, ...kills, ...heavy, ...soak],
    maxWorkers: 2,
  },
  { name: 'patient', include: patient, maxWorkers: 3 },
  { name: 'kills', include: kills, maxWorkers: 2 },
  { name: 'alone', include: heavy, maxWorkers: 1 },
];

export default defineConfig({
  test: {
    // Far above what any of them takes: what is specified has its own bound.
    testTimeout: 240_000,
    hookTimeout: 240_000,
    retry: 0,
    globalSetup: 'test/support/run-folder.ts',
    projects: projects.map(({ exclude = [], ...project }, groupOrder) => ({
      extends: true,
      test: { ...project, exclude: [...configDefaults.exclude, ...exclude], sequence: { groupOrder } },
    })),
  },
});
