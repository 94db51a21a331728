import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { hasRoom } from '../../shared/files/has-room.js';
import { canMount, SmallDisk } from '../support/small-disk.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wasup-room-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('there is room on an ordinary disk, and the look leaves nothing behind', async () => {
  expect(await hasRoom(folder)).toBe(true);
  expect(readdirSync(folder)).toEqual([]);
});

it('there is none in a folder that isn’t there', async () => {
  expect(await hasRoom(join(folder, 'missing'))).toBe(false);
});

describe.runIf(canMount)('on a small disk', () => {
  const disks: SmallDisk[] = [];
  const mount = (megabytes: number): SmallDisk => {
    const disk = new SmallDisk(join(folder, `disk-${megabytes}`), megabytes);
    disks.push(disk);
    return disk;
  };
  afterEach(() => {
    for (const disk of disks.splice(0)) disk.unmount();
  });

  it.each([
    [15, false],
    [17, true],
  ])('of %i MB of which 16 are needed: %s', async (megabytes, isRoom) => {
    expect(await hasRoom(mount(megabytes).folder)).toBe(isRoom);
  });

  it('that is full there is none, nor on one that takes no files, and again when that is over', async () => {
    const disk = mount(32);
    disk.fill();
    expect(await hasRoom(disk.folder)).toBe(false);
    disk.relent();
    disk.coverReadOnly();
    expect(await hasRoom(disk.folder)).toBe(false);
    disk.relent();
    expect(await hasRoom(disk.folder)).toBe(true);
  });
});
