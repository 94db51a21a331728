import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type Phone, type Sandbox, startSandbox } from '../sandbox/index.js';
import { HandledMessages } from './handled-messages.js';
import { accountNumber, notingBot, startSupervisor, untilListening } from './linked-account.js';
import type { MeasuredProcess } from './measured-process.js';
import { longText } from './message-latency.js';

/** A cold start with nothing missed, and one after which the bot gets what it has missed. */
export interface CatchUpRound {
  readonly none: Start;
  readonly missed: Start & {
    /** Milliseconds from listening to the beginning of the last message's handler. */
    readonly untilLastMs: number;
    /** Messages that didn't come exactly once. */
    readonly wronglyHandled: number;
  };
}

export interface Start {
  /** Milliseconds from the worker's assignment to the running browser until it listens. */
  readonly listeningMs: number;
  /** The part of that in which what was missed was read from the page and journaled. */
  readonly readingMs: number;
}

export interface CatchUpOptions {
  readonly missed: number;
  readonly rounds: number;
  readonly executablePath: string;
  readonly report: (line: string) => void;
}

export const history = { chats: 500, messages: 10_000 };
export const missedChats = 50;
const handledTimeoutMs = 60_000;

/** Each round has an account of its own, so that none has more stored than the one before. */
export async function measureCatchUp(options: CatchUpOptions): Promise<CatchUpRound[]> {
  const measured: CatchUpRound[] = [];
  for (let round = 1; round <= options.rounds; round += 1) {
    const result = await measureRound(options);
    measured.push(result);
    const { none, missed } = result;
    options.report(
      `round ${round} of ${options.rounds}: listening after ${none.listeningMs} ms, with ${options.missed} missed after ` +
        `${missed.listeningMs} ms; the last one handled ${Math.round(missed.untilLastMs)} ms later`,
    );
  }
  return measured;
}

interface Stage {
  readonly folder: string;
  readonly sandbox: Sandbox;
  readonly executablePath: string;
  readonly handled: HandledMessages;
}

async function measureRound({ missed, executablePath }: CatchUpOptions): Promise<CatchUpRound> {
  const folder = await mkdtemp(join(tmpdir(), 'wasup-bench-'));
  const sandbox = await startSandbox({ autoLink: { number: accountNumber } });
  const handled = await HandledMessages.open(folder);
  try {
    await mkdir(join(folder, 'working-directory'));
    const stage = { folder, sandbox, executablePath, handled };
    const phone = sandbox.phone(accountNumber);
    phone.seedHistory(history);
    await useSupervisor(stage, (supervisor) => untilListening(folder, supervisor));
    // The browser keeps compiled code from the second load of a page on.
    await useSupervisor(stage, untilStarted);
    const none = await useSupervisor(stage, async (supervisor) => (await untilStarted(supervisor)).start);
    const bodies = await sendAll(phone, missed);
    return { none, missed: await useSupervisor(stage, (supervisor) => untilAllHandled(stage, supervisor, bodies)) };
  } finally {
    await handled.close();
    await sandbox.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

/** To people whose chats have a past. */
async function sendAll(phone: Phone, count: number): Promise<string[]> {
  const bodies = Array.from({ length: count }, (_, index) => `missed ${index}${longText}`);
  for (const [index, body] of bodies.entries()) {
    await phone.receiveText({ from: `1555${String(index % missedChats).padStart(7, '0')}`, body });
  }
  return bodies;
}

async function untilAllHandled(
  { handled }: Stage,
  supervisor: MeasuredProcess,
  bodies: readonly string[],
): Promise<CatchUpRound['missed']> {
  const { start, atMs } = await untilStarted(supervisor);
  await handled.count(bodies.length, handledTimeoutMs);
  const lastAtMs = Math.max(...handled.all.map(({ heardAt }) => heardAt));
  const times = new Map<string, number>();
  for (const { body } of handled.all) times.set(body, (times.get(body) ?? 0) + 1);
  return {
    ...start,
    untilLastMs: lastAtMs - supervisor.spawnedAt - atMs,
    wronglyHandled: bodies.filter((body) => times.get(body) !== 1).length,
  };
}

/** With when it listened, since the supervisor's spawn. */
async function untilStarted(supervisor: MeasuredProcess): Promise<{ readonly start: Start; readonly atMs: number }> {
  const { record, atMs } = await supervisor.line(({ phases }) => phases !== undefined);
  const phases = record['phases'] as Record<string, number>;
  const { caughtUp: readingMs = NaN } = phases;
  const listeningMs = Object.values(phases).reduce((sum, ms) => sum + ms, 0);
  return { start: { listeningMs, readingMs }, atMs };
}

async function useSupervisor<Result>(
  stage: Stage,
  work: (supervisor: MeasuredProcess) => Promise<Result>,
): Promise<Result> {
  const environment = {
    ...stage.handled.environment,
    WASUP_BOT: notingBot(),
    // The phases are told at this level.
    WASUP_LOG_LEVEL: 'debug',
  };
  const supervisor = startSupervisor(stage, { executablePath: stage.executablePath, environment });
  try {
    return await work(supervisor);
  } finally {
    await supervisor.stop();
  }
}
