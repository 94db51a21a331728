import { setTimeout as sleep } from 'node:timers/promises';

import type { Phone } from '../sandbox/index.js';
import {
  ask,
  countWrongAnswers,
  type LinkedAccount,
  type Question,
  readTreeBytes,
  useLinkedAccount,
} from './linked-account.js';

/** What so many deaths of the worker have cost. */
export interface WorkerKills {
  readonly standby: boolean;
  /** Milliseconds from the kill to the first answer to a message that was sent after it. */
  readonly answeredMs: readonly number[];
  /** The same without a kill. */
  readonly usualMs: readonly number[];
  readonly messages: number;
  /** Those that were not answered exactly once. */
  readonly wronglyAnswered: number;
  /** In the page: before the first kill, and after the last. */
  readonly listeners: readonly [before: number, after: number];
  readonly browserBytes: readonly [before: number, after: number];
}

export interface WorkerKillsOptions {
  readonly standby: boolean;
  readonly kills: number;
  readonly executablePath: string;
  readonly report: (line: string) => void;
}

/** So many failures are forgiven: none of them may be one too many. */
const patience = {
  WASUP_STABLE_AFTER_MS: '0',
  WASUP_HEARTBEAT_INTERVAL_MS: '500',
  WASUP_MAX_LOGINS_PER_HOUR: '10000',
  WASUP_BREAKER_FAILURES: '1000',
  WASUP_BREAKER_WINDOW_MS: '86400000',
};
/** A new standby has to load, and a heartbeat to come: who kills faster measures two deaths at once. */
const restMs = 1_500;
/** An answer too many comes soon, or never. */
const lateAnswerMs = 1_000;
/** One that is answered in time is alone. */
const askIntervalMs = 100;
/** The first answers of a session are slower than all others. */
const usualQuestions = 20;

/** Kills the worker with SIGKILL again and again; each time somebody writes in the same moment. */
export async function measureWorkerKills(options: WorkerKillsOptions): Promise<WorkerKills> {
  const { standby, kills, executablePath, report } = options;
  const environment = { ...patience, WASUP_STANDBY: standby ? '1' : '0' };
  return useLinkedAccount({ executablePath, environment }, async (account) => {
    const { phone } = account;
    let { workerPid, browserPid } = await account.listening();
    const { questions, usualMs } = await askInPeace(account);
    await sleep(restMs);
    const listenersBefore = await phone.countListeners();
    const bytesBefore = await readTreeBytes(browserPid);
    const answeredMs: number[] = [];
    for (let kill = 1; kill <= kills; kill += 1) {
      process.kill(workerPid, 'SIGKILL');
      answeredMs.push(await askUntilAnswered(phone, questions));
      ({ workerPid, browserPid } = await account.listening(workerPid));
      if (kill % 10 === 0)
        report(`kill ${kill} of ${kills}: answered after ${Math.round(answeredMs.at(-1) ?? NaN)} ms`);
      await sleep(restMs);
    }
    const listenersAfter = await phone.countListeners();
    const bytesAfter = await readTreeBytes(browserPid);
    await sleep(lateAnswerMs);
    return {
      standby,
      answeredMs,
      usualMs,
      messages: questions.length,
      wronglyAnswered: countWrongAnswers(phone, questions),
      listeners: [listenersBefore, listenersAfter],
      browserBytes: [bytesBefore, bytesAfter],
    };
  });
}

/** Somebody who writes again and again. Resolves with the time until the first answer, to whichever message. */
async function askUntilAnswered(phone: Phone, questions: Question[]): Promise<number> {
  const begin = performance.now();
  const { length } = phone.sent;
  const answered = phone.waitForSent((message) => phone.sent.indexOf(message) >= length);
  const progress = { isAnswered: false };
  const first = answered.then(() => {
    progress.isAnswered = true;
    return performance.now() - begin;
  });
  while (!progress.isAnswered) {
    questions.push(await ask(phone));
    await Promise.race([first, sleep(askIntervalMs)]);
  }
  return first;
}

async function askInPeace({ phone }: LinkedAccount): Promise<{ questions: Question[]; usualMs: number[] }> {
  const questions: Question[] = [];
  const usualMs: number[] = [];
  for (let count = 0; count < usualQuestions; count += 1) {
    const question = await ask(phone);
    questions.push(question);
    usualMs.push((await question.answered) ?? NaN);
  }
  return { questions, usualMs };
}
