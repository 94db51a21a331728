import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pass } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ManyAccounts } from '../support/many-accounts.js';
import { backAgainTimeoutMs, type OneOfMany } from '../support/one-of-many.js';
import type { KillKind } from '../support/plan-kills.js';
import { residentMb } from '../support/process-table.js';
import { seededRandom } from '../support/simulated-time.js';
import { canMount, SmallDisk } from '../support/small-disk.js';
import { ClaimWatch, isReady } from '../support/soak/claim-watch.js';
import { judgeDelivery } from '../support/soak/judge-delivery.js';
import {
  type FalseClaim,
  judgeListening,
  type ListeningRule,
  longestClaimMs,
  type Probe,
  type Sample,
} from '../support/soak/judge-listening.js';
import { Ledger } from '../support/soak/ledger.js';
import { PageErrors } from '../support/soak/page-errors.js';
import { SoakLog } from '../support/soak/soak-log.js';
import { accountNumber, fixture, type ListeningStatus } from '../support/stage.js';
import { strike } from '../support/strike.js';
import { until } from '../support/until.js';

/** `WASUP_SOAK_SEED` repeats the misfortunes and their delays of a run that failed. */
const seed = numberFrom('WASUP_SOAK_SEED', Date.now() % 1_000_000);
const soakMs = numberFrom('WASUP_SOAK_SECONDS', 600) * 1_000;
const chatCount = numberFrom('WASUP_SOAK_CHATS', 300);
const messagesPerSecond = numberFrom('WASUP_SOAK_RATE', 20);
const builds = wordsFrom('WASUP_SOAK_BUILDS', ['current', 'legacy'] as const);

/** How often each comes, in relation to the others. */
const misfortunes = {
  'worker-killed': 4,
  'browser-killed': 2,
  'renderer-killed': 2,
  'socket-cut': 2,
  'supervisor-killed': 1,
  restarted: 2,
  'handed-over': 1,
  'worker-stopped': 1,
  'browser-stopped': 1,
  'log-stuck': 2,
  'disk-full': 2,
} as const satisfies Partial<
  Record<KillKind | 'socket-cut' | 'restarted' | 'handed-over' | 'log-stuck' | 'disk-full', number>
>;
type Misfortune = keyof typeof misfortunes;
const kinds = wordsFrom('WASUP_SOAK_KINDS', Object.keys(misfortunes) as Misfortune[]).filter(
  (kind) => kind !== 'disk-full' || canMount,
);

/** Chats and messages from before the link: nobody is to be answered there. */
const old = { chats: chatCount, messages: chatCount * 20 };
/** As {@link old} names its people: they write in the chats that are there. */
const chats = Array.from({ length: chatCount }, (_, index) => `1555${String(index).padStart(7, '0')}`);
/** They take turns, so that a probe has nothing of its own chat before it, whose order is kept, and waits for other chats alone. */
const probingContacts = Array.from({ length: 120 }, (_, index) => `1202556${String(index).padStart(4, '0')}`);
const shareOfPings = 0.25;
const longestRestMs = 4_000;
const longestCutMs = 1_500;
/** How long a disk is full, or a log is stuck. */
const shortestSiegeMs = 3_000;
const longestSiegeMs = 12_000;
const shareOfKillsInSiege = 0.4;
/** A message over which three workers have died is parked, by right: after two misfortunes what has come is handled before the next. */
const misfortunesAtOnce = 2;
const drainTimeoutMs = 240_000;
/** Room for a profile, and little enough to be filled within a moment. */
const diskMb = 600;

const probeIntervalMs = 1_000;
/** An answer is noticed so long after it was given, at most. */
const answerLookMs = 100;
const looks = { probeIntervalMs: 2_000, probeTimeoutMs: 2_000, heartbeatIntervalMs: 1_000, heartbeatTimeoutMs: 5_000 };
/**
 * How long a fault may go unnoticed, by the configuration: a page that doesn't answer two looks in a row, the first of them begun after an
 * interval, or a worker that has missed its heartbeat. The table "What is watched" in docs/supervision.md promises the same.
 */
