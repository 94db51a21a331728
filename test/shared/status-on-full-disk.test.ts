import { mkdtemp, readFile, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import type { Alert } from '../../shared/alerts.js';
import type { DeviceStatus } from '../../shared/device-status.js';
import { StatusKeeper } from '../../shared/status-keeper.js';
import { canMount, SmallDisk } from '../support/small-disk.js';
import { until } from '../support/until.js';

const number = '12025550100';
const listens = { deviceLinked: true, isActive: true, state: 'listening' } as const;

/** How a disk is full. */
const ways: readonly [string, (disk: SmallDisk) => void][] = [
  ['without a block left', (disk) => disk.fill()],
  ['without an inode left', (disk) => disk.fillWithFiles()],
  [
    'without either',
    (disk) => {
      disk.fill();
      disk.fillWithFiles();
    },
  ],
];

/** Only root may mount a disk. */
describe.skipIf(!canMount).each(ways.map((way) => [...way, way] as const))(
  'the status file on a disk %s',
  (_name, fill, way) => {
    let folder: string;
    let path: string;
    let disk: SmallDisk;
    let alerts: Alert[];
    let news: string[];
    let keepers: StatusKeeper[];

    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'wasup-full-disk-'));
      disk = new SmallDisk(join(folder, 'session'), 1, 60);
      path = join(disk.folder, 'device-status.json');
      [alerts, news, keepers] = [[], [], []];
    });
    afterEach(async () => {
      for (const keeper of keepers) keeper.close();
      await Promise.all(keepers.map((keeper) => keeper.settled()));
      disk.unmount();
      await rm(folder, { recursive: true, force: true });
    });

    function keep(where = path): StatusKeeper {
      const keeper = new StatusKeeper(where, number, {
        onTrouble: (alert) => alerts.push(alert),
        onNews: (sentence) => news.push(sentence),
        retryMs: 20,
      });
      keepers.push(keeper);
      return keeper;
    }

    const onDisk = async (): Promise<DeviceStatus> => JSON.parse(await readFile(path, 'utf8')) as DeviceStatus;

    test('says what is true, change after change, tells once that the disk is full, and once that it is not', async () => {
      const keeper = keep();
      await keeper.update(listens);
      fill(disk);
      for (const workerPid of [1, 2, 3, 4]) {
        await keeper.update({ isActive: workerPid % 2 === 0, workerPid });
        expect(await onDisk()).toMatchObject({ isActive: workerPid % 2 === 0, workerPid, deviceLinked: true });
        // Others take whatever becomes free.
        fill(disk);
      }
      expect(alerts.map(({ kind }) => kind)).toEqual(['records-unwritable']);
      expect(alerts[0]?.sentence).toMatch(/Cannot write \S+device-status\.json: the disk is full; .* reserve/);
      expect(news).toEqual([]);

      disk.relent();
      await until(() => news[0], { expectation: () => 'the file to be written again' });
      expect(news).toEqual(['device-status.json can be written again; what was kept is in it.']);
      expect(await onDisk()).toMatchObject({ isActive: true, workerPid: 4 });
      expect((await stat(path)).mode & 0o777).toBe(0o600);
    });

    test('takes no room of what becomes free: two files take turns, where the file system can name one twice', async () => {
      const keeper = keep();
      await keeper.update(listens);
      fill(disk);
      const inodes = new Set<number>();
      for (const workerPid of [1, 2, 3, 4]) {
        await keeper.update({ workerPid });
        inodes.add((await stat(path)).ino);
      }
      // A tmpfs counts each name as an inode.
      expect(inodes.size).toBe(way === ways[0] ? 2 : 4);
    });

    test('is whole for readers, and replaced rather than changed, while two processes write it', async () => {
      // What has another path in one process has no turns with it: as if it were in another.
      await symlink(disk.folder, join(folder, 'other'));
      const [worker, supervisor] = [keep(), keep(join(folder, 'other', 'device-status.json'))];
      await worker.update(listens);
      await supervisor.read();
      fill(disk);
      let isOver = false;
      const write = async (keeper: StatusKeeper, pid: 'workerPid' | 'browserPid'): Promise<void> => {
        for (let count = 1; count <= 3; count += 1) await keeper.update({ [pid]: count });
      };
      const written = Promise.all([write(worker, 'workerPid'), write(supervisor, 'browserPid')]).finally(
        () => (isOver = true),
      );
      const inodes = new Set<number>();
      const stillWriting = (): boolean => !isOver;
      while (stillWriting()) {
        inodes.add((await stat(path)).ino);
        expect(await onDisk()).toMatchObject(listens);
      }
      await written;
      expect(inodes.size).toBeGreaterThan(1);
      await until(async () => ((await onDisk()).browserPid === 3 ? true : undefined), {
        expectation: () => 'the last words of both',
      });
      expect(await onDisk()).toMatchObject({ workerPid: 3, browserPid: 3 });
      for (const keeper of keepers) keeper.close();
      await Promise.all(keepers.map((keeper) => keeper.settled()));
      expect((await readdir(disk.folder)).filter((name) => name.endsWith('.unfinished'))).toEqual([]);
    });

    test('is mended from memory when somebody damages it', async () => {
      const keeper = keep();
      await keeper.update({ ...listens, restoreCount: 7 });
      fill(disk);
      await writeFile(path, '{"number"');
      await keeper.verify();
      expect(await onDisk()).toMatchObject({ ...listens, restoreCount: 7 });
    });

    test('says as much of long reasons as there is room for', async () => {
      const keeper = keep();
      await keeper.update(listens);
      fill(disk);
      await keeper.update({ isActive: false, reason: 'é'.repeat(2_000), userAction: '"'.repeat(4_000) });
      const { isActive, reason, userAction } = await onDisk();
      expect(isActive).toBe(false);
      expect(reason).toMatch(/^é+… \(\d+ more bytes\)$/);
      expect(userAction).toMatch(/^"+… \(\d+ more bytes\)$/);
      expect(keeper.latest).toMatchObject({ isActive: false });
    });
  },
);
