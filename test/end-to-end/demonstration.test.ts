import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { isAlive } from '../support/processes.js';
import { Stage } from '../support/stage.js';
import type { SupervisorProcess } from '../support/supervisor-process.js';
import { runWasup } from '../support/wasup-command.js';

/** What `npm start` runs where no account is configured; the sandbox is its own then. */
describe('the demonstration', () => {
  let stage: Stage;

  beforeEach(async () => {
    stage = await Stage.open();
  });
  afterEach(() => stage.close());

  it('links itself, answers, shows what to try, survives that, and is restored without a QR code by the next start', async () => {
    const first = startDemonstration();
    await first.waitForLine(/^ NO ACCOUNT CONFIGURED - RUNNING AGAINST THE SANDBOX$/);
    await first.waitForLine(/^ SCAN QR CODE TO LINK DEVICE$/);
    await first.waitForLine(/^ DEVICE LINKED - BOT READY TO SERVE!$/);
    await first.waitForLine(/writes "!ping" to the bot/);
    await first.waitForLine(/\[MESSAGE\] MESSAGE_TYPE: text - From: \+\d+$/);
    await first.waitForLine(/the bot answered "pong" \(quoted\)/);
    await first.waitForLine(/^ TRY IT$/);
    await first.waitForLine(/npx wasup sandbox send/);
    await first.waitForLine(/WASUP_ACCOUNTS=/);

    // The supervisor knows at once; the file says so when the disk has it.
    await stage.waitUntilListening();
    const { code, output } = await runWasup(['status', '--sessions-dir', stage.sessionsFolder], stage.workingDirectory);
    expect(code).toBe(0);
    expect(output).toMatch(/^Listening +Yes\.$/m);

    const from = first.mark;
    const workerPid = Number((await first.waitForLine(/kill -9 (\d+)$/))[1]);
    expect(isAlive(workerPid)).toBe(true);
    process.kill(workerPid, 'SIGKILL');
    await first.waitForLine(/^ SESSION RESTORE - REACTIVATING DEVICE$/, { from });
    await first.waitForLine(/^ DEVICE REACTIVATED - BOT READY TO SERVE!$/, { from });
    const [, nextWorkerPid] = await first.waitForLine(/Once more: kill -9 (\d+) \(worker\)/, { from });
    expect(Number(nextWorkerPid)).not.toBe(workerPid);
    expect(await first.stop('SIGINT')).toEqual({ code: 0, signal: null });
    expect(stage.leftBehind).toEqual([]);
    expect(await stage.locks()).toEqual([]);

    const second = startDemonstration();
    await second.waitForLine(/^ SESSION RESTORE - REACTIVATING DEVICE$/);
    await second.waitForLine(/the bot answered "pong" \(quoted\)/);
    await second.waitForLine(/^ TRY IT$/);
    expect(second.matching(/SCAN QR CODE/)).toEqual([]);
    expect(await second.stop('SIGINT')).toEqual({ code: 0, signal: null });
    expect(stage.leftBehind).toEqual([]);
  });

  function startDemonstration(): SupervisorProcess {
    return stage.start({ words: ['start'], environment: { WASUP_ACCOUNTS: '', WASUP_BROWSER_ARGS: '' } });
  }
});
