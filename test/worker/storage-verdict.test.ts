import { expect, it } from 'vitest';

import { type FoundStorage, judgeStorage, nextStorageStep } from '../../worker/storage-verdict.js';

it.each<[string, FoundStorage, number, string]>([
  ['that has written and read a record is well', { error: null, closed: [] }, 0, 'well'],
  ['that keeps a page waiting twice may be busy', 'waits', 2, 'unknown'],
  ['that keeps a page waiting three times is impaired', 'waits', 3, 'impaired'],
  ['of a page that doesn’t answer is unknown, however often', 'silent', 100, 'unknown'],
  ['that can’t write is impaired', { error: 'QuotaExceededError: full', closed: [] }, 0, 'impaired'],
  ['that writes, with databases closed, is impaired', { error: null, closed: ['model-storage'] }, 0, 'impaired'],
])('a storage %s', (_name, look, missed, is) => {
  expect(judgeStorage(look, missed).is).toBe(is);
});

it('nothing is done on a disk without room; then another browser is started', () => {
  expect([false, true].map(nextStorageStep)).toEqual(['wait', 'fresh-browser']);
});
