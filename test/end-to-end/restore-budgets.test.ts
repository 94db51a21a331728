import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { readAttempts } from '../../shared/restore-metrics.js';
import { Stage } from '../support/stage.js';
import { until } from '../support/until.js';

/** Attempts follow each other without the pause that real ones have. */
const quick = { WASUP_RESTORE_RETRY_DELAY_MS: '200' };

describe('a stored login', () => {
  let stage: Stage;

  beforeEach(async () => {
    stage = await Stage.openAtRest();
  });
  afterEach(() => stage.close());

  it('is kept while WhatsApp can’t be reached for longer than three attempts last, and restored without a QR code', async () => {
    const { qrRefsServed, logins } = stage.sandbox.counters;
    stage.sandbox.pageLoads({ refuse: true });
    stage.sandbox.network({ cut: true });
    const supervisor = stage.start({ environment: quick });
    const failed = await until(
      async () => {
        const attempts = (await readAttempts(stage.paths.restoreMetrics)).attempts.slice(1);
        return attempts.length >= 5 ? attempts : undefined;
      },
      { timeoutMs: 60_000, expectation: () => 'five attempts in vain' },
    );
    for (const attempt of failed) {
      expect(attempt).toMatchObject({
        outcome: 'failed',
        class: 'NETWORK',
        attempt: 1,
      });
    }
    await supervisor.waitForLine(/ERROR.*5 failures of the kind NETWORK in a row/);
    await stage.waitForEvent('alert', 0);
    expect(await stage.status()).toMatchObject({ deviceLinked: true, isActive: false });

    stage.sandbox.network({ cut: false });
    stage.sandbox.pageLoads({ refuse: false });
    await stage.waitUntilListening();
    expect((await stage.ask('!ping')).body).toBe('pong');
    expect(stage.sandbox.counters).toMatchObject({ qrRefsServed, logins: logins + 1 });
    expect(supervisor.matching(/SCAN QR CODE|REQUESTING FRESH AUTH/)).toEqual([]);
    expect(await quarantined()).toEqual([]);
  }, 120_000);

  it('is offered to WhatsApp so often as it may be refused, in one browser, though supervisors come and go in between', async () => {
    stage.phone.unlink();
    const patient = { environment: { WASUP_RESTORE_RETRY_DELAY_MS: '60000' } };
    const first = stage.start(patient);
    await first.waitForLine(/Attempt: +1\/3$/);
    await stage.waitForStatus(({ state }) => state === 'backoff', 'a pause after the first refusal');
    first.signal('SIGKILL');
    await first.waitForExit();
    await stage.waitUntilNothingRuns();

    const second = stage.start({ environment: quick });
    await second.waitForLine(/^ SCAN QR CODE TO LINK DEVICE$/);
    expect(second.matching(/Attempt: +\d\/3$/).map((line) => line.trim().slice(-3))).toEqual(['2/3', '3/3']);
    const attempts = (await readAttempts(stage.paths.restoreMetrics)).attempts.slice(1);
    expect(attempts.map((attempt) => [attempt.attempt, attempt.rung, attempt.class])).toEqual([
      [1, 'cold', 'AUTH'],
      [2, 'cold', 'AUTH'],
      [3, 'warm', 'AUTH'],
    ]);
    expect(await quarantined()).toHaveLength(1);
    // The phone scans it by itself.
    await stage.waitUntilListening();
    expect((await stage.ask('!ping')).body).toBe('pong');
  });

  it('of which a half is lost is refused three times, set aside whole, and replaced by a new link', async () => {
    stage.start();
    await stage.waitUntilListening();
    await stage.phone.damageProfile('localStorage');
    await stage.stopAll();
    const { pageLoads } = stage.sandbox.counters;

    const supervisor = stage.start({ environment: quick });
    await supervisor.waitForLine(/^ SCAN QR CODE TO LINK DEVICE$/);
    expect(stage.sandbox.counters.pageLoads - pageLoads).toBe(4);
    const [name = ''] = await quarantined();
    expect(await readdir(join(stage.paths.quarantine, name))).toContain('Default');
    // The phone scans it by itself.
    await stage.waitUntilListening();
    expect(await quarantined()).toEqual([name]);
    expect(await stage.alerts()).toEqual(['authentication-failed', 'profile-quarantined']);
  });

  it('that can’t be set aside is not linked over: it waits, and says what to do', async () => {
    stage.phone.unlink();
    await writeFile(stage.paths.quarantine, 'in the way');
    const supervisor = stage.start({ environment: quick });
    await supervisor.waitForLine(/ERROR.*Cannot move .*profile: a file is in the place of a folder\. Restarting.*/);
    await stage.waitForStatus(({ state }) => state === 'backoff', 'a pause before the next try');
    const { pageLoads, qrRefsServed } = stage.sandbox.counters;
    await supervisor.waitForLine(/WARN.*Cannot move .*Restarting in (0\.[5-9]|[1-9])/);
    expect(stage.sandbox.counters).toMatchObject({ pageLoads, qrRefsServed });

    await rm(stage.paths.quarantine);
    await supervisor.waitForLine(/^ SCAN QR CODE TO LINK DEVICE$/);
    expect(await quarantined()).toHaveLength(1);
  });

  it('of a device that is long unused is restored with a warning', async () => {
    const text = JSON.stringify({
      ...(await stage.status()),
      lastConnected: new Date(Date.now() - 12 * 86_400_000).toISOString(),
    });
    await writeFile(stage.paths.deviceStatus, text);
    const supervisor = stage.start();
    await supervisor.waitForLine(/ERROR.*has not been connected for 12 days/);
    await stage.waitUntilListening();
    expect(await stage.alerts()).toEqual(['device-unused']);
  });

  async function quarantined(): Promise<string[]> {
    return readdir(stage.paths.quarantine).catch(() => []);
  }
});

