import { existsSync } from 'node:fs';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ManyAccounts } from '../support/many-accounts.js';
import type { OneOfMany } from '../support/one-of-many.js';
import { type Burst, type KillKind, planKills } from '../support/plan-kills.js';
import { countDescriptors, describeDescriptors, residentMb } from '../support/process-table.js';
import { strike } from '../support/strike.js';
import { until } from '../support/until.js';

/** `RANDOM_KILLS_SEED` repeats the kinds and delays of a run that failed; `RANDOM_KILLS` makes it longer or shorter; the soak has 200. */
const seed = Number(process.env['RANDOM_KILLS_SEED'] ?? Date.now() % 1_000_000);
const kills = Number(process.env['RANDOM_KILLS'] ?? 120);
const numbers = ['12025550100', '12025550101', '12025550102'];
/** First the supervisor is killed too; then one has to live through as many in quarters, and holds no more than before. */
const quarters = 4;
const killsInQuarter = Math.floor(kills / 2 / quarters);
const killsOfEverybody = kills - quarters * killsInQuarter;

const environment = {
  // So many failures, and none may be the last.
  WASUP_STABLE_AFTER_MS: '0',
  WASUP_BACKOFF_BASE_MS: '10',
  WASUP_BACKOFF_CAP_MS: '100',
  WASUP_MAX_LOGINS_PER_HOUR: '10000',
  WASUP_BREAKER_FAILURES: '1000',
  WASUP_BREAKER_WINDOW_MS: '86400000',
  // Found soon, and later than a busy machine keeps anybody waiting.
  WASUP_HEARTBEAT_INTERVAL_MS: '500',
  WASUP_HEARTBEAT_TIMEOUT_MS: '2500',
  WASUP_PROBE_INTERVAL_MS: '1500',
  WASUP_PROBE_TIMEOUT_MS: '1500',
  // Nobody counts heartbeats of a worker, or asks a browser, before it has said that it is there.
  WASUP_WORKER_START_TIMEOUT_MS: '10000',
  WASUP_BROWSER_START_TIMEOUT_MS: '10000',
  WASUP_START_CONCURRENCY: '3',
  WASUP_START_JITTER_MS: '0',
};

const weights: Readonly<Partial<Record<KillKind, number>>> = {
  'worker-killed': 30,
  'browser-killed': 22,
  'renderer-killed': 22,
  'worker-stopped': 6,
  'browser-stopped': 3,
};
/** One of these interrupts all accounts. */
const weightOfSupervisor = 10;
/** What a log, a request or a write may hold open just then. */
const descriptorsInPassing = 4;
/** Pipes of the worker on standby, of which there may be none when the count begins, and one when it ends. */
const descriptorsOfStandby = 6;
const linkingTimeoutMs = 600_000;
/** Many times what it takes on an idle machine. */
const testTimeoutMs = 1_800_000;

