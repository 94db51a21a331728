import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { accountNumber, Stage } from '../support/stage.js';
import type { SupervisorProcess } from '../support/supervisor-process.js';
import { until } from '../support/until.js';
import { runWasup } from '../support/wasup-command.js';

/** Attempts follow each other without the pause that real ones have; the log tells when a browser was started. */
const quick = {
  WASUP_RESTORE_RETRY_DELAY_MS: '200',
  WASUP_PROBE_INTERVAL_MS: '1000',
  WASUP_PROBE_TIMEOUT_MS: '1000',
  WASUP_LOG_LEVEL: 'debug',
};
/** Long enough to be scanned, short enough to see nobody come. */
const qr = { firstRefMs: 400, laterRefMs: 400, refs: 3 };
/** Three series. */
const codes = 9;

describe('a device that is unlinked, and that nobody links again,', () => {
  let stage: Stage;
  let supervisor: SupervisorProcess;

  beforeEach(async () => {
    stage = await Stage.openAtRest({ qr, socketTimeoutMs: 500, autoLink: undefined });
  });
  afterEach(() => stage.close());

  it('while it listens ends in three attempts, three series of codes, and rest, until a person asks', async () => {
    await listen();
    const mark = supervisor.mark;
    const { pageLoads } = stage.sandbox.counters;
    stage.phone.unlink();
    await expectRest(mark);
    // The page of the logout, three attempts, the link.
    expect(stage.sandbox.counters.pageLoads - pageLoads).toBe(1 + 3 + 1);
    // The living one serves the attempts; the link begins in a fresh profile, and so in a fresh browser.
    expect(supervisor.matching(/browser-ready:/, mark)).toHaveLength(1);

    const asked = supervisor.mark;
    await runWasup(['link', accountNumber, '--sessions-dir', stage.sessionsFolder], stage.workingDirectory);
    await supervisor.waitForLine(/^ SCAN QR CODE TO LINK DEVICE$/, { from: asked });
    await stage.phone.scanQr();
    await stage.waitUntilListening();
    expect((await stage.ask('!ping')).body).toBe('pong');
    expect(await readdir(stage.paths.quarantine)).toHaveLength(1);
  });

  it('while it is down is the same, and nothing more happens as long as nobody asks', async () => {
    stage.phone.unlink();
    const { pageLoads } = stage.sandbox.counters;
    supervisor = stage.start({ environment: quick });
    await expectRest(0);
    const counted = countAll();
    const { mark } = supervisor;
    expect(stage.sandbox.counters.pageLoads - pageLoads).toBeLessThanOrEqual(2 * 3 + 1);
    // No event tells that nothing happens; a person looks at the account in every way there is, and finds it unchanged.
    for (const words of [['status'], ['history', accountNumber], ['stats'], ['status'], ['status', '--json']]) {
      const { code } = await runWasup([...words, '--sessions-dir', stage.sessionsFolder], stage.workingDirectory);
      expect(code).toBe(0);
      expect(countAll()).toEqual(counted);
      expect(stage.processes.filter(({ pid }) => pid !== supervisor.pid)).toEqual([]);
    }
    // The log of a debug level has a line for each event that the account heard of.
    expect(supervisor.matching(/ -> /, mark)).toEqual([]);
  });

  it('while it syncs is the same', async () => {
    stage.phone.sync({ withhold: true });
    supervisor = stage.start({ environment: quick });
    await stage.phone.waitFor('connected');
    stage.phone.unlink();
    await expectRest(0);
  });

  it('while it logs in is the same', async () => {
    const { release } = stage.phone.holdLogin();
    supervisor = stage.start({ environment: quick });
    await stage.waitForStatus(({ state }) => state === 'restoring', 'a restore');
    stage.phone.unlink();
    release();
    await expectRest(0);
  });

  it('while its connection is away is the same, as soon as the connection is back', async () => {
    await listen();
    const mark = supervisor.mark;
    stage.sandbox.network({ cut: true });
    await stage.waitForStatus(({ state }) => state === 'degraded', 'the cut to show');
    stage.phone.unlink();
    stage.sandbox.network({ cut: false });
    await expectRest(mark);
  });

  it.each([
    ['and its page forgets whom it belonged to', true],
    ['though its page still knows whom it belongs to', false],
  ])('which WhatsApp says while it syncs, without a reload, %s, is told from a slow sync', async (_name, forgets) => {
    stage.phone.sync({ progressEveryMs: 500, steps: 100 });
    supervisor = stage.start({ environment: quick });
    // The library hears of the sync: it has asked long ago whether the device is linked.
    await supervisor.waitForLine(/Restore Progress: \d+%/);
    if (forgets) await stage.phone.damageProfile('localStorage');
    stage.phone.setState('UNPAIRED_IDLE');
    await supervisor.waitForLine(/WARN.*not linked any more.*Restarting in 0\.2 s/);
    // What else its page would find out by a reload.
    stage.phone.unlink();
    await expectRest(0);
  });

  it('of which only its page knows, which has lost a half of its login, is no link in the middle of a session', async () => {
    await listen();
    const mark = supervisor.mark;
    await stage.phone.damageProfile('indexedDB');
    stage.phone.reloadPage();
    await supervisor.waitForLine(/^ SESSION REACTIVATION FAILED - REQUESTING FRESH AUTH$/, { from: mark });
    await expectRest(mark);
  });

  async function listen(): Promise<void> {
    supervisor = stage.start({ environment: quick });
    await stage.waitUntilListening();
    // What is said of it comes a moment after the status: it is none of what follows.
    await supervisor.waitForLine(/DEVICE REACTIVATED/);
  }

  /** Three attempts, one quarantine, one link in vain; then nothing runs but the supervisor. */
  async function expectRest(from: number): Promise<void> {
    const status = await stage.waitForStatus(
      ({ state, workerPid, browserPid }) => state === 'needs-link' && workerPid === null && browserPid === null,
      'rest',
    );
    expect(status).toMatchObject({ isActive: false, deviceLinked: false });
    expect(status.userAction).toContain(`npx wasup link ${accountNumber}`);
    await until(() => (stage.processes.every(({ pid }) => pid === supervisor.pid) ? true : undefined), {
      expectation: () => `nothing to run but the supervisor; there is ${JSON.stringify(stage.processes)}`,
    });
    expect(attemptsIn(supervisor.matching(/Attempt: +\d\/3$/, from)).slice(-3)).toEqual(['1/3', '2/3', '3/3']);
    expect(supervisor.matching(/REQUESTING FRESH AUTH/, from)).toHaveLength(1);
    expect(supervisor.matching(/^ SCAN QR CODE TO LINK DEVICE$/, from)).toHaveLength(codes);
    expect(supervisor.matching(/DEVICE (REACTIVATED|LINKED)/, from)).toEqual([]);
    const quarantined = await readdir(stage.paths.quarantine);
    expect(quarantined).toEqual([expect.stringMatching(/-unpaired$/)]);
    expect(await readdir(join(stage.paths.quarantine, quarantined[0] ?? ''))).toContain('Default');
  }

  function countAll(): object {
    const { counters } = stage.sandbox;
    return { ...counters, browsers: supervisor.matching(/browser-ready:/).length, lines: supervisor.lines.length };
  }
});

it('with default settings, a device that was unlinked while it was down is offered a fresh QR code within a minute', async () => {
  const stage = await Stage.openAtRest({ autoLink: undefined });
  try {
    stage.phone.unlink();
    await stage.start().waitForLine(/^ SCAN QR CODE TO LINK DEVICE$/, { timeoutMs: 60_000 });
  } finally {
    await stage.close();
  }
}, 120_000);

function attemptsIn(lines: readonly string[]): (string | undefined)[] {
  return lines.map((line) => line.trim().split(/\s+/).at(-1));
}
