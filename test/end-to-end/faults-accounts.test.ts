import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import type { AccountView } from '../../supervisor/control/controlled.js';
import { findProcesses } from '../support/processes.js';
import { accountNumber, fixture, type ListeningStatus, Stage, type StagedAccount } from '../support/stage.js';
import type { SupervisorProcess } from '../support/supervisor-process.js';
import { until } from '../support/until.js';
import { runWasup } from '../support/wasup-command.js';

const otherNumber = '12025550101';
/** Longer than any test: what happens meanwhile, a person has asked for. */
const longPauseMs = 600_000;
const shortPauseMs = 1_500;

let stage: Stage;
let supervisor: SupervisorProcess;
let steady: StagedAccount;
let failing: StagedAccount;
let endsWhile: string;
let steadyBefore: ListeningStatus;

beforeAll(async () => {
  stage = await Stage.open();
  steady = stage.account(accountNumber);
  failing = stage.account(otherNumber);
  endsWhile = join(stage.folder, 'ends-while');
  await configure([accountNumber]);
  start();
  await steady.phone.scanQr();
  steadyBefore = await steady.waitUntilListening();
});
afterAll(async () => {
  await rm(configurationPath());
  await stage.close();
});

function configurationPath(): string {
  return join(stage.workingDirectory, 'wasup.config.json');
}

async function configure(accounts: readonly unknown[], breakerPauseMs = longPauseMs): Promise<void> {
  await writeFile(configurationPath(), JSON.stringify({ accounts, breakerPauseMs }));
}

const both = [accountNumber, { number: otherNumber, botModule: fixture('ending-bot.js') }];

function start(environment: Record<string, string> = {}): void {
  supervisor = stage.start({
    environment: {
      // Those of the file are to hold.
      WASUP_ACCOUNTS: '',
      ENDS_WHILE_FILE: endsWhile,
      WASUP_BREAKER_FAILURES: '3',
      WASUP_STABLE_AFTER_MS: '500',
      WASUP_HEARTBEAT_INTERVAL_MS: '500',
      // It would have loaded the bot while that still worked.
      WASUP_STANDBY: '0',
      ...environment,
    },
  });
}

async function reload(): Promise<void> {
  const mark = supervisor.mark;
  supervisor.signal('SIGHUP');
  await supervisor.waitForLine(/The configuration was reloaded/, { from: mark });
}

/** From now on its bot ends each worker while it is loaded. */
async function breakBot(): Promise<void> {
  const { workerPid } = await failing.waitUntilListening();
  await writeFile(endsWhile, '');
  process.kill(workerPid, 'SIGKILL');
}

async function view(): Promise<AccountView> {
  const [, url = ''] = await supervisor.waitForLine(/Dashboard and control API: (http:\S+)/);
  const token = (await readFile(join(stage.sessionsFolder, '.http-token'), 'utf8')).trim();
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(new URL(`/api/accounts/${otherNumber}`, url), { headers });
  return (await response.json()) as AccountView;
}

async function untilBreakerIs(state: AccountView['breaker']): Promise<AccountView> {
  return until(
    async () => {
      const current = await view();
      return current.breaker === state ? current : undefined;
    },
    { expectation: () => `the breaker to be ${state}.${supervisor.describe()}` },
  );
}

async function expectNothingOfItRuns(): Promise<void> {
  await until(() => findProcesses(failing.paths.directory).length === 0 || undefined, {
    expectation: () => `worker and browser of ${otherNumber} to be gone`,
  });
}

async function expectTheOtherUntouched(): Promise<void> {
  expect((await steady.ask('!ping')).body).toBe('pong');
  const { workerPid, browserPid, restoreCount } = steadyBefore;
  expect(await steady.waitUntilListening()).toMatchObject({ workerPid, browserPid, restoreCount });
}

