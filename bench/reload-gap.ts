import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import {
  accountNumber,
  answerTimeoutMs,
  ask,
  countWrongAnswers,
  type LinkedAccount,
  type Question,
  request,
  useLinkedAccount,
} from './linked-account.js';
import { median } from './statistics.js';

export type ReloadKind = 'restart' | 'save';

/** What replacing the worker has cost those who wrote meanwhile. */
export interface ReloadGap {
  readonly kind: ReloadKind;
  /** For each reload: the longest wait for an answer, less the usual one, in ms. */
  readonly gapsMs: readonly number[];
  /** For each reload: from the request, or the save, until the new worker listens. */
  readonly untilNewMs: readonly number[];
  readonly usualMs: number;
  readonly messages: number;
  readonly wronglyAnswered: number;
}

export interface ReloadGapOptions {
  readonly kind: ReloadKind;
  readonly reloads: number;
  readonly executablePath: string;
  readonly report: (line: string) => void;
}

/** Slow enough for two cores that load a worker beside: with the plain library, too, an answer takes tens of milliseconds of them. */
const askIntervalMs = 100;
/** Numbers kept free for fiction, so many of them in turn; the account's own is none of them. */
const contacts = 60;
const restMs = 1_500;
const lateAnswerMs = 1_000;

/** Somebody writes every 100 ms while the worker is replaced, again and again: on request, or because its bot was saved in development. */
export async function measureReloadGap({
  kind,
  reloads,
  executablePath,
  report,
}: ReloadGapOptions): Promise<ReloadGap> {
  const botFolder = await mkdtemp(join(tmpdir(), 'wasup-bench-bot-'));
  const botModule = join(botFolder, 'bot.mjs');
  try {
    await saveBot(botModule, 0);
    // As `npm run dev`, from the sources, which need the loader that is found from here.
    const workingDirectory = fileURLToPath(new URL('..', import.meta.url));
    const development = [
      '--import',
      import.meta.resolve('tsx'),
      fileURLToPath(new URL('../supervisor/main.ts', import.meta.url)),
      'dev',
    ];
    return await useLinkedAccount(
      {
        executablePath,
        environment: { WASUP_BOT: botModule, WASUP_MAX_LOGINS_PER_HOUR: '10000' },
        ...(kind === 'save' && { words: development, workingDirectory }),
      },
      async (account) => {
        const replace = (count: number): Promise<void> =>
          kind === 'save' ? saveBot(botModule, count) : request(account, `/api/accounts/${accountNumber}/restart`);
        return { kind, ...(await replaceAgainAndAgain(account, reloads, replace, report)) };
      },
    );
  } finally {
    await rm(botFolder, { recursive: true });
  }
}

async function replaceAgainAndAgain(
  account: LinkedAccount,
  reloads: number,
  replace: (count: number) => Promise<void>,
  report: (line: string) => void,
): Promise<Omit<ReloadGap, 'kind'>> {
  const { phone } = account;
  const all: Question[] = [];
  const gapsMs: number[] = [];
  const untilNewMs: number[] = [];
  let { workerPid } = await account.listening();
  await sleep(restMs);
  const usual = await askWhile(account, sleep(restMs));
  const usualMs = median(await answers(usual));
  all.push(...usual);
  for (let count = 1; count <= reloads; count += 1) {
    const questions = await askWhile(account, replaced(count));
    const longestMs = Math.max(...(await answers(questions)));
    all.push(...questions);
    gapsMs.push(longestMs - usualMs);
    report(
      `reload ${count} of ${reloads}: the longest wait was ${Math.round(longestMs)} ms (usual: ${Math.round(usualMs)})`,
    );
    await sleep(restMs);
  }
  await sleep(lateAnswerMs);
  return { gapsMs, untilNewMs, usualMs, messages: all.length, wronglyAnswered: countWrongAnswers(phone, all) };

  async function replaced(count: number): Promise<void> {
    await sleep(5 * askIntervalMs);
    const begin = performance.now();
    await replace(count);
    ({ workerPid } = await account.listening(workerPid));
    untilNewMs.push(performance.now() - begin);
    await sleep(5 * askIntervalMs);
  }
}

async function askWhile({ phone }: LinkedAccount, work: Promise<void>): Promise<Question[]> {
  const questions: Question[] = [];
  const progress = { isDone: false };
  const done = work.finally(() => (progress.isDone = true));
  while (!progress.isDone) {
    questions.push(await ask(phone, `120255501${40 + (questions.length % contacts)}`));
    await sleep(askIntervalMs);
  }
  await done;
  return questions;
}

async function answers(questions: readonly Question[]): Promise<number[]> {
  const all = await Promise.all(questions.map(({ answered }) => answered));
  // What was never answered waited for at least so long.
  return all.map((milliseconds) => milliseconds ?? answerTimeoutMs);
}

function saveBot(path: string, version: number): Promise<void> {
  const text = `// Version ${version}
export default {
  async onMessage(message, context) {
    if (message.body === '!ping') await context.reply('pong');
  },
};
`;
  return writeFile(path, text);
}
