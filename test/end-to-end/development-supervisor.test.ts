import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { Checkout, developmentCommand } from '../support/checkout.js';
import { isAlive } from '../support/processes.js';
import { accountNumber, type ListeningStatus, Stage } from '../support/stage.js';
import type { SupervisorProcess } from '../support/supervisor-process.js';
import { until } from '../support/until.js';

const firstWords = 'starts ${describeAccounts(accounts.length)}.';

/** On a copy of the sources, which the tests change. */
describe('the sources of the supervisor in development', () => {
  let stage: Stage;
  let checkout: Checkout;
  let development: SupervisorProcess;
  let supervisorPid: number;
  let before: ListeningStatus;
  let mark: number;

  beforeAll(async () => {
    stage = await Stage.open({ autoLink: { number: accountNumber } });
    checkout = await Checkout.copyTo(join(stage.folder, 'checkout'));
    development = startDevelopment();
    await stage.waitUntilListening();
  });
  beforeEach(async () => {
    before = await stage.waitUntilListening();
    supervisorPid = Number(
      development
        .matching(/Supervisor \d+ .*starts one account/)
        .at(-1)
        ?.match(/Supervisor (\d+)/)?.[1],
    );
    ({ mark } = development);
  });
  afterEach(() => expect(stage.phone.status).toMatchObject({ linked: true, links: 1, devices: 1 }));
  afterAll(() => stage.close());

  it('restart it in order when they have changed, and the session is restored without a QR code', async () => {
    await checkout.replace('supervisor/supervisor.ts', firstWords, `as edited ${firstWords}`);
    await waitUntilSaid(/dev: supervisor\/supervisor\.ts changed: restarting the supervisor\./);
    await development.waitForLine(/Stopped\. Nothing is left running\./, { from: mark });
    await development.waitForLine(/Supervisor \d+ as edited starts one account/, { from: mark });
    await expectRestored();
  });

  it('that can not be loaded leave it in service, and are shown by file and line; the next good save is taken', async () => {
    await checkout.replace('supervisor/run.ts', 'export async function run(', 'export async function run(((');
    await waitUntilSaid(/can't be loaded; the supervisor with the old ones stays/);
    await waitUntilSaid(/supervisor\/run\.ts:\d+:\d+: ERROR/);
    expect((await stage.ask('!ping')).body).toBe('pong');
    expect(isAlive(supervisorPid)).toBe(true);

    await checkout.replace('supervisor/run.ts', 'export async function run(((', 'export async function run(');
    await development.waitForLine(/Supervisor \d+ (as edited )?starts one account/, { from: mark });
    await expectRestored();
  });

  it('and of the workers alike restart it once, which is enough for both', async () => {
    await checkout.replace(
      'shared/within.ts',
      'export async function within',
      '// Touched.\nexport async function within',
    );
    await development.waitForLine(/Supervisor \d+ (as edited )?starts one account/, { from: mark });
    await expectRestored();
    expect(development.matching(/the new code takes over/, mark)).toEqual([]);
    expect(development.matching(/Supervisor \d+ (as edited )?starts/, mark)).toHaveLength(1);
  });

  it('and not those of a worker alone: that is replaced in the running browser', async () => {
    await checkout.replace('worker/main.ts', 'lastWritesTimeoutMs = 2_000', 'lastWritesTimeoutMs = 2_001');
    const after = await stage.waitUntilListening(before);
    expect(after.browserPid).toBe(before.browserPid);
    expect(isAlive(supervisorPid)).toBe(true);
    expect(development.matching(/worker\/main\.ts changed: the new code takes over/, mark)).toHaveLength(1);
  });

  it('are watched on after a SIGHUP, which without a terminal has the configuration read again', async () => {
    development.signal('SIGHUP');
    await development.waitForLine(/The configuration was reloaded/, { from: mark });
    expect(isAlive(supervisorPid)).toBe(true);
    await checkout.replace('supervisor/run.ts', 'function reloadOnSignal', '// Touched.\nfunction reloadOnSignal');
    await development.waitForLine(/Supervisor \d+ (as edited )?starts one account/, { from: mark });
    await expectRestored();
  });

  it('when they load and do not run, wait for the next save', async () => {
    await checkout.replace('supervisor/run.ts', '  assertAccounts(configuration);', '  throw new Error("not yet");');
    await waitUntilSaid(/The supervisor has ended with the sources as they are now\. Waiting for the next change/);
    await checkout.replace('supervisor/run.ts', '  throw new Error("not yet");', '  assertAccounts(configuration);');
    await development.waitForLine(/Supervisor \d+ (as edited )?starts one account/, { from: mark });
    await expectRestored();
  });

  it('go with whoever holds the terminal, also when that is killed', async () => {
    development.signal('SIGKILL');
    await stage.waitUntilNothingRuns(20_000);
    expect(await stage.status()).toMatchObject({ state: 'stopped', isActive: false });
    expect(await stage.locks()).toEqual([]);
    development = startDevelopment();
    await expectRestored();
  });

  it('end in order by one Ctrl-C, with the exit code of the supervisor', async () => {
    expect(await development.stop('SIGINT')).toEqual({ code: 0, signal: null });
    expect(development.matching(/Stopped\. Nothing is left running\./, mark)).toHaveLength(1);
    expect(stage.leftBehind).toEqual([]);
  });

  /** As a shell starts it. */
  function startDevelopment(): SupervisorProcess {
    mark = 0;
    return stage.start({
      runner: { command: developmentCommand(), workingDirectory: checkout.folder, hasOwnGroup: true },
    });
  }

  async function expectRestored(): Promise<void> {
    const after = await stage.waitUntilListening(before);
    expect(after.browserPid).not.toBe(before.browserPid);
    expect(isAlive(before.browserPid)).toBe(false);
    expect(after.restoreMode).toBe('cold');
    expect((await stage.ask('!ping')).body).toBe('pong');
    expect(development.matching(/SCAN QR CODE/, mark)).toEqual([]);
  }

  async function waitUntilSaid(words: RegExp): Promise<void> {
    await until(() => (words.test(development.errorOutput) ? true : undefined), {
      expectation: () => `"${words.source}".${development.describe()}`,
    });
  }
});

/** Without an account, the emulated WhatsApp runs within the supervisor, and ends with it. */
it('the demonstration keeps its linked device when the supervisor is started anew for new sources', async () => {
  const stage = await Stage.open();
  try {
    const checkout = await Checkout.copyTo(join(stage.folder, 'checkout'));
    const development = stage.start({
      environment: { WASUP_ACCOUNTS: '', WASUP_BROWSER_ARGS: '' },
      runner: { command: developmentCommand(), workingDirectory: checkout.folder },
    });
    await development.waitForLine(/^ TRY IT$/);
    const from = development.mark;
    await checkout.replace('supervisor/supervisor.ts', firstWords, `as edited ${firstWords}`);
    await development.waitForLine(/Supervisor \d+ as edited starts/, { from });
    await development.waitForLine(/^ DEVICE REACTIVATED - BOT READY TO SERVE!$/, { from });
    await development.waitForLine(/the bot answered "pong" \(quoted\)/, { from });
    expect(development.matching(/SCAN QR CODE/, from)).toEqual([]);
  } finally {
    await stage.close();
  }
});
