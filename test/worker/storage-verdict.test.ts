import { expect, it } from 'vitest';

import { judgeStorage, nextStorageStep, type StorageLook } from '../../worker/storage-verdict.js';

it.each<[string, StorageLook | 'silent', number, string]>([
  ['that has written and read a record is well', { error: null, closed: [] }, 0, 'well'],
  ['that is silent once may be busy', 'silent', 1, 'unknown'],
  ['that is silent twice is impaired', 'silent', 2, 'impaired'],
  ['that can’t write is impaired', { error: 'QuotaExceededError: full', closed: [] }, 0, 'impaired'],
  ['that writes, with databases closed, is impaired', { error: null, closed: ['model-storage'] }, 0, 'impaired'],
])('a storage %s', (_name, look, missed, is) => {
  expect(judgeStorage(look, missed).is).toBe(is);
});

it('nothing is done on a disk without room; then another browser is started', () => {
  expect([false, true].map(nextStorageStep)).toEqual(['wait', 'fresh-browser']);
});
