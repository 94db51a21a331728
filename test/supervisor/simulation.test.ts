import { describe, expect, it } from 'vitest';

import type { MachineEvent } from '../../supervisor/machine.js';
import { longestStopMs } from '../../supervisor/stop-budget.js';
import { defaultLimits } from '../support/machine-limits.js';
import { SimulatedAccount } from '../support/simulated-account.js';
import { seededRandom, SimulatedTime } from '../support/simulated-time.js';

const seeds = 10_000;
const stopTimeoutMs = 20_000;
/** The longest pauses are those of the breaker and of the limit on logins: an hour. */
const healingMs = 3 * 3_600_000;
/** Beside what a stop takes: for a browser or a login that is just on its way. */
const onItsWayMs = 2_100;

/** What people and their tools do, at any time. */
const wishes: readonly MachineEvent[] = [
  { type: 'restart', freshBrowser: false },
  { type: 'restart', freshBrowser: true },
  { type: 'recycle', reason: 'It is large', freshBrowser: true },
  { type: 'recycle', reason: 'It is large', freshBrowser: false },
  { type: 'unlink' },
];

/** A life of some hours in which everything goes wrong; then nothing any more, and at last a stop. Returns what was wrong with it. */
function live(seed: number): string[] {
  const time = new SimulatedTime();
  const random = seededRandom(seed);
  const account = new SimulatedAccount({ time, random, limits: defaultLimits, stopTimeoutMs });
  account.start();
  for (let turn = 0; turn < 12; turn += 1) {
    time.goOnUntil(time.nowMs + random() * (random() < 0.2 ? 1_200_000 : 30_000));
    const chance = random();
    if (chance < 0.6) account.strike();
    else if (chance < 0.75) say(account, wishes[Math.floor(random() * wishes.length)] ?? { type: 'unlink' });
    else if (chance < 0.85) killSupervisor(account, time);
    else if (chance < 0.95) stopAndStart(account, time);
    else if (account.state === 'failed' || account.state === 'needs-link') account.say({ type: 'start' });
  }
  account.isCalm = true;
  time.goOnUntil(time.nowMs + healingMs);
  if (!['listening', 'degraded', 'failed', 'needs-link'].includes(account.state)) {
    account.complaints.push(`it neither listens nor waits for a person, but is ${account.state}`);
  }
  stop(account, time);
  return account.complaints;
}

function say(account: SimulatedAccount, wish: MachineEvent): void {
  if (!account.isStopped) account.say(wish);
}

function killSupervisor(account: SimulatedAccount, time: SimulatedTime): void {
  account.killSupervisor();
  time.goOnUntil(time.nowMs + 1_000);
  if (!account.isClear) account.complaints.push('a second after the supervisor’s death something is left');
  account.start();
}

function stopAndStart(account: SimulatedAccount, time: SimulatedTime): void {
  stop(account, time);
  // One that is stuck is waited for by the next start, which takes no other.
  while (!account.isClear) time.goOnUntil(time.nowMs + 60_000);
  account.start();
}

function stop(account: SimulatedAccount, time: SimulatedTime): void {
  const begun = time.nowMs;
  account.say({ type: 'stop' });
  while (!account.isStopped && time.step(begun + 600_000));
  const tookMs = time.nowMs - begun;
  if (!account.isStopped) account.complaints.push('a stop has no end');
  if (tookMs > longestStopMs(stopTimeoutMs) + onItsWayMs) account.complaints.push(`a stop took ${tookMs} ms`);
  if (account.living > 0 && !account.stuckIsTold)
    account.complaints.push('something is left after a stop, and nobody says so');
}

describe('an account whose supervisor, browser, worker, login and persons do anything at any time', () => {
  it(`keeps the rules of the house, comes back or says why not, and stops in time, in ${seeds} lives`, () => {
    const broken: string[] = [];
    for (let seed = 1; seed <= seeds && broken.length < 5; seed += 1) {
      const complaints = live(seed);
      if (complaints.length > 0) broken.push(`seed ${seed}: ${complaints.join('; ')}`);
    }
    expect(broken).toEqual([]);
  });
});
