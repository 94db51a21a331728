import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type ListeningStatus, Stage } from '../support/stage.js';
import type { SupervisorProcess } from '../support/supervisor-process.js';
import { until } from '../support/until.js';

/** The worker looks at its files with each probe. */
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

  beforeAll(async () => {
    ({ stage, supervisor } = await Stage.openLinked({}, { environment }));
    before = await stage.waitUntilListening();
  });
  afterAll(() => stage.close());

  describe.each(misfortunes)('a file that is %s', (_name, befall) => {
    it('is written anew when it is the status, and told', async () => {
      const from = supervisor.mark;
      await befall(stage.paths.deviceStatus);
      await supervisor.waitForLine(/WARN.*device-status\.json was rebuilt from memory/, { from });
      const { linkedAt, workerPid, browserPid } = before;
      const expected = { deviceLinked: true, isActive: true, state: 'listening', linkedAt, workerPid, browserPid };
      expect(await untilSound('device-status.json')).toMatchObject(expected);
      expect((await stage.ask('!ping')).body).toBe('pong');
    });

    it('is written anew when it is the history, and costs the session nothing', async () => {
      await befall(stage.paths.sessionHistory);
      expect(await untilSound('session-history.json')).toBeInstanceOf(Array);
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
  });

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
