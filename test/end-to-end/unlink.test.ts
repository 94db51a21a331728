import { readdir } from 'node:fs/promises';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Stage } from '../support/stage.js';
import { until } from '../support/until.js';

describe('a device that the phone has unlinked', () => {
  let stage: Stage;

  beforeEach(async () => {
    stage = await Stage.open();
  });
  afterEach(() => stage.close());

  it('is asked for a fresh QR code after a bounded number of restores, and is linked again by scanning it', async () => {
    const supervisor = stage.start({ environment: { WASUP_RESTORE_RETRY_DELAY_MS: '200' } });
    await stage.phone.scanQr();
    await stage.waitUntilListening();

    const from = supervisor.mark;
    stage.phone.unlink();
    await supervisor.waitForLine(/WhatsApp has unlinked this device/, { from });
    await supervisor.waitForLine(/^ SESSION REACTIVATION FAILED - REQUESTING FRESH AUTH$/, { from });
    await supervisor.waitForLine(/^ SCAN QR CODE TO LINK DEVICE$/, { from });
    expect(attemptsIn(supervisor.matching(/Attempt: +\d\/3$/, from))).toEqual(['1/3', '2/3', '3/3']);
    const linking = await stage.waitForStatus(({ state }) => state === 'linking', 'the link');
    expect(linking).toMatchObject({ deviceLinked: false, isActive: false });

    await stage.phone.scanQr();
    await supervisor.waitForLine(/DEVICE LINKED - BOT READY TO SERVE!/, { from });
    expect(await stage.waitUntilListening()).toMatchObject({ deviceLinked: true, reason: null, userAction: null });
    expect((await stage.ask('!ping')).body).toBe('pong');

    await until(
      async () =>
        (await stage.history()).filter(({ eventType }) => eventType === 'device_linked').length === 2 || undefined,
      { expectation: () => 'both links in the history' },
    );
    const events = (await stage.restoreHistory()).map(({ eventType }) => eventType);
    expect(events.at(0)).toBe('device_linked');
    expect(events).toContain('device_logged_out');
    expect(events.slice(-3)).toEqual(['fresh_auth_requested', 'profile_quarantined', 'device_linked']);
    expect(events.filter((event) => event === 'restore_auth_failed')).toHaveLength(3);
    expect(await stage.alerts()).toEqual(['authentication-failed', 'profile-quarantined']);
    expect(await readdir(stage.paths.quarantine)).toEqual([expect.stringMatching(/^\d{8}T\d{6}Z-unpaired$/)]);
  });

  it('is never linked anew in the middle of a restore, even by a phone that scans whatever it sees', async () => {
    // Longer than the sandbox's phone waits before it may scan a page that no library reads.
    const environment = { WASUP_RESTORE_RETRY_DELAY_MS: '2500' };
    await stage.close();
    const { stage: linked, supervisor } = await Stage.openLinked({}, { environment });
    stage = linked;
    const from = supervisor.mark;
    stage.phone.unlink();
    await supervisor.waitForLine(/^ DEVICE LINKED - BOT READY TO SERVE!$/, { from });
    expect(attemptsIn(supervisor.matching(/Attempt: +\d\/3$/, from))).toEqual(['1/3', '2/3', '3/3']);
    expect(supervisor.matching(/DEVICE REACTIVATED/, from)).toEqual([]);
  });

  it('is asked for a fresh QR code also when it was unlinked while it was stopped', async () => {
    await stage.close();
    stage = await Stage.openAtRest({ autoLink: undefined });
    stage.phone.unlink();

    const second = stage.start({ environment: { WASUP_RESTORE_RETRY_DELAY_MS: '200' } });
    await second.waitForLine(/^ SESSION REACTIVATION FAILED - REQUESTING FRESH AUTH$/);
    await second.waitForLine(/^ SCAN QR CODE TO LINK DEVICE$/);
    expect(attemptsIn(second.matching(/Attempt: +\d\/3$/))).toEqual(['1/3', '2/3', '3/3']);
    const events = (await stage.history()).map(({ eventType }) => eventType);
    expect(events.filter((event) => event === 'restore_auth_failed')).toHaveLength(3);

    await stage.phone.scanQr();
    await stage.waitUntilListening();
    expect((await stage.ask('!ping')).body).toBe('pong');
  });
});

function attemptsIn(lines: readonly string[]): (string | undefined)[] {
  return lines.map((line) => line.trim().split(/\s+/).at(-1));
}
