import { readFile } from 'node:fs/promises';
import { setTimeout as pass } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ManyAccounts } from '../support/many-accounts.js';
import type { OneOfMany } from '../support/one-of-many.js';
import type { KillKind } from '../support/plan-kills.js';
import { seededRandom } from '../support/simulated-time.js';
import { accountNumber, fixture } from '../support/stage.js';
import { strike } from '../support/strike.js';
import { until } from '../support/until.js';

/** `MESSAGE_SOAK_SEED` repeats kinds and delays of a run that failed; `MESSAGE_SOAK_SECONDS` makes it longer or shorter. The other build differs in one module, and has a third of the time. */
const seed = Number(process.env['MESSAGE_SOAK_SEED'] ?? Date.now() % 1_000_000);
const longestSoakMs = Number(process.env['MESSAGE_SOAK_SECONDS'] ?? 120) * 1_000;
const messageIntervalMs = 50;
const contacts = Array.from({ length: 10 }, (_, index) => `1202555011${index}`);
const shareOfPings = 0.25;

type Misfortune = Extract<KillKind, `${string}-killed`> | 'socket-cut';
const misfortunes: readonly (readonly [Misfortune, number])[] = [
  ['worker-killed', 35],
  ['browser-killed', 20],
  ['renderer-killed', 20],
  ['socket-cut', 20],
  ['supervisor-killed', 8],
];
const longestRestMs = 3_000;
/** A message over which three workers have died is parked, by right: after two misfortunes what has come is handled before the next. */
const misfortunesAtOnce = 2;
const longestCutMs = 1_500;
const drainTimeoutMs = 240_000;

const environment = {
  WASUP_BOT: fixture('recording-bot.js'),
  // So many failures, and none may be the last.
  WASUP_STABLE_AFTER_MS: '0',
  WASUP_BACKOFF_BASE_MS: '10',
  WASUP_BACKOFF_CAP_MS: '100',
  WASUP_MAX_LOGINS_PER_HOUR: '10000',
  WASUP_BREAKER_FAILURES: '1000',
  WASUP_BREAKER_WINDOW_MS: '86400000',
  WASUP_PROBE_INTERVAL_MS: '1500',
  WASUP_PROBE_TIMEOUT_MS: '1500',
};

interface Asked {
  readonly id: string;
  readonly contact: string;
  readonly body: string;
}

interface Note {
  readonly id: string;
  readonly body: string;
  readonly attempt: number;
  readonly backfilled: boolean;
}

