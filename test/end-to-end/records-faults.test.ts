import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pass } from 'node:timers/promises';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import type { SessionHistoryEntry } from '../../shared/session-history.js';
import { echoMs } from '../../supervisor/alert-echoes.js';
import { type ListeningStatus, Stage } from '../support/stage.js';
import type { SupervisorProcess } from '../support/supervisor-process.js';
import { until } from '../support/until.js';

/** Worker and supervisor look at the files as often as the worker looks at its page. */
const environment = { WASUP_PROBE_INTERVAL_MS: '1000', WASUP_PROBE_TIMEOUT_MS: '1000' };

const misfortunes: readonly [string, (path: string) => Promise<unknown>][] = [
  ['deleted', (path) => rm(path)],
  ['truncated', async (path) => writeFile(path, (await readFile(path, 'utf8')).slice(0, 40))],
  ['emptied', (path) => writeFile(path, '')],
  ['filled with garbage', (path) => writeFile(path, '\u0000\ufffd{{{')],
  ['replaced by a folder', (path) => rm(path).then(() => mkdir(join(path, 'inside'), { recursive: true }))],
];

describe('of a session that listens', () => {
  let stage: Stage;
  let supervisor: SupervisorProcess;
  let before: ListeningStatus;
  let beginning: readonly SessionHistoryEntry[];
  let repairs = 0;
  /** By `performance.now()`. */
  let lastRepair = 0;

  beforeAll(async () => {
    // A restored session has more to lose than one that was just linked.
    ({ stage, supervisor } = await Stage.openLinked({}, { environment }));
    await supervisor.stop();
    supervisor = stage.start({ environment });
    before = await stage.waitUntilListening();
    await stage.waitForEvent('restore_complete', 0);
    beginning = await stage.restoreHistory();
  });
  afterAll(() => stage.close());

  // What befalls a file twice within this time is told once.
  beforeEach(() => pass(Math.max(0, lastRepair + echoMs - performance.now())));

  describe.each(misfortunes)('a file that is %s', (_name, befall) => {
    it('is written anew when it is the status, and told', async () => {
      const from = supervisor.mark;
      await befall(stage.paths.deviceStatus);
      await supervisor.waitForLine(/WARN.*device-status\.json was rebuilt from memory/, { from });
      // Everything but when it was written.
      const { updatedAt, ...known } = before;
      expect(updatedAt).not.toBeNull();
      expect(known).toMatchObject({ deviceLinked: true, isActive: true, restoreCount: 1 });
      expect(known.linkedAt).not.toBeNull();
      expect(await untilSound('device-status.json')).toMatchObject(known);
      expect((await stage.ask('!ping')).body).toBe('pong');
      await untilNextRepairIsTold();
    });

    it('is written anew when it is the history, and costs the session nothing', async () => {
      const from = supervisor.mark;
      await befall(stage.paths.sessionHistory);
      await supervisor.waitForLine(/WARN.*session-history\.json was rebuilt from memory/, { from });
      await untilNextRepairIsTold();
      expect((await stage.restoreHistory()).slice(0, beginning.length)).toEqual(beginning);
      expect((await stage.ask('!ping')).body).toBe('pong');
      expect(await stage.status()).toMatchObject({ isActive: true, workerPid: before.workerPid });
    });
  });

  it('a status file that says what is not true is corrected', async () => {
    const from = supervisor.mark;
    const status = (await untilSound('device-status.json')) as object;
    const path = join(stage.folder, 'lie.json');
    await writeFile(path, JSON.stringify({ ...status, isActive: false, deviceLinked: false, state: 'stopped' }));
    await rename(path, stage.paths.deviceStatus);
    await supervisor.waitForLine(/WARN.*device-status\.json was corrected/, { from });
    // It is told when it is found, and written a moment later.
    await stage.waitForStatus(({ isActive, deviceLinked }) => isActive && deviceLinked, 'the status to be true again');
    await untilNextRepairIsTold();
  });

  it('tells of each repair once', async () => {
    expect(supervisor.matching(/WARN.*(rebuilt|corrected)/)).toHaveLength(repairs);
    expect(await repairsTold()).toBe(repairs);
  });

  /** What the log says comes to the history a moment later. */
  async function untilNextRepairIsTold(): Promise<void> {
    repairs += 1;
    await until(async () => ((await repairsTold()) === repairs ? true : undefined), {
      expectation: () => `${repairs} repairs to be in the history`,
    });
    lastRepair = performance.now();
  }

  async function repairsTold(): Promise<number> {
    const entries = (await untilSound('session-history.json')) as readonly SessionHistoryEntry[];
    return entries.filter((entry) => entry['alert'] === 'records-repaired').length;
  }

  /** Reads without repairing anything. */
  function untilSound(name: string): Promise<unknown> {
    const path = join(stage.paths.directory, name);
    return until(
      () =>
        readFile(path, 'utf8')
          .then((text) => JSON.parse(text) as unknown)
          .catch(() => undefined),
      {
        expectation: () => `${name} to be whole`,
      },
    );
  }
});