const detectionMs = Math.max(
  looks.probeIntervalMs + 2 * looks.probeTimeoutMs,
  looks.heartbeatIntervalMs + looks.heartbeatTimeoutMs,
);
/** Within this time a probe must be answered while the account listens, with a message waiting in each of the other chats. */
const answerMs = numberFrom('WASUP_SOAK_ANSWER_MS', 5_000);
/** A step of a sampler lasts for its pause and for `/readyz`'s deadline; what is longer is a stall of this process. */
const rule: ListeningRule = { withinMs: detectionMs + answerMs, longestStepMs: 1_500 };

/** What repeats a run: put before `npx vitest run --config vitest.soak.config.ts`. */
function repeatWith(build: string): string {
  const settings = {
    SEED: seed,
    BUILDS: build,
    SECONDS: soakMs / 1_000,
    CHATS: chatCount,
    RATE: messagesPerSecond,
    KINDS: kinds.join(','),
    ANSWER_MS: answerMs,
  };
  return Object.entries(settings)
    .map(([name, value]) => `WASUP_SOAK_${name}=${value}`)
    .join(' ');
}

const environment = {
  WASUP_BOT: fixture('talkative-bot.js'),
  WASUP_PROBE_INTERVAL_MS: String(looks.probeIntervalMs),
  WASUP_PROBE_TIMEOUT_MS: String(looks.probeTimeoutMs),
  WASUP_HEARTBEAT_INTERVAL_MS: String(looks.heartbeatIntervalMs),
  WASUP_HEARTBEAT_TIMEOUT_MS: String(looks.heartbeatTimeoutMs),
  // So many failures, and none may be the last.
  WASUP_HANDLER_WAIT_MS: String(answerMs),
  WASUP_STABLE_AFTER_MS: '0',
  WASUP_BACKOFF_BASE_MS: '10',
  WASUP_BACKOFF_CAP_MS: '100',
  WASUP_MAX_LOGINS_PER_HOUR: '10000',
  WASUP_BREAKER_FAILURES: '1000',
  WASUP_BREAKER_WINDOW_MS: '86400000',
};