describe.runIf(process.platform === 'linux').each(['current', 'legacy'] as const)(
  'twenty messages a second in ten chats, on the %s build',
  (build) => {
    const soakMs = build === 'current' ? longestSoakMs : longestSoakMs / 3;
    let many: ManyAccounts | undefined;
    const asked: Asked[] = [];
    const tale: string[] = [];

    beforeAll(async () => {
      many = await ManyAccounts.openLinked([accountNumber], environment, { build });
    });
    afterAll(() => many?.stage.close());

    it(
      `are each handled, in order, and each answered once, whatever is killed or cut meanwhile; seed ${seed}`,
      async () => {
        try {
          const [account] = many?.accounts ?? [];
          if (many === undefined || account === undefined) throw new Error('The account was not linked.');
          await many.stage.account(accountNumber).waitUntilLoginIsOnDisk();
          await Promise.all([write(account), befall(many, account)]);
          await drained(many, account);
          await judge(many, account);
        } catch (error) {
          const message = error instanceof Error ? error.message : String(error);
          throw new Error(`With MESSAGE_SOAK_SEED=${seed}: ${message}\n${tale.slice(-30).join('\n')}`, {
            cause: error,
          });
        }
      },
      soakMs + 2 * drainTimeoutMs,
    );

    /** At its times, whatever else goes on: WhatsApp takes messages also while nobody is connected. */
    async function write({ phone }: OneOfMany): Promise<void> {
      const random = seededRandom(seed);
      const begin = performance.now();
      for (let number = 0; number * messageIntervalMs < soakMs; number += 1) {
        await pass(Math.max(0, begin + number * messageIntervalMs - performance.now()));
        const contact = contacts[number % contacts.length] ?? '';
        const body = `${random() < shareOfPings ? '!ping' : 'hello'} ${number}`;
        asked.push({ id: (await phone.receiveText({ from: contact, body })).id, contact, body });
      }
    }

    async function befall(many: ManyAccounts, account: OneOfMany): Promise<void> {
      const random = seededRandom(seed + 1);
      for (const begin = performance.now(); performance.now() - begin < soakMs;) {
        const { workerPid } = await account.untilListening();
        if (tale.length % misfortunesAtOnce === 0) await handled(many, account, asked.length);
        await pass(random() * longestRestMs);
        const kind = pick(random);
        const delayMs = Math.round(random() * longestCutMs);
        tale.push(`${new Date().toISOString()} ${kind}${kind === 'socket-cut' ? ` for ${delayMs} ms` : ''}`);
        if (kind === 'socket-cut') {
          many.stage.sandbox.network({ cut: true });
          await pass(delayMs);
          many.stage.sandbox.network({ cut: false });
        } else {
          // The page that is hit is the one of this worker, which can't go on without it.
          if (kind === 'renderer-killed') account.spend(workerPid);
          await strike(many, account, { kind, delayMs: 0 });
        }
      }
    }

    /** Resolves when the bot has had the first so many. */
    async function handled(many: ManyAccounts, account: OneOfMany, count: number): Promise<void> {
      let missing = new Set<string>();
      await until(
        async () => {
          const answered = new Set(account.phone.sent.map(({ quotedMessageId }) => quotedMessageId));
          const before = asked.slice(0, count);
          const unanswered = before.filter(({ id, body }) => body.startsWith('!ping') && !answered.has(id));
          missing = new Set(unanswered.map(({ body }) => body));
          if (missing.size > 0) return undefined;
          const begun = new Set((await readNotes(many)).map(({ body }) => body));
          missing = new Set(before.flatMap(({ body }) => (begun.has(body) ? [] : [body])));
          return missing.size === 0 || undefined;
        },
        {
          timeoutMs: drainTimeoutMs,
          expectation: () =>
            `the bot to have ${[...missing].slice(0, 5).join()} (of ${missing.size}).${many.supervisor.describe()}`,
        },
      );
    }

    /** What is asked last in each chat comes after all the rest of it. */
    async function drained(many: ManyAccounts, account: OneOfMany): Promise<void> {
      await account.untilListening();
      for (const contact of contacts) {
        const body = `!ping ${asked.length}`;
        asked.push({ id: (await account.phone.receiveText({ from: contact, body })).id, contact, body });
      }
      const waiting = (): Asked[] =>
        asked.slice(-contacts.length).filter(({ id }) => answersTo(account, id).length === 0);
      await until(() => waiting().length === 0 || undefined, {
        timeoutMs: drainTimeoutMs,
        expectation: () => `an answer to ${JSON.stringify(waiting())}.${many.supervisor.describe()}`,
      });
    }

    async function judge(many: ManyAccounts, account: OneOfMany): Promise<void> {
      const notes = await readNotes(many);
      const handled = new Set(notes.map(({ body }) => body));
      const repeated = notes.length - handled.size;
      const backfilled = notes.filter(({ backfilled }) => backfilled).length;
      console.log(
        `MESSAGE_SOAK_SEED=${seed}: ${asked.length} messages, ${tale.length} misfortunes, ` +
          `${backfilled} fetched, ${repeated} begun again`,
      );
      expect(asked.filter(({ body }) => !handled.has(body))).toEqual([]);
      const pings = asked.filter(({ body }) => body.startsWith('!ping'));
      const wrong = pings
        .map(({ id, body }) => ({ body, answers: answersTo(account, id) }))
        .filter(({ body, answers }) => answers.join() !== body.replace('!ping', 'pong'));
      expect(wrong).toEqual([]);
      const numbers = new Map(asked.map(({ body, contact }) => [body, contact]));
      for (const contact of contacts) {
        const inOrder = notes.filter(({ body }) => numbers.get(body) === contact).map(({ body }) => numberOf(body));
        expect(inOrder, `the order in the chat with ${contact}`).toEqual(inOrder.toSorted((a, b) => a - b));
      }
      // Handled again only by a worker that knows that it is: whoever died was in the middle of it.
      const first = notes.filter(({ attempt }) => attempt === 1).map(({ body }) => body);
      expect(first.filter((body, index) => first.indexOf(body) !== index)).toEqual([]);
    }

    async function readNotes({ stage }: ManyAccounts): Promise<Note[]> {
      const text = await readFile(stage.recording, 'utf8').catch(() => '');
      if (text === '') return [];
      return text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Note);
    }
  },
);

function answersTo({ phone }: OneOfMany, id: string): string[] {
  return phone.sent.filter(({ quotedMessageId }) => quotedMessageId === id).map(({ body }) => body);
}

function numberOf(body: string): number {
  return Number(body.split(' ')[1]);
}

function pick(random: () => number): Misfortune {
  let point = random() * misfortunes.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [kind, weight] of misfortunes) if ((point -= weight) < 0) return kind;
  return 'worker-killed';
}