describe('an account beside another one, which goes on in the same processes all the while,', () => {
  beforeEach(async () => void (steadyBefore = await steady.waitUntilListening()));

  it('is added by a reload, and linked', async () => {
    await configure(both);
    await reload();
    await failing.phone.scanQr();
    await failing.waitUntilListening();
    expect((await failing.ask('!ping')).body).toBe('pong');
    await expectTheOtherUntouched();
  });

  it('whose bot ends at each start is restarted with pauses, then not at all: nothing of it runs, and that is told once', async () => {
    const mark = supervisor.mark;
    await breakBot();
    await supervisor.waitForLine(/exit code 1, which is none of wasup's.*Restarting now/, { from: mark });
    await supervisor.waitForLine(
      /ERROR: \+12025550101: 3 failures without a stable run between them; the last: The worker ended with exit code 1.*Nothing is started for 10 min.*npx wasup restart/,
      { from: mark },
    );
    await expectNothingOfItRuns();
    await expectTheOtherUntouched();
    expect(supervisor.matching(/Nothing is started for/, mark)).toHaveLength(1);
    const alerted = async (): Promise<unknown[]> =>
      (await failing.alerts()).filter((alert) => alert === 'breaker-open');
    await until(async () => ((await alerted()).length > 0 ? true : undefined), {
      expectation: () => 'the alert in the history',
    });
    expect(await alerted()).toHaveLength(1);
    expect(supervisor.matching(new RegExp(`\\+${accountNumber}: (?!\\[MESSAGE\\])`), mark)).toEqual([]);
  });

  it('says so to whoever asks', async () => {
    expect(await view()).toMatchObject({
      state: 'backoff',
      isActive: false,
      breaker: 'open',
      workerPid: null,
      browserPid: null,
      sentence: expect.stringContaining('failed too often') as string,
    });
    const words = ['status', otherNumber, '--sessions-dir', stage.sessionsFolder];
    const { code, output } = await runWasup(words, stage.workingDirectory);
    expect(code).toBe(0);
    expect(output).toMatch(/exit code 1, which is none of wasup's/);
  });
});

describe('a breaker that is open', () => {
  it('is still open for the next supervisor, which starts the other account alone', async () => {
    await supervisor.stop();
    start();
    await supervisor.waitForLine(/\+12025550101: The account had failed too often before this start/);
    steadyBefore = await steady.waitUntilListening(steadyBefore);
    expect(await view()).toMatchObject({ state: 'backoff', breaker: 'open', browserPid: null });
    await expectNothingOfItRuns();
    expect(supervisor.matching(/\+12025550101: .*Nothing is started for/)).toEqual([]);
  });

  it('is passed by a person who has mended the bot, at once', async () => {
    await rm(endsWhile);
    const words = ['restart', otherNumber, '--sessions-dir', stage.sessionsFolder];
    expect(await runWasup(words, stage.workingDirectory)).toMatchObject({ code: 0, errorOutput: '' });
    await failing.waitUntilListening();
    expect((await failing.ask('!ping')).body).toBe('pong');
    expect((await view()).breaker).toBe('closed');
  });

  it('lets one life try it after the pause, which fails and opens it for longer; a mended bot closes it by itself', async () => {
    await configure(both, shortPauseMs);
    await reload();
    const mark = supervisor.mark;
    await breakBot();
    await supervisor.waitForLine(/3 failures without a stable run.*Nothing is started for 2 s/, { from: mark });
    await supervisor.waitForLine(/The life on trial has failed, too.*Nothing is started for 3 s/, { from: mark });
    await rm(endsWhile);
    await failing.waitUntilListening();
    expect((await untilBreakerIs('closed')).isActive).toBe(true);
    expect((await failing.ask('!ping')).body).toBe('pong');
    expect(failing.phone.status.links).toBe(1);
    await expectTheOtherUntouched();
  });
});

describe('accounts that may only come up one at a time', () => {
  it('do so: the second begins when the first listens', async () => {
    await supervisor.stop();
    start({ WASUP_START_CONCURRENCY: '1' });
    await Promise.all([steady.waitUntilListening(), failing.waitUntilListening()]);
    const begins = /SESSION RESTORE - REACTIVATING DEVICE/;
    const listens = /DEVICE REACTIVATED - BOT READY TO SERVE/;
    const story = supervisor.matching(new RegExp(`${begins.source}|${listens.source}`));
    const turn: unknown[] = [expect.stringMatching(begins), expect.stringMatching(listens)];
    expect(story).toEqual([...turn, ...turn]);
    expect((await steady.ask('!ping')).body).toBe('pong');
    expect((await failing.ask('!ping')).body).toBe('pong');
  });
});
