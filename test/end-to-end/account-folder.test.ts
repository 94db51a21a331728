import { readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { sessionPaths } from '../../shared/paths.js';
import { accountNumber, Stage } from '../support/stage.js';

const otherNumber = '12025550111';

describe('the folder of an account', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.openAtRest();
  });
  afterEach(() => stage.stopAll());
  afterAll(() => stage.close());

  it('is readable for its owner alone, with everything that wasup writes there, also when it is written again', async () => {
    stage.start();
    await stage.waitUntilListening();
    const modes = await readModes();
    expect(modes).toMatchObject(ownerAlone);
    expect(strangers(modes)).toEqual([]);
    const { updatedAt } = await stage.status();
    await stage.stopAll();
    expect((await stage.status()).updatedAt).not.toBe(updatedAt);
    const later = await readModes();
    expect(later).toMatchObject(ownerAlone);
    expect(strangers(later)).toEqual([]);
  });

  it('loses no login to a status file that is cut off: it is set aside, and the device is restored', async () => {
    const { qrRefsServed } = stage.sandbox.counters;
    const text = await readFile(stage.paths.deviceStatus, 'utf8');
    await writeFile(stage.paths.deviceStatus, text.slice(0, text.length / 2));
    const supervisor = stage.start();
    await supervisor.waitForLine(/WARN.*device-status\.json was damaged/);
    await supervisor.waitForLine(/^ DEVICE REACTIVATED - BOT READY TO SERVE!$/);
    await stage.waitUntilListening();
    expect(supervisor.matching(/SCAN QR CODE/)).toEqual([]);
    expect(stage.sandbox.counters.qrRefsServed).toBe(qrRefsServed);
    const names = await readdir(stage.paths.directory);
    expect(names.filter((name) => name.startsWith('device-status.json.damaged-'))).toHaveLength(1);
  });

  it('serves no other number when somebody renames it: a person is told both numbers', async () => {
    const renamed = sessionPaths(stage.sessionsFolder, otherNumber);
    await rename(stage.paths.directory, renamed.directory);
    const status = await readFile(renamed.deviceStatus, 'utf8');
    await writeFile(renamed.deviceStatus, status.replace(accountNumber, otherNumber));

    const supervisor = stage.start({ environment: { WASUP_ACCOUNTS: otherNumber } });
    await supervisor.waitForLine(new RegExp(`ERROR.*\\+${accountNumber}.*\\+${otherNumber}.*WASUP_ACCOUNTS=`));
    expect(await supervisor.waitForExit()).toEqual({ code: 78, signal: null });
    expect(supervisor.matching(/DEVICE REACTIVATED/)).toEqual([]);
  });

  const ownerAlone = {
    '.': '700',
    '..': '700',
    'browser.log': '600',
    'device-status.json': '600',
    profile: '700',
    'processes.json': '600',
    'restart-tally.json': '600',
    'session-history.json': '600',
  };

  /** Whatever others may read or write, also of files that this page doesn't name. */
  function strangers(modes: Record<string, string>): [string, string][] {
    return Object.entries(modes).filter(([, mode]) => mode !== '600' && mode !== '700');
  }

  async function readModes(): Promise<Record<string, string>> {
    const names = ['..', '.', ...(await readdir(stage.paths.directory))].sort();
    const modes = names.map(async (name) => {
      // What is being written has its name for a moment only.
      const found = await stat(join(stage.paths.directory, name)).catch((error: unknown) => {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        throw error;
      });
      return found === undefined ? [] : [[name, (found.mode & 0o777).toString(8)] as const];
    });
    return Object.fromEntries((await Promise.all(modes)).flat());
  }
});
