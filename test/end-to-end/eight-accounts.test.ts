import { afterAll, beforeAll, expect, it } from 'vitest';

import type { AccountView } from '../../supervisor/control/controlled.js';
import { ManyAccounts, numbers } from '../support/eight-accounts.js';
import { until } from '../support/until.js';

const startConcurrency = 2;
const stopTimeoutMs = 20_000;
const waiting = 'Waiting for other accounts that are on their way up.';
/** Eight browsers and workers come up on what may be two cores. */
const patienceMs = 240_000;

let many: ManyAccounts;

beforeAll(async () => {
  many = await ManyAccounts.open(numbers, {
    WASUP_START_CONCURRENCY: String(startConcurrency),
    WASUP_STOP_TIMEOUT_MS: String(stopTimeoutMs),
    WASUP_LOG_LEVEL: 'debug',
    WASUP_LOG_FORMAT: 'json',
  });
  await many.start();
  await many.link();
  // Eight browsers that leave at once, each with a fresh login, are not what this is about.
  await Promise.all(numbers.map((number) => many.stage.account(number).waitUntilLoginIsOnDisk()));
  await many.supervisor.stop('SIGTERM', patienceMs);
}, patienceMs);
afterAll(() => many.close(), patienceMs);

it(
  'come up a few at a time, until all listen and the supervisor is ready',
  async () => {
    await many.start();
    let most = 0;
    let haveWaited = 0;
    await until(
      async () => {
        const views = await many.views();
        const others = views.filter(({ isActive }) => !isActive);
        const waitingNow = others.filter(({ sentence }) => sentence === waiting).length;
        haveWaited = Math.max(haveWaited, waitingNow);
        // Nothing has been done yet for those that are still stopped.
        const stopped = others.filter(({ state }) => state === 'stopped').length;
        most = Math.max(most, others.length - waitingNow - stopped);
        return views.length === numbers.length && others.length === 0 ? true : undefined;
      },
      { timeoutMs: patienceMs, expectation: () => `all to listen.${many.supervisor.describe()}` },
    );
    expect(haveWaited).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(startConcurrency);
    expect(mostOnTheirWay(many.supervisor.lines)).toBe(startConcurrency);
    expect((await many.request('/readyz')).status).toBe(200);
  },
  patienceMs,
);

it('each answer what they are asked', async () => {
  expect(await many.askAll()).toEqual(numbers.map(() => 'pong'));
  for (const number of numbers) {
    const { sent, status } = many.stage.sandbox.phone(number);
    expect({ number, answers: sent.length, devices: status.devices }).toEqual({ number, answers: 1, devices: 1 });
  }
});

it(
  "don't notice when the worker of one and the browser of another are killed",
  async () => {
    const [one = '', other = '', ...rest] = numbers;
    const before = await many.pids();
    kill(before[one]?.workerPid);
    kill(before[other]?.browserPid);
    // The six are asked again and again for as long as the two are away.
    const away = { areBack: false };
    const back = many.waitUntilListening([one, other], before).finally(() => (away.areBack = true));
    do expect(await many.askAll(rest)).toEqual(rest.map(() => 'pong'));
    while (!away.areBack);
    await back;
    const after = await many.views();
    expect(await many.pids(rest)).toEqual(Object.fromEntries(rest.map((number) => [number, before[number]])));
    expect(after.filter(({ restarts }) => restarts > 0).map(({ number }) => number)).toEqual([one, other]);
    // A worker that goes leaves its browser; a browser that goes takes the worker with it.
    expect((await many.pids([one]))[one]?.browserPid).toBe(before[one]?.browserPid);
    expect((await many.pids([other]))[other]?.browserPid).not.toBe(before[other]?.browserPid);
    expect(await many.askAll([one, other])).toEqual(['pong', 'pong']);
    expect((await many.request('/readyz')).status).toBe(200);
  },
  patienceMs,
);

it('are all stopped in order, in the time that one stop has', async () => {
  expect(await many.supervisor.stop('SIGTERM', stopTimeoutMs)).toEqual({ code: 0, signal: null });
  await many.stage.waitUntilNothingRuns();
  expect(many.supervisor.matching(/"level":[56]0/)).toEqual([]);
});

function kill(pid: AccountView['workerPid'] | undefined): void {
  if (pid === null || pid === undefined) throw new Error('There is nobody to kill.');
  process.kill(pid, 'SIGKILL');
}

/** How many accounts had a browser and did not listen yet, at the most. Of each one's first life. */
function mostOnTheirWay(lines: readonly string[]): number {
  const underWay = new Set<string>();
  const arrived = new Set<string>();
  let most = 0;
  for (const line of lines) {
    const { account, event } = JSON.parse(line) as { account?: string; event?: string };
    if (account === undefined) continue;
    if (event === 'browser-ready' && !arrived.has(account)) underWay.add(account);
    if (event === 'listening') {
      underWay.delete(account);
      arrived.add(account);
    }
    most = Math.max(most, underWay.size);
  }
  return most;
}