describe.runIf(process.platform === 'linux').each(builds)(
  `${messagesPerSecond} messages a second in ${chatCount} chats, on the %s build`,
  (build) => {
    let many: ManyAccounts | undefined;
    let disk: SmallDisk | undefined;
    let ledger: Ledger;
    let log: SoakLog;
    let pageErrors: PageErrors | undefined;
    let happenings = 0;
    const probes: { readonly id: string; readonly sentAtMs: number }[] = [];
    const tale: string[] = [];
    let isOver = false;

    beforeAll(async () => {
      many = await ManyAccounts.openLinked([accountNumber], environment, { build }, (stage) => {
        stage.phone.seedHistory(old);
        if (canMount) disk = new SmallDisk(stage.sessionsFolder, diskMb);
      });
      const { phone } = theAccount(many);
      ledger = new Ledger(many.stage.recording, () => phone.sent);
      const { sandbox } = many.stage;
      pageErrors = new PageErrors(() => sandbox.pageErrors.length);
      log = new SoakLog(join(tmpdir(), `wasup-soak-${build}-${seed}.log`), () => many?.supervisors ?? []);
      log.tell(repeatWith(build));
    });
    afterAll(async () => {
      isOver = true;
      many?.supervisor.readOutput();
      disk?.relent();
      await many?.stage.stopAll();
      disk?.unmount();
      await many?.stage.close({ pageErrors: (all) => pageErrors?.unexpected(all) ?? all });
    });

    it(
      `are each handled, in order, and answered once, and nothing says that it listens that doesn't; seed ${seed}`,
      async () => {
        try {
          if (many === undefined) throw new Error('The account was not linked.');
          const account = theAccount(many);
          await many.stage.account(accountNumber).waitUntilLoginIsOnDisk();
          const watch = new ClaimWatch(account.paths.deviceStatus, many.stage.sessionsFolder);
          const reading = setInterval(() => ledger.readOn(), answerLookMs);
          try {
            await Promise.all([write(account), probe(account), befall(many, account)]);
            await drained(many, account);
          } finally {
            clearInterval(reading);
            await watch.stop();
            report(many, account, watch);
          }
          judge(account, watch);
          if (process.env['WASUP_SOAK_KEEP_LOG'] === undefined) log.remove();
        } catch (error) {
          const message = error instanceof Error ? error.message : String(error);
          log.tell(message);
          const story = tale.slice(-40).join('\n');
          throw new Error(`With ${repeatWith(build)} (${log.path}): ${message}\n${story}`, { cause: error });
        }
      },
      soakMs + 3 * drainTimeoutMs,
    );

    function tell(line: string): void {
      tale.push(line);
      log.tell(line);
    }

    async function send({ phone }: OneOfMany, from: string, word: string): Promise<string> {
      const body = `${word} ${ledger.asked.length}`;
      const { id } = await phone.receiveText({ from, body });
      ledger.ask({ id, chat: from, body });
      return id;
    }

    /** At its times, whatever else goes on: WhatsApp takes messages also while nobody is connected. */
    async function write(account: OneOfMany): Promise<void> {
      const random = seededRandom(seed);
      const begin = performance.now();
      const intervalMs = 1_000 / messagesPerSecond;
      for (let number = 0; number * intervalMs < soakMs; number += 1) {
        await pass(Math.max(0, begin + number * intervalMs - performance.now()));
        await send(account, chats[number % chats.length] ?? '', random() < shareOfPings ? '!ping' : 'hello');
      }
    }

    /** Goes on until the last message is answered. */
    async function probe(account: OneOfMany): Promise<void> {
      for (const begin = performance.now(); performance.now() - begin < soakMs && !isOver;) {
        const sentAtMs = performance.now();
        const contact = probingContacts[probes.length % probingContacts.length] ?? '';
        probes.push({ id: await send(account, contact, '!ping'), sentAtMs });
        log.readOn();
        await pass(probeIntervalMs);
      }
    }

    /** One message in each chat: missed, when nobody listens. */
    async function writeEverywhere(account: OneOfMany): Promise<void> {
      for (const [index, chat] of chats.entries()) await send(account, chat, index % 4 === 0 ? '!ping' : 'missed');
    }

    async function befall(many: ManyAccounts, account: OneOfMany): Promise<void> {
      const random = seededRandom(seed + 1);
      let deck: Misfortune[] = [];
      for (const begin = performance.now(); performance.now() - begin < soakMs;) {
        const { workerPid } = await untilListening(many, account);
        if (happenings % misfortunesAtOnce === 0) await handled(many, ledger.asked.length);
        await pass(random() * longestRestMs);
        if (deck.length === 0) deck = shuffledDeck(random);
        const kind = deck.pop() ?? 'worker-killed';
        happenings += 1;
        tell(`${new Date().toISOString()} ${kind}`);
        await happen(many, account, { kind, workerPid, random });
      }
    }

    /** By its status file and by `/readyz`: on a full disk the file alone may be of an earlier time. */
    async function untilListening(many: ManyAccounts, account: OneOfMany): Promise<ListeningStatus> {
      const socketPath = join(many.stage.sessionsFolder, '.wasup.sock');
      await until(async () => (await isReady(socketPath)) || undefined, {
        timeoutMs: backAgainTimeoutMs,
        expectation: () => `/readyz to say that ${account.number} listens.${many.supervisor.describe()}`,
      });
      const status = await account.untilListening();
      pageErrors?.expectUntil();
      return status;
    }

    async function happen(
      many: ManyAccounts,
      account: OneOfMany,
      {
        kind,
        workerPid,
        random,
      }: { readonly kind: Misfortune; readonly workerPid: number; readonly random: () => number },
    ): Promise<void> {
      switch (kind) {
        case 'supervisor-killed':
          return many.replaceSupervisor(() => writeEverywhere(account));
        case 'restarted':
          return many.restartSupervisor(() => writeEverywhere(account));
        case 'handed-over':
          account.spend(workerPid);
          await askToRestart(many, account);
          return writeEverywhere(account);
        case 'socket-cut':
          many.stage.sandbox.network({ cut: true });
          await writeEverywhere(account);
          await pass(random() * longestCutMs);
          many.stage.sandbox.network({ cut: false });
          return;
        case 'log-stuck': {
          many.supervisor.holdOutput();
          await send(account, chats[0] ?? '', '!say');
          await endure(many, account, random);
          many.supervisor.readOutput();
          return;
        }
        case 'disk-full':
          pageErrors?.expectFrom();
          await disk?.fillBeside();
          await endure(many, account, random);
          disk?.relent();
          return;
        default:
          // The page that is hit is the one of this worker, which can't go on without it.
          if (kind === 'renderer-killed') account.spend(workerPid);
          await strike(many, account, { kind, delayMs: 0 });
          return writeEverywhere(account);
      }
    }

    /** A state of the machine that lasts for a while, in which perhaps a worker dies. */
    async function endure(many: ManyAccounts, account: OneOfMany, random: () => number): Promise<void> {
      const forMs = shortestSiegeMs + random() * (longestSiegeMs - shortestSiegeMs);
      const killAfterMs = random() * forMs;
      const isKilled = random() < shareOfKillsInSiege;
      tell(`  for ${Math.round(forMs)} ms${isKilled ? `; a worker dies after ${Math.round(killAfterMs)} ms` : ''}`);
      if (isKilled) await strike(many, account, { kind: 'worker-killed', delayMs: killAfterMs });
      await writeEverywhere(account);
      await pass(isKilled ? forMs - killAfterMs : forMs);
    }

    /** Resolves when the bot has had, and has answered, the first so many. */
    async function handled(many: ManyAccounts, count: number): Promise<void> {
      let open = ledger.open(count);
      await until(
        () => {
          open = ledger.open(count);
          return open.length === 0 || undefined;
        },
        {
          timeoutMs: drainTimeoutMs,
          expectation: () =>
            `the bot to have ${open
              .slice(0, 5)
              .map(({ body }) => body)
              .join()} (of ${open.length}).` + many.supervisor.describe(),
        },
      );
    }

    /** What is asked last in each chat comes after all the rest of it. */
    async function drained(many: ManyAccounts, account: OneOfMany): Promise<void> {
      await untilListening(many, account);
      for (const chat of chats) await send(account, chat, '!ping');
      await handled(many, ledger.asked.length);
    }

    function judge(account: OneOfMany, watch: ClaimWatch): void {
      const { lost, wronglyAnswered, outOfOrder } = judgeDelivery(ledger.asked, ledger.notes, account.phone.sent);
      expect({ lost: lost.slice(0, 20), count: lost.length }).toEqual({ lost: [], count: 0 });
      expect(wronglyAnswered.slice(0, 20)).toEqual([]);
      expect(outOfOrder.slice(0, 20)).toEqual([]);
      expect(falseClaims(watch)).toEqual({ statusFile: [], readiness: [] });
      const old = account.phone.sent.filter(({ quotedMessageId }) => quotedMessageId?.includes('SEED'));
      expect(old, 'answers to what was there before the link').toEqual([]);
    }

    /** The first of each source. */
    function falseClaims({ statusFile, readiness }: ClaimWatch): { statusFile: string[]; readiness: string[] } {
      const [inFile, inReadiness] = [statusFile, readiness].map((samples) =>
        judgeListening(describedProbes(), samples, rule)
          .slice(0, 5)
          .map((claim) => `${describeClaim(claim)}; ${notedIn(claim)} messages were handled meanwhile`),
      );
      return { statusFile: inFile ?? [], readiness: inReadiness ?? [] };
    }

    /** Tells an account that works off a backlog slowly from one that is deaf. */
    function notedIn({ fromMs, untilMs }: FalseClaim): number {
      return ledger.notedAtMs.filter((atMs) => atMs >= fromMs && atMs <= untilMs).length;
    }

    function describedProbes(): Probe[] {
      return probes.map(({ id, sentAtMs }) => ({ sentAtMs, answeredAtMs: ledger.answeredAtMs.get(id) }));
    }

    function longest(samples: readonly Sample[]): number {
      return Math.round(longestClaimMs(describedProbes(), samples, rule));
    }

    function report(many: ManyAccounts, account: OneOfMany, watch: ClaimWatch): void {
      ledger.readOn();
      const { asked, notes } = ledger;
      const waits = describedProbes()
        .map(({ sentAtMs, answeredAtMs }) => (answeredAtMs ?? Infinity) - sentAtMs)
        .toSorted((one, other) => one - other);
      const share = (part: number): number => Math.round(waits[Math.floor(part * (waits.length - 1))] ?? 0);
      const bodies = new Set(notes.map(({ body }) => body));
      const happened = tale.filter((line) => !line.startsWith(' '));
      const count = (kind: string): number => happened.filter((line) => line.endsWith(kind)).length;
      const active = watch.statusFile.filter(({ saysListening }) => saysListening).length / watch.statusFile.length;
      console.log(
        [
          `${repeatWith(build)}\n  ${asked.length} messages in ${chatCount} chats, ${account.phone.sent.length} answers`,
          `${happened.length} misfortunes: ${kinds.map((kind) => `${kind} ${count(kind)}`).join(', ')}`,
          `${notes.filter(({ backfilled }) => backfilled).length} fetched, ${notes.length - bodies.size} begun again, ` +
            `${asked.filter(({ body }) => !bodies.has(body)).length} not handled`,
          `${probes.length} probes, answered within ${share(0.5)} ms (median), ${share(0.95)} ms (95 %), ${share(1)} ms (all); ` +
            `active ${Math.round(active * 100)} % of the time`,
          `false claims (more than ${rule.withinMs} ms): ${JSON.stringify(falseClaims(watch))}; longest claims beside a waiting probe: ` +
            `status file ${longest(watch.statusFile)} ms, /readyz ${longest(watch.readiness)} ms`,
          `page errors beside full disks: ${pageErrors?.unexpected(many.stage.sandbox.pageErrors).length}`,
          `supervisor ${residentMb(many.supervisor.pid)} MB, this process with the sandbox ${residentMb(process.pid)} MB`,
        ].join('\n  '),
      );
    }
  },
);

