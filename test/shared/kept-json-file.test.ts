import { mkdtempSync, rmSync } from 'node:fs';
import { chmod, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { JsonFileKind } from '../../shared/files/json-file.js';
import { KeptJsonFile } from '../../shared/files/kept-json-file.js';

describe('a file that is looked at again and again', () => {
  let folder: string;
  let path: string;
  let reads: number;
  let troubles: string[];
  let file: KeptJsonFile<number>;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'wasup-kept-'));
    path = join(folder, 'number.json');
    reads = 0;
    troubles = [];
    const kind: JsonFileKind<number> = {
      create: () => 0,
      salvage: (content) => {
        reads += 1;
        return typeof content === 'number'
          ? { value: content, damage: undefined }
          : { value: 0, damage: 'it is no number' };
      },
    };
    file = new KeptJsonFile(path, kind, { onTrouble: ({ kind: trouble }) => troubles.push(trouble) });
    await file.change(() => 1);
    await file.verify();
    reads = 0;
  });
  afterEach(() => {
    file.close();
    rmSync(folder, { recursive: true });
  });

  it('is not read for as long as nobody has touched it', async () => {
    for (let look = 0; look < 5; look += 1) await file.verify();
    expect(await file.read()).toBe(1);
    expect(reads).toBe(0);
  });

  it.each([
    ['has written into it', () => writeFile(path, '2\n'), 2],
    ['has written so many characters at a time that is set to the old one', () => backdate('3\n'), 3],
    ['has only changed its rights', () => chmod(path, 0o640), 1],
  ])('is read again when somebody %s', async (_what, touch, expected) => {
    await touch();
    await file.verify();
    expect(reads).toBe(1);
    expect(await file.read()).toBe(expected);
    expect(troubles).toEqual([]);
  });

  it.each([
    ['emptied', () => truncate(path)],
    ['removed', () => rm(path)],
    ['damaged', () => writeFile(path, '{')],
  ])('is rebuilt from memory each time it is %s', async (_what, harm) => {
    for (const times of [1, 2]) {
      await harm();
      await file.verify();
      expect(await file.read()).toBe(1);
      expect(troubles).toHaveLength(times);
    }
  });

  async function backdate(text: string): Promise<void> {
    await writeFile(path, text);
    await utimes(path, new Date(0), new Date(0));
    await file.verify();
    reads = 0;
    await writeFile(path, text);
    await utimes(path, new Date(0), new Date(0));
  }
});
