import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { accountNumber, contactNumber, fixture, Stage } from '../support/stage.js';

/** A standby that is just being loaded sees the death of its supervisor when that is over; see supervisor-death.test.ts. */
const loadingTimeoutMs = 10_000;

describe('a linked account', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.openAtRest();
  });
  afterEach(() => stage.stopAll());
  afterAll(() => stage.close());

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'leaves no process, no lock and no claim to be active after %s, and the supervisor ends with 0',
    async (signal) => {
      const supervisor = stage.start();
      await stage.waitUntilListening();
      expect(await supervisor.stop(signal)).toEqual({ code: 0, signal: null });

      expect(stage.leftBehind).toEqual([]);
      expect(await stage.locks()).toEqual([]);
      expect(await stage.status()).toMatchObject({
        isActive: false,
        state: 'stopped',
        deviceLinked: true,
        workerPid: null,
      });
    },
  );

  it('is restored without a QR code when it is started again', async () => {
    const { restoreCount } = await stage.status();
    const earlier = (await stage.history()).length;
    const earlierRestores = (await stage.restoreHistory()).length;
    const { qrRefsServed } = stage.sandbox.counters;

    const supervisor = stage.start();
    await supervisor.waitForLine(/^ SESSION RESTORE - REACTIVATING DEVICE$/);
    await supervisor.waitForLine(new RegExp(`Master account: +\\+${accountNumber}$`));
    await supervisor.waitForLine(/Attempt: +1\/3$/);
    await supervisor.waitForLine(/Previous status: linked/);
    await supervisor.waitForLine(/Last activity: +\d{4}-\d\d-\d\dT/);
    await supervisor.waitForLine(/Restore Progress: 100%/);
    await supervisor.waitForLine(/^ DEVICE REACTIVATED - BOT READY TO SERVE!$/);
    await supervisor.waitForLine(/Duration: \d+ ms/);

    expect(await stage.waitUntilListening()).toMatchObject({
      deviceLinked: true,
      restoreCount: restoreCount + 1,
      restoreStatus: 'fully_reactivated',
      restoreMode: 'cold',
    });
    await stage.waitForEvent('restore_complete', earlier);
    expect((await stage.restoreHistory()).slice(earlierRestores)).toMatchObject([
      { eventType: 'restore_authenticated', attempt: 1 },
      { eventType: 'restore_complete', status: 'fully_reactivated', attempt: 1 },
    ]);
    expect((await stage.ask('!ping')).body).toBe('pong');
    expect(supervisor.matching(/SCAN QR CODE/)).toEqual([]);
    expect(stage.sandbox.counters.qrRefsServed).toBe(qrRefsServed);
  });

  it('is restored without a QR code when WhatsApp could not be reached at first', async () => {
    const { qrRefsServed } = stage.sandbox.counters;
    stage.sandbox.pageLoads({ refuse: 2 });
    const supervisor = stage.start();
    await supervisor.waitForLine(/WARN.*WhatsApp could not be reached.*Restarting/);
    await stage.waitUntilListening();
    // What the network refuses is no refusal of the login.
    expect(supervisor.matching(/Attempt: +[23]\/3$/)).toEqual([]);
    expect(supervisor.matching(/SCAN QR CODE/)).toEqual([]);
    expect(stage.sandbox.counters.qrRefsServed).toBe(qrRefsServed);
    expect((await stage.ask('!ping')).body).toBe('pong');
  });

  it('ends at once with a second signal, leaves no process behind, and is restored by the next start', async () => {
    // Who waited for the worker would take 14 s.
    const first = stage.start({ environment: { WASUP_STOP_TIMEOUT_MS: '40000' } });
    const before = await stage.waitUntilListening();
    process.kill(before.workerPid, 'SIGSTOP');
    first.signal('SIGINT');
    await first.waitForLine(/SIGINT: stopping/);
    expect(await first.stop('SIGINT', 12_000)).toEqual({ code: 0, signal: null });
    await stage.waitUntilNothingRuns();
    expect(await stage.status()).toMatchObject({ isActive: false, deviceLinked: true });

    stage.start();
    await stage.waitUntilListening(before);
  });

  it('leaves no process behind when the supervisor is killed, and is restored by the next start', async () => {
    const first = stage.start();
    const before = await stage.waitUntilListening();
    first.signal('SIGKILL');
    await stage.waitUntilNothingRuns(loadingTimeoutMs);
    expect(await stage.locks()).toEqual([]);
    expect(await stage.status()).toMatchObject({ isActive: false, state: 'stopped', workerPid: null });

    const { qrRefsServed } = stage.sandbox.counters;
    const second = stage.start();
    await stage.waitUntilListening(before);
    expect((await stage.ask('!ping')).body).toBe('pong');
    expect(second.matching(/SCAN QR CODE/)).toEqual([]);
    expect(stage.sandbox.counters.qrRefsServed).toBe(qrRefsServed);
  });

  it('leaves no process behind when the supervisor is killed while the bot hangs', async () => {
    const supervisor = stage.start({ environment: { WASUP_BOT: fixture('hanging-bot.js') } });
    await stage.waitUntilListening();
    await stage.phone.receiveText({ from: contactNumber, body: '!hang' });
    await supervisor.waitForLine(/^HANGING$/);
    supervisor.signal('SIGKILL');
    await stage.waitUntilNothingRuns(loadingTimeoutMs);
  });
});
