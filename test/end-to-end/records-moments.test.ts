import { readFile, rm, writeFile } from 'node:fs/promises';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { DeviceStatus } from '../../shared/device-status.js';
import { Stage } from '../support/stage.js';
import type { SupervisorProcess } from '../support/supervisor-process.js';
import { until } from '../support/until.js';

/** Files are looked at as often as the page; how long the page may take to answer is no matter here. */
const environment = { WASUP_PROBE_INTERVAL_MS: '4000' };

const misfortunes: readonly [string, (path: string) => Promise<unknown>][] = [
  ['deleted', (path) => rm(path)],
  ['truncated', async (path) => writeFile(path, (await readFile(path, 'utf8')).slice(0, 40))],
  ['filled with garbage', (path) => writeFile(path, '\u0000\ufffd{{{')],
];

describe.each(misfortunes)('status and history that are %s', (name, befall) => {
  let stage: Stage;
  let supervisor: SupervisorProcess;
  let before: DeviceStatus;

  beforeEach(async () => {
    stage = await Stage.openAtRest();
    before = await stage.status();
  });
  afterEach(() => stage.close());

  async function befallBoth(): Promise<void> {
    await befall(stage.paths.deviceStatus);
    await befall(stage.paths.sessionHistory);
  }

  it('before the start cost neither the login nor a QR code', async () => {
    await befallBoth();
    supervisor = stage.start({ environment });
    // A look at the files before that would mend them.
    await supervisor.waitForLine(/^ DEVICE REACTIVATED - BOT READY TO SERVE!$/);
    const status = await stage.waitUntilListening();
    expect(status).toMatchObject({ deviceLinked: true, restoreCount: 1, restoreStatus: 'fully_reactivated' });
    await stage.waitForEvent('restore_complete', 0);
    expect((await stage.ask('!ping')).body).toBe('pong');
    expect(supervisor.matching(/SCAN QR CODE/)).toEqual([]);
    // Files that aren't there are no damage: so it is with a new account.
    const repairs = supervisor.matching(/WARN.*was (damaged|set aside)/);
    expect(repairs).toHaveLength(name === 'deleted' ? 0 : 2);
  });

  it('before a start that gets nowhere leave the next one a login to restore', async () => {
    await befall(stage.paths.deviceStatus);
    stage.sandbox.pageLoads({ refuse: true });
    supervisor = stage.start({ environment });
    await supervisor.waitForLine(/WhatsApp Web could not be loaded/);
    await supervisor.stop();
    const { linkedAt } = await stage.status();
    expect(Date.parse(linkedAt ?? '') - Date.parse(before.linkedAt ?? '')).toBeLessThan(30_000);

    stage.sandbox.pageLoads({ refuse: false });
    const next = stage.start({ environment });
    await next.waitForLine(/^ DEVICE REACTIVATED - BOT READY TO SERVE!$/);
    expect(next.matching(/DEVICE LINKED|SCAN QR CODE/)).toEqual([]);
  });

  it('while a session is restored are rebuilt with all that was in them', async () => {
    const hold = stage.phone.sync({ withhold: true });
    supervisor = stage.start({ environment });
    await stage.waitForStatus(({ restoreStatus }) => restoreStatus === 'authenticating', 'a restore');
    await befallBoth();
    await supervisor.waitForLine(/WARN.*device-status\.json was rebuilt from memory/);
    await supervisor.waitForLine(/WARN.*session-history\.json was rebuilt from memory/);
    expect(await whole(stage.paths.deviceStatus)).toMatchObject({
      deviceLinked: true,
      isActive: false,
      state: 'restoring',
    });

    hold.release();
    const { linkedAt } = before;
    expect(await stage.waitUntilListening()).toMatchObject({ deviceLinked: true, linkedAt, restoreCount: 1 });
    await stage.waitForEvent('restore_complete', 0);
    const events = (await stage.restoreHistory()).map(({ eventType }) => eventType);
    expect(events).toEqual(['device_linked', 'restore_authenticated', 'restore_complete']);
  });
});

describe.each(misfortunes)('a status that is %s while a QR code is shown', (_name, befall) => {
  let stage: Stage;

  beforeEach(async () => {
    stage = await Stage.open();
  });
  afterEach(() => stage.close());

  it('is rebuilt, and the device is linked by the scan', async () => {
    const supervisor = stage.start({ environment });
    await supervisor.waitForLine(/SCAN QR CODE/);
    await stage.waitForStatus(({ state }) => state === 'linking', 'a link');
    await befall(stage.paths.deviceStatus);
    await supervisor.waitForLine(/WARN.*device-status\.json was rebuilt from memory/);
    expect(await whole(stage.paths.deviceStatus)).toMatchObject({ deviceLinked: false, state: 'linking' });
    await stage.phone.scanQr();
    expect(await stage.waitUntilListening()).toMatchObject({ deviceLinked: true, restoreStatus: 'none' });
    await stage.waitForEvent('device_linked', 0);
    expect((await stage.ask('!ping')).body).toBe('pong');
  });
});

/** Reads without repairing anything; what is told to be rebuilt is written a moment later. */
function whole(path: string): Promise<unknown> {
  return until(
    () =>
      readFile(path, 'utf8')
        .then((text) => JSON.parse(text) as unknown)
        .catch(() => undefined),
    { expectation: () => `${path} to be whole` },
  );
}
