import { cp, readFile, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { readAttempts } from '../../shared/restore-metrics.js';
import type { SessionHistoryEntry } from '../../shared/session-history.js';
import { canMount, SmallDisk } from '../support/small-disk.js';
import { Stage } from '../support/stage.js';
import { until } from '../support/until.js';

const environment = {
  WASUP_PROBE_INTERVAL_MS: '4000',
  /** Says when a session listens again whose files can't say it. */
  WASUP_LOG_LEVEL: 'debug',
};

/** How the disk begins to refuse, and what wasup calls it. */
const refusals: readonly [string, RegExp, (disk: SmallDisk) => void][] = [
  ['is full', /ERROR.*Cannot write \S+\.json: the disk is full/, (disk) => disk.fill()],
  [
    'has turned read-only',
    /ERROR.*Cannot write \S+\.json: the file system is read-only/,
    (disk) => disk.coverReadOnly(),
  ],
];

/**
 * Only root may mount a disk. The login is on another one: what WhatsApp Web does without space for its own data is not
 * what these tests are about.
 */
describe.skipIf(!canMount)('an account whose files are on a disk that', () => {
  let stage: Stage;
  let disk: SmallDisk;

  beforeEach(async () => {
    stage = await Stage.openAtRest();
    const { directory, profile } = stage.paths;
    const elsewhere = join(stage.folder, 'profile');
    await rename(profile, elsewhere);
    const files = join(stage.folder, 'files');
    await rename(directory, files);
    disk = new SmallDisk(directory, 1);
    await cp(files, directory, { recursive: true });
    await rm(files, { recursive: true });
    await symlink(elsewhere, profile);
  });
  afterEach(async () => {
    disk.relent();
    await stage.stopAll();
    disk.unmount();
    await stage.close();
  });

  describe.each(refusals)('%s', (_name, told, refuse) => {
    it('while it listens goes on answering, and its files are true when that is over', async () => {
      const earlier = (await stage.history()).length;
      const supervisor = stage.start({ environment });
      const { linkedAt, workerPid } = await stage.waitUntilListening();
      await untilAllIsWritten(earlier);
      refuse(disk);
      const from = supervisor.mark;
      stage.phone.reloadPage();
      await supervisor.waitForLine(told, { from });
      await supervisor.waitForLine(/Listening after \d+ ms/, { from });
      expect((await stage.ask('!ping')).body).toBe('pong');

      disk.relent();
      await supervisor.waitForLine(/device-status\.json can be written again/, { from });
      expect(await stage.waitUntilListening()).toMatchObject({ deviceLinked: true, linkedAt, workerPid });
      await untilHistoryHas((entry) => entry['alert'] === 'records-unwritable');
    });

    it('while it comes up is restored, and its files are true when that is over', async () => {
      const { linkedAt } = await stage.status();
      const hold = stage.phone.sync({ withhold: true });
      const supervisor = stage.start({ environment });
      await stage.waitForStatus(({ restoreStatus }) => restoreStatus === 'authenticating', 'a restore');
      // The sync is withheld; nothing is written now.
      await stage.phone.waitFor('connected');
      refuse(disk);
      hold.release();
      await supervisor.waitForLine(/DEVICE REACTIVATED/);
      await supervisor.waitForLine(told);
      expect((await stage.ask('!ping')).body).toBe('pong');

      disk.relent();
      const after = await stage.waitForStatus(
        ({ isActive, restoreCount }) => isActive && restoreCount === 1,
        'the restore in the file',
      );
      expect(after).toMatchObject({ deviceLinked: true, linkedAt });
      await untilHistoryHas(({ eventType }) => eventType === 'restore_complete');
      await untilHistoryHas((entry) => entry['alert'] === 'records-unwritable');
      expectNoQr(supervisor.lines);
    });
  });

  it('is full before the start is restored, and so again by the start after it', async () => {
    const { linkedAt } = await stage.status();
    disk.fill();
    const supervisor = stage.start({ environment });
    await supervisor.waitForLine(/DEVICE REACTIVATED/);
    await supervisor.waitForLine(/ERROR.*Cannot write \S+\.json: the disk is full/);
    expect((await stage.ask('!ping')).body).toBe('pong');
    expect((await supervisor.stop()).code).toBe(0);

    disk.relent();
    const next = stage.start({ environment });
    expect(await stage.waitUntilListening()).toMatchObject({ deviceLinked: true, linkedAt });
    expectNoQr([...supervisor.lines, ...next.lines]);
  });

  it('is read-only before the start is not started, which says what to do, and is restored by the next start', async () => {
    const { linkedAt } = await stage.status();
    disk.coverReadOnly();
    const supervisor = stage.start({ environment });
    expect((await supervisor.waitForExit()).code).toBe(78);
    expect(supervisor.errorOutput).toMatch(/the file system is read-only\n {2}What to do: Mount .* writable/);

    disk.relent();
    const next = stage.start({ environment });
    expect(await stage.waitUntilListening()).toMatchObject({ deviceLinked: true, linkedAt, restoreCount: 1 });
    expectNoQr(next.lines);
  });

  /** What is being written keeps a disk from becoming read-only, and what is not there yet can't be read later. */
  async function untilAllIsWritten(earlierEntries: number): Promise<void> {
    await stage.waitForEvent('restore_complete', earlierEntries);
    await stage.waitForEvent('session_up', earlierEntries);
    // The attempt comes last.
    await until(async () => (await readAttempts(stage.paths.restoreMetrics)).attempts[1], {
      expectation: () => 'the restore in the books',
    });
  }

  async function untilHistoryHas(fits: (entry: SessionHistoryEntry) => boolean): Promise<void> {
    await until(
      async () => {
        const text = await readFile(stage.paths.sessionHistory, 'utf8');
        return (JSON.parse(text) as readonly SessionHistoryEntry[]).some(fits) ? true : undefined;
      },
      { expectation: () => 'the history to tell of it' },
    );
  }
});

function expectNoQr(lines: readonly string[]): void {
  expect(lines.filter((line) => line.includes('SCAN QR CODE'))).toEqual([]);
}