function describeClaim({ probe, fromMs, untilMs }: FalseClaim): string {
  const { sentAtMs, answeredAtMs } = probe;
  const answered = answeredAtMs === undefined ? 'never' : `at ${timeOf(answeredAtMs)}`;
  return `sent at ${timeOf(sentAtMs)}, answered ${answered}; said to be listening at least from ${timeOf(fromMs)} to ${timeOf(untilMs)}`;
}

function timeOf(ms: number): string {
  return new Date(performance.timeOrigin + ms).toISOString();
}

function theAccount({ accounts }: ManyAccounts): OneOfMany {
  const [account] = accounts;
  if (account === undefined) throw new Error('There is no account.');
  return account;
}

/** Asks the supervisor for a hand-over, as `wasup restart` does. */
function askToRestart({ stage }: ManyAccounts, { number }: OneOfMany): Promise<void> {
  return new Promise((resolve, reject) => {
    const asked = request({
      socketPath: join(stage.sessionsFolder, '.wasup.sock'),
      path: `/api/accounts/${number}/restart`,
      method: 'POST',
    });
    asked.on('response', (response) => {
      response.resume();
      if (response.statusCode === 202) resolve();
      else reject(new Error(`The supervisor refused the restart with ${response.statusCode}.`));
    });
    asked.on('error', reject);
    asked.end();
  });
}

/** Each kind as often as it is to come, in an order of chance. */
function shuffledDeck(random: () => number): Misfortune[] {
  const deck = kinds.flatMap((kind) => Array.from({ length: misfortunes[kind] }, () => kind));
  return deck
    .map((kind) => ({ kind, order: random() }))
    .toSorted((one, other) => one.order - other.order)
    .map(({ kind }) => kind);
}

function numberFrom(variable: string, fallback: number): number {
  const given = process.env[variable];
  return given === undefined || given === '' ? fallback : Number(given);
}

function wordsFrom<Word extends string>(variable: string, all: readonly Word[]): Word[] {
  const given = process.env[variable]?.split(',');
  return given === undefined ? [...all] : all.filter((word) => given.includes(word));
}