describe.runIf(process.platform === 'linux')(`${kills} random kills`, () => {
  let many: ManyAccounts | undefined;
  const tale: string[] = [];
  const timesMs = new Map<string, number[]>();

  beforeAll(async () => {
    many = await ManyAccounts.openLinked(numbers, environment);
  }, linkingTimeoutMs);
  afterAll(async () => {
    report();
    await many?.stage.close();
  });

  it(
    `of worker, browser, page and supervisor are survived, each of them, with seed ${seed}`,
    async () => {
      try {
        if (many === undefined) throw new Error('The accounts were not linked.');
        await survive(many);
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        throw new Error(`With RANDOM_KILLS_SEED=${seed}: ${message}\n${tale.slice(-20).join('\n')}`, { cause: error });
      }
    },
    testTimeoutMs,
  );

  async function survive(many: ManyAccounts): Promise<void> {
    const { accounts, stage } = many;
    const { qrRefsServed } = stage.sandbox.counters;
    const crashReporters = many.countCrashReporters();
    const linkedAt = await Promise.all(accounts.map(async (account) => (await account.status()).linkedAt));

    await befall(many, seed, killsOfEverybody, { ...weights, 'supervisor-killed': weightOfSupervisor });
    const { pid } = many.supervisor;
    const before = countDescriptors(pid);
    const described = describeDescriptors(pid);
    for (let quarter = 1; quarter <= quarters; quarter += 1) {
      tale.push(`descriptors: ${countDescriptors(pid)}, memory: ${residentMb(pid)} MB`);
      await befall(many, seed + quarter, killsInQuarter, weights);
    }
    tale.push(`descriptors: ${countDescriptors(pid)}, memory: ${residentMb(pid)} MB`);

    await many.assertNobodyElseRuns(crashReporters);
    // A file that is being written has some for a moment; a leak keeps them, one or more for each kill.
    const most = before + descriptorsInPassing + descriptorsOfStandby;
    await until(() => countDescriptors(pid) <= most || undefined, {
      expectation: () => `at most ${most} descriptors; before: ${described}; now: ${describeDescriptors(pid)}`,
    });
    expect(stage.sandbox.counters.qrRefsServed).toBe(qrRefsServed);
    for (const [index, account] of accounts.entries()) {
      expect(account.answers).toEqual(account.asked.map(() => 1));
      expect(Math.max(0, ...account.lateAnswers)).toBeLessThanOrEqual(1);
      expect(account.phone.status).toMatchObject({ links: 1, devices: 1, undelivered: 0 });
      expect((await account.status()).linkedAt).toBe(linkedAt[index]);
      expect(existsSync(account.paths.quarantine)).toBe(false);
      const events = (await account.history()).map(({ eventType }) => eventType);
      expect(events.filter((event) => event === 'device_linked').length).toBeLessThanOrEqual(1);
      expect(events).not.toContain('fresh_auth_requested');
    }
    for (const supervisor of many.supervisors) {
      expect(supervisor.matching(/SCAN QR CODE|arrived where it can't|Please report this/)).toEqual([]);
    }
    expect(await many.supervisor.stop()).toEqual({ code: 0, signal: null });
    for (const account of accounts) expect(await account.locks()).toEqual([]);
  }

  /** Every account has its own misfortunes, beside those of the others; after each it listens again, and answers. */
  async function befall(many: ManyAccounts, planSeed: number, count: number, kinds: typeof weights): Promise<void> {
    const plan = planKills({ seed: planSeed, accounts: many.accounts.length, kills: count, weights: kinds });
    await Promise.all(
      many.accounts.map(async (account, index) => {
        for (const burst of plan[index] ?? []) await survives(many, account, burst);
      }),
    );
  }

  async function survives(many: ManyAccounts, account: OneOfMany, burst: Burst): Promise<void> {
    const told = burst.map(({ kind, delayMs }) => `${kind} after ${delayMs} ms`).join(', ');
    tale.push(`${new Date().toISOString()} ${account.number}: ${told}`);
    // The page that is hit is the one of this worker, which can't go on without it.
    if (burst[0]?.kind === 'renderer-killed') account.spend((await account.untilListening()).workerPid);
    const { supervisor } = many;
    for (const kill of burst) await strike(many, account, kill);
    const begin = performance.now();
    await account.untilListening();
    const wasAlone = burst.length === 1 && (supervisor === many.supervisor || burst[0]?.kind === 'supervisor-killed');
    const key = wasAlone ? (burst[0]?.kind ?? '') : 'several';
    timesMs.set(key, [...(timesMs.get(key) ?? []), performance.now() - begin]);
    await account.ask();
  }

  /** For whoever reads the run: nothing of it is asserted. */
  function report(): void {
    const rows = [...timesMs].map(([kind, times]) => {
      const sorted = times.toSorted((a, b) => a - b);
      const at = (share: number): string => (sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toFixed(0);
      return `${kind}: ${sorted.length} times, back after p50 ${at(0.5)} ms, p95 ${at(0.95)} ms`;
    });
    const resources = tale.filter((line) => line.startsWith('descriptors'));
    console.log([`RANDOM_KILLS_SEED=${seed}`, ...rows, ...resources].join('\n'));
  }
});
