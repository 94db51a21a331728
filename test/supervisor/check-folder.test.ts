import { chmod, chown, lstat, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { checkFolder } from '../../supervisor/check-folder.js';
import { judgeOwner } from '../../supervisor/judge-owner.js';

describe('a folder with logins', () => {
  it.each([
    ['its own user’s, for it alone', { owner: 1000, mode: 0o40700 }, 'fine'],
    ['its own user’s, shared with a group', { owner: 1000, mode: 0o42770 }, 'fine'],
    ['its own user’s, for all to read', { owner: 1000, mode: 0o40755 }, 'fine'],
    ['its own user’s, for all to write', { owner: 1000, mode: 0o40777 }, 'exposed'],
    ['its own user’s, for all to write, sticky', { owner: 1000, mode: 0o41777 }, 'exposed'],
    ['root’s', { owner: 0, mode: 0o42775 }, 'fine'],
    ['root’s, for all to write', { owner: 0, mode: 0o40777 }, 'exposed'],
    ['another user’s', { owner: 1001, mode: 0o40700 }, 'foreign'],
  ] as const)('%s', (_whose, ownership, verdict) => {
    expect(judgeOwner(ownership, 1000)).toBe(verdict);
  });

  it('is judged where the system knows of owners alone', () => {
    expect(judgeOwner({ owner: 1001, mode: 0o777 }, undefined)).toBe('fine');
  });
});

describe('on the disk', () => {
  let folder: string;
  let warnings: string[];
  const log = { warn: (line: string) => void warnings.push(line) } as unknown as Parameters<typeof checkFolder>[1];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'wasup-owner-'));
    warnings = [];
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('one that is its owner’s alone, or isn’t there, is nothing to tell', async () => {
    await checkFolder(folder, log);
    await checkFolder(join(folder, 'missing'), log);
    expect(warnings).toEqual([]);
  });

  it('one that everybody may write to is closed, and that is told', async () => {
    await chmod(folder, 0o777);
    await checkFolder(folder, log);
    expect((await lstat(folder)).mode & 0o777).toBe(0o775);
    expect(warnings).toEqual([expect.stringContaining('wasup has taken that away')]);
  });

  it('one of another user is refused, with what to do', async () => {
    if (process.getuid?.() === 0) await chown(folder, 1234, 1234);
    const { uid } = await lstat(folder);
    await expect(checkFolder(folder, log, uid + 1)).rejects.toMatchObject({
      exitCode: 78,
      message: expect.stringContaining('belongs to another user') as string,
      remedy: expect.stringContaining('WASUP_SESSIONS_DIR') as string,
    });
  });

  it.runIf(process.getuid?.() === 0)('root is warned of one of another user', async () => {
    await chown(folder, 1234, 1234);
    await checkFolder(folder, log);
    expect(warnings).toEqual([expect.stringContaining('belongs to another user (1234)')]);
  });
});