describe('the books of an account', () => {
  let stage: Stage;

  beforeEach(async () => {
    ({ stage } = await Stage.openLinked());
  });
  afterEach(() => stage.close());

  it('tell when it was down, why, and how it came back', async () => {
    const before = await stage.waitUntilListening();
    await stage.waitForEvent('session_up', 0);
    const entries = (await stage.history()).length;
    process.kill(before.workerPid, 'SIGKILL');
    await stage.waitUntilListening(before);
    await stage.waitForEvent('session_up', entries);
    const told = (await stage.history()).slice(entries).filter(({ eventType }) => eventType.startsWith('session_'));
    expect(told).toMatchObject([
      { eventType: 'session_down', class: 'TRANSIENT', reason: expect.stringContaining('SIGKILL') as string },
      { eventType: 'session_up', mode: 'restore' },
    ]);
    const attempts = await until(
      async () => {
        const stored = (await readAttempts(stage.paths.restoreMetrics)).attempts;
        return stored.length >= 2 ? stored : undefined;
      },
      { expectation: () => 'both attempts in the books' },
    );
    expect(attempts).toMatchObject([
      { rung: 'relink', outcome: 'listening' },
      { rung: 'hot', outcome: 'listening', class: null, failedPhase: null },
    ]);
  });

  it('hold the attempt of a worker that was killed in the middle of it', async () => {
    const before = await stage.waitUntilListening();
    await stage.waitUntilLoginIsOnDisk();
    stage.phone.sync({ withhold: true });
    process.kill(before.browserPid, 'SIGKILL');
    const restoring = await stage.waitForStatus(
      ({ state, workerPid }) => state === 'restoring' && workerPid !== null && workerPid !== before.workerPid,
      'a restore that waits for its sync',
    );
    process.kill(restoring.workerPid ?? 0, 'SIGKILL');
    const killed = await until(async () => (await readAttempts(stage.paths.restoreMetrics)).attempts[1], {
      expectation: () => 'the attempt in the books',
    });
    expect(killed).toMatchObject({ outcome: 'failed', rung: 'cold', class: 'TRANSIENT', phases: {} });
    stage.phone.releaseSync();
    await stage.waitUntilListening();
  });

  it('say within a second that nobody listens, whoever has died', async () => {
    const { workerPid, browserPid } = await stage.waitUntilListening();
    // What is written down of the link itself, on a busy disk, is not what is timed here. The attempt comes last.
    await stage.waitForEvent('session_up', 0);
    await until(async () => (await readAttempts(stage.paths.restoreMetrics)).attempts[0], {
      expectation: () => 'the link in the books',
    });
    process.kill(workerPid, 'SIGSTOP');
    const killedAt = Date.now();
    process.kill(browserPid, 'SIGKILL');
    const { updatedAt } = await stage.waitForStatus(({ isActive }) => !isActive, 'the file to say that nobody listens');
    expect(Date.parse(updatedAt ?? '') - killedAt).toBeLessThan(1_000);
    process.kill(workerPid, 'SIGCONT');
    await stage.waitUntilListening();
  });
});
