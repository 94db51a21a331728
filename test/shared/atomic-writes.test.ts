import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { updateDeviceStatus } from '../../shared/device-status.js';
import { writeFileAtomically } from '../../shared/files/write-file-atomically.js';

const number = '12025550100';
let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wasup-atomic-writes-'));
  path = join(folder, 'device-status.json');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('a file that is written', () => {
  it('is replaced, never changed in place, and stays readable for its owner alone', async () => {
    await updateDeviceStatus(path, number, { restoreCount: 1 });
    const first = await stat(path);
    await updateDeviceStatus(path, number, { restoreCount: 2 });
    const second = await stat(path);
    expect(second.ino).not.toBe(first.ino);
    expect([first.mode & 0o777, second.mode & 0o777]).toEqual([0o600, 0o600]);
    expect(await readdir(folder)).toEqual(['device-status.json']);
  });

  it('is whole for whoever reads it meanwhile', async () => {
    // Long enough to be written in more than one piece, of lengths that differ, so that a part or a mixture shows.
    const texts = Array.from({ length: 201 }, (_, round) =>
      JSON.stringify(`${round} `.repeat(5_000 + 200 * (round % 7))),
    );
    await writeFileAtomically(path, texts[0] ?? '');
    let isOver = false;
    const write = async (): Promise<void> => {
      for (const text of texts) await writeFileAtomically(path, text);
    };
    const written = write().finally(() => (isOver = true));
    const seen = new Set<string>();
    const stillWriting = (): boolean => !isOver;
    while (stillWriting()) seen.add(await readFile(path, 'utf8'));
    await written;
    expect([...seen].filter((text) => !texts.includes(text)).map((text) => text.slice(0, 80))).toEqual([]);
    expect(seen.size).toBeGreaterThan(1);
  });
});
