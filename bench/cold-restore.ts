import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { type Sandbox, startSandbox } from '../sandbox/index.js';
import { MeasuredProcess, type SaidLine, withoutOurs } from './measured-process.js';
import { startPlain } from './start-plain.js';

/** Milliseconds of one cold restore: nothing runs before, the login is in the profile. */
export interface PlainRound {
  /** Process spawned → `ready` heard. */
  readonly fromSpawn: number;
  /** `initialize()` called → `ready` heard. */
  readonly fromInitialize: number;
}

export interface WasupRound {
  /** `node supervisor` spawned → the worker says that the session is verified to listen. */
  readonly fromSpawn: number;
  /** The account is started (browser and worker are spawned) → the same. */
  readonly fromStart: number;
  /** The worker is assigned the account and the running browser → the same: its `restoreDuration`. */
  readonly fromAssign: number;
  /** When the supervisor had got how far, from the account's start on. */
  readonly steps: Readonly<Record<string, number>>;
  /** How long the worker spent in each phase after its assignment. */
  readonly phases: Readonly<Record<string, number>>;
}

export interface ColdRestore {
  readonly plain: readonly PlainRound[];
  readonly wasup: readonly WasupRound[];
}

export interface ColdRestoreOptions {
  readonly rounds: number;
  readonly executablePath: string;
  readonly build: 'current' | 'legacy';
  readonly report: (line: string) => void;
}

const accounts = { plain: '12025550101', wasup: '12025550102' };
/** Enough to have something to load, little enough to be about starting. */
const history = { chats: 20, messages: 200 };

/**
 * Both sides restore an account with the same past on the same emulated page, in the same browser, one after the other
 * and taking turns at being first. Each profile was linked once beforehand, and was closed cleanly every time.
 */
export async function measureColdRestore(options: ColdRestoreOptions): Promise<ColdRestore> {
  const folder = await mkdtemp(join(tmpdir(), 'wasup-bench-'));
  const sandbox = await startSandbox({ build: options.build });
  const stage: BenchStage = { folder, sandbox, executablePath: options.executablePath };
  const plain: PlainRound[] = [];
  const wasup: WasupRound[] = [];
  try {
    await mkdir(join(folder, 'working-directory'));
    await link(stage, accounts.plain, () => startPlain(stage), isReady);
    await link(stage, accounts.wasup, () => startWasup(stage), isLinked);
    for (let round = 0; round < options.rounds; round += 1) {
      const turns = [
        async () => plain.push(await restorePlain(stage)),
        async () => wasup.push(await restoreWasup(stage)),
      ];
      for (const turn of round % 2 === 0 ? turns : turns.reverse()) await turn();
      options.report(
        `round ${round + 1} of ${options.rounds}: plain ${describe(plain.at(-1)?.fromSpawn)}, wasup ${describe(wasup.at(-1)?.fromSpawn)}`,
      );
    }
  } finally {
    await sandbox.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
  return { plain, wasup };
}

interface BenchStage {
  readonly folder: string;
  readonly sandbox: Sandbox;
  readonly executablePath: string;
}

async function link(
  { sandbox }: BenchStage,
  account: string,
  start: () => MeasuredProcess,
  isUp: (record: SaidLine['record']) => boolean,
): Promise<void> {
  const phone = sandbox.phone(account);
  phone.seedHistory(history);
  await use(start(), async (running) => {
    await Promise.all([phone.scanQr(), running.line(isUp)]);
  });
}

function restorePlain(stage: BenchStage): Promise<PlainRound> {
  return use(startPlain(stage), async (running) => {
    const ready = await running.line(isReady);
    const initialize = await running.line(({ event }) => event === 'initialize');
    return { fromSpawn: ready.atMs, fromInitialize: ready.atMs - initialize.atMs };
  });
}

function restoreWasup(stage: BenchStage): Promise<WasupRound> {
  return use(startWasup(stage), async (running) => {
    const listening = await running.line(isRestored);
    const started = await running.line(({ event }) => event === 'start');
    const browserReady = await running.line(({ event }) => event === 'browser-ready');
    const workerReady = await running.line(({ event }) => event === 'worker-ready');
    const told = await running.line(({ phases }) => phases !== undefined);
    return {
      fromSpawn: listening.atMs,
      fromStart: listening.atMs - started.atMs,
      fromAssign: restoreDuration(listening.record),
      steps: {
        'account started (from spawn)': started.atMs,
        'browser answers': browserReady.atMs - started.atMs,
        'worker has loaded': workerReady.atMs - started.atMs,
        listening: listening.atMs - started.atMs,
      },
      phases: told.record['phases'] as Record<string, number>,
    };
  });
}

/** Ends what was started, whatever came of it: a plain library that is killed leaves its browser behind. */
async function use<Result>(
  running: MeasuredProcess,
  work: (running: MeasuredProcess) => Promise<Result>,
): Promise<Result> {
  try {
    return await work(running);
  } finally {
    await running.stop();
  }
}

function startWasup({ folder, sandbox, executablePath }: BenchStage): MeasuredProcess {
  const program = fileURLToPath(new URL('../supervisor/index.js', import.meta.url));
  return new MeasuredProcess([program], {
    environment: {
      ...withoutOurs(),
      WASUP_ACCOUNTS: accounts.wasup,
      WASUP_SESSIONS_DIR: join(folder, 'wasup'),
      WASUP_BROWSER_ARGS: JSON.stringify(sandbox.browserArguments),
      PUPPETEER_EXECUTABLE_PATH: executablePath,
      // The steps are told at this level; writing them costs a millisecond or two.
      WASUP_LOG_LEVEL: 'debug',
      WASUP_LOG_FORMAT: 'json',
    },
    workingDirectory: join(folder, 'working-directory'),
  });
}

function isReady({ event }: SaidLine['record']): boolean {
  return event === 'ready';
}

function isLinked({ msg }: SaidLine['record']): boolean {
  return msg === 'DEVICE LINKED - BOT READY TO SERVE!';
}

function isRestored({ msg }: SaidLine['record']): boolean {
  return msg === 'DEVICE REACTIVATED - BOT READY TO SERVE!';
}

function restoreDuration({ details }: SaidLine['record']): number {
  const [, milliseconds] = /Duration: (\d+) ms \(cold\)/.exec(JSON.stringify(details)) ?? [];
  if (milliseconds === undefined) throw new Error(`This was no cold restore: ${JSON.stringify(details)}`);
  return Number(milliseconds);
}

function describe(milliseconds: number | undefined): string {
  return `${Math.round(milliseconds ?? NaN)} ms`;
}
