import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { Alert } from '../../shared/alerts.js';
import { AccountWatches } from '../../supervisor/account-watches.js';
import { createMachine, type Machine } from '../../supervisor/machine.js';

const day = 86_400_000;
const restore = createMachine({ mode: 'restore', quarantine: false });
const link: Machine = { ...restore, mode: 'link' };

let alerts: Alert[];
let isActive: () => Promise<boolean>;
let watches: AccountWatches;

beforeEach(() => {
  vi.useFakeTimers();
  alerts = [];
  isActive = () => Promise.resolve(true);
  watches = new AccountWatches({ raise: (alert) => alerts.push(alert), isActive: () => isActive() });
});
afterEach(() => {
  watches.close();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

function kinds(): string[] {
  return alerts.map(({ kind }) => kind);
}

/** From a restore that was refused to a link. */
function fallsBack(): void {
  watches.onState({ ...restore, state: 'restoring' }, { ...link, state: 'starting' });
}

function enters(state: Machine['state'], machine = restore): void {
  watches.onState(machine, { ...machine, state });
}

describe('a link that follows a refused login', () => {
  it('is missed when no code has appeared within a minute', async () => {
    fallsBack();
    enters('backoff', link);
    enters('linking', link);
    await vi.advanceTimersByTimeAsync(59_999);
    expect(alerts).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(kinds()).toEqual(['fallback-not-started']);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(alerts).toHaveLength(1);
  });

  it.each(['qr', 'pairing-code'] as const)('is there with its first code (%s)', async (type) => {
    fallsBack();
    const code = { incarnation: 1, expiresInMs: 1_000 };
    watches.onMessage(
      type === 'qr' ? { type, ...code, qr: 'a text', sequence: 1 } : { type, ...code, code: 'ABCD1234' },
    );
    await vi.advanceTimersByTimeAsync(600_000);
    expect(alerts).toEqual([]);
  });

  it('isn’t there with any other message', async () => {
    fallsBack();
    watches.onMessage({ type: 'phase', incarnation: 1, phase: 'loading' });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(kinds()).toEqual(['fallback-not-started']);
  });

  it.each(['listening', 'failed', 'needs-link', 'stopping', 'stopped'] as const)(
    'isn’t missed when the account is %s',
    async (state) => {
      fallsBack();
      enters(state, link);
      await vi.advanceTimersByTimeAsync(60_000);
      expect(kinds()).toEqual([]);
    },
  );
});

it('a link that follows no login is not watched like that', async () => {
  watches.onState({ ...link, state: 'stopped' }, { ...link, state: 'starting' });
  await vi.advanceTimersByTimeAsync(600_000);
  expect(alerts).toEqual([]);
});

describe('a session that listens', () => {
  it('and whose file doesn’t say so within 5 s is told of, once', async () => {
    isActive = () => Promise.resolve(false);
    enters('listening');
    await vi.advanceTimersByTimeAsync(4_999);
    expect(alerts).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(kinds()).toEqual(['inactive-after-restore']);
    enters('listening');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(alerts).toHaveLength(1);
  });

  it('and whose file can’t be read is told of, too', async () => {
    isActive = () => Promise.reject(new Error('EACCES'));
    enters('listening');
    await vi.advanceTimersByTimeAsync(5_000);
    expect(kinds()).toEqual(['inactive-after-restore']);
  });

  it('and whose file says so is left alone', async () => {
    enters('listening');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(alerts).toEqual([]);
  });

  it('and ends before its file is looked at, or while it is, is nothing to tell', async () => {
    isActive = () => Promise.resolve(false);
    enters('listening');
    await vi.advanceTimersByTimeAsync(4_000);
    enters('degraded');
    await vi.advanceTimersByTimeAsync(60_000);
    let answer: (active: boolean) => void = () => undefined;
    isActive = () => new Promise((resolve) => (answer = resolve));
    enters('listening');
    await vi.advanceTimersByTimeAsync(5_000);
    enters('backoff');
    answer(false);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(alerts).toEqual([]);
  });
});

describe('a device that nobody uses', () => {
  const daysAgo = (days: number): string => new Date(Date.now() - days * day).toISOString();

  it('is told of at once, and then once more, not every hour', async () => {
    watches.begin(daysAgo(12));
    expect(kinds()).toEqual(['device-unused']);
    await vi.advanceTimersByTimeAsync(7 * day);
    expect(alerts).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(day + 3_600_000);
    expect(kinds()).toEqual(['device-unused', 'device-unused']);
    await vi.advanceTimersByTimeAsync(day);
    expect(alerts).toHaveLength(2);
  });

  it('is told of when its time comes while it is down', async () => {
    watches.begin(daysAgo(9));
    expect(alerts).toEqual([]);
    await vi.advanceTimersByTimeAsync(day + 3_600_000);
    expect(kinds()).toEqual(['device-unused']);
  });

  it('counts from the end of its last session', async () => {
    watches.begin(daysAgo(9));
    enters('listening');
    await vi.advanceTimersByTimeAsync(30 * day);
    expect(alerts).toEqual([]);
    enters('degraded');
    await vi.advanceTimersByTimeAsync(9 * day);
    expect(alerts).toEqual([]);
    await vi.advanceTimersByTimeAsync(day + 3_600_000);
    expect(kinds()).toEqual(['device-unused']);
  });

  it('that was never used isn’t told of', async () => {
    watches.begin(null);
    await vi.advanceTimersByTimeAsync(60 * day);
    expect(alerts).toEqual([]);
  });
});
