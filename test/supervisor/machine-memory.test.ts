import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { FailureClass } from '../../shared/protocol/messages.js';
import { createMachine, type Effect, type Machine, type MachineEvent, transition } from '../../supervisor/machine.js';
import { countFailure, emptyTally, noteLogin, type Tally } from '../../supervisor/restart-tally.js';
import { defaultLimits } from '../support/machine-limits.js';

// The breaker is another matter.
const limits = { ...defaultLimits, breakerFailures: 1_000 };
const { maxLoginsPerHour } = limits;
const wallMs = Date.parse('2026-11-22T12:00:00.000Z');
const hour = 3_600_000;

/** An account whose moment never passes: only what it remembers decides. */
class Account {
  machine: Machine;
  effects: readonly Effect[] = [];

  constructor(tally: Tally = emptyTally(), quarantine = false) {
    this.machine = createMachine({ mode: quarantine ? 'link' : 'restore', quarantine }, tally);
  }

  hear(...events: MachineEvent[]): void {
    for (const event of events) {
      const step = transition(this.machine, event, { limits, now: { monotonicMs: 0, wallMs }, random: 1 });
      this.machine = step.machine;
      this.effects = step.effects;
    }
  }

  begin(): void {
    this.hear({ type: 'start' }, { type: 'browser-ready' }, { type: 'worker-ready' });
  }

  fail(failureClass: FailureClass): void {
    const failure = { class: failureClass, reason: 'It failed', userAction: null, reported: true };
    this.hear({ type: 'worker-failure', failure }, { type: 'worker-exited', code: 1, signal: null });
  }

  /** What a failed attempt is followed by, until the next one is assigned. */
  again(): void {
    if (this.machine.browser === 'stopping') this.hear({ type: 'browser-exited', reason: 'It was stopped' });
    if (this.machine.state === 'backoff') this.hear({ type: 'retry' });
    if (this.machine.browser === 'starting') this.hear({ type: 'browser-ready' });
    this.hear({ type: 'worker-ready' });
  }

  get alerts(): string[] {
    return this.effects.flatMap((effect) => (effect.type === 'alert' ? [effect.alert.kind] : []));
  }

  get news(): boolean[] {
    return this.effects.flatMap((effect) => (effect.type === 'tell' ? [effect.isNews] : []));
  }
}

describe('a browser that was ended because it hung', () => {
  const gone: MachineEvent = { type: 'browser-exited', reason: 'The browser is gone (SIGKILL)' };
  const seen: MachineEvent = {
    type: 'worker-failure',
    failure: { class: 'LOCAL', reason: 'The browser is gone', userAction: null, reported: true },
  };
  const exited: MachineEvent = { type: 'worker-exited', code: 76, signal: null };

  it.each([
    ['its exit', [gone, seen, exited]],
    ['its worker', [seen, gone, exited]],
    ['its worker’s end', [seen, exited, gone]],
  ])('is told as that, also when %s is heard of first', (_first, events) => {
    const account = new Account();
    account.begin();
    account.hear({ type: 'browser-hung', afterMs: 8_000 });
    const told = events.flatMap((event) => {
      account.hear(event);
      return account.effects.flatMap((effect) => (effect.type === 'tell' ? [effect.failure.reason] : []));
    });
    expect(told).toEqual(['The browser has not answered for 8000 ms']);
  });
});

describe('a page that says that it is not linked, in a browser whose storage was impaired', () => {
  const full = { kind: 'storage', reason: "The page's storage can't be written", userAction: null } as const;
  const healthy: MachineEvent = { type: 'health', connection: 'CONNECTED', impairment: null };

  /** What may happen in that browser before the page says so. */
  const meanwhile: readonly ((account: Account) => void)[] = [
    (account) => account.hear(healthy),
    (account) => account.hear({ type: 'health', connection: 'CONNECTED', impairment: full }),
    (account) => account.hear({ type: 'phase', phase: 'starting' }),
    (account) => account.hear({ type: 'phase', phase: 'listening' }, { type: 'listening' }),
    (account) => account.hear({ type: 'worker-exited', code: null, signal: 'SIGKILL' }, { type: 'worker-ready' }),
  ];

  it('is no refusal by WhatsApp: another browser is started, and nothing is counted against the login', () => {
    const events = fc.array(fc.constantFrom(...meanwhile), { maxLength: 8 });
    const refusals = fc.integer({ min: 0, max: limits.maxRestoreAttempts - 1 });
    fc.assert(
      fc.property(events, events, refusals, (before, after, refused) => {
        let tally = emptyTally();
        for (let count = 0; count < refused; count += 1) tally = countFailure(tally, 'AUTH', wallMs);
        const account = new Account(tally);
        account.begin();
        for (const happen of before) happen(account);
        account.hear({ type: 'health', connection: 'CONNECTED', impairment: full });
        for (const happen of after) happen(account);
        if (account.machine.worker !== 'assigned' || account.machine.browser !== 'running') return;
        const counted = account.machine.tally.failures.AUTH;
        account.fail('AUTH');
        expect(account.machine).toMatchObject({ mode: 'restore', profile: 'in-place', browser: 'stopping' });
        expect(account.machine.tally).toMatchObject({ unpaired: null });
        expect(account.machine.tally.failures.AUTH).toEqual(counted);
        expect(account.machine.failure).toMatchObject({ class: 'LOCAL' });
      }),
    );
  });

  it('is believed in the next browser, as often as ever', () => {
    const account = new Account();
    account.begin();
    account.hear({ type: 'health', connection: 'CONNECTED', impairment: full });
    account.fail('AUTH');
    for (let attempt = 1; attempt < limits.maxRestoreAttempts; attempt += 1) {
      account.again();
      account.fail('AUTH');
      expect(account.machine).toMatchObject({ mode: 'restore', profile: 'in-place' });
    }
    account.again();
    account.fail('AUTH');
    expect(account.machine).toMatchObject({ mode: 'link', profile: 'unpaired' });
  });
});

describe('attempts that end while WhatsApp authenticates', () => {
  function stuckOnce(account: Account, failureClass: FailureClass = 'TRANSIENT'): void {
    account.hear({ type: 'phase', phase: 'authenticating' });
    account.fail(failureClass);
  }

  it('are told of once, at the second in a row', () => {
    const account = new Account();
    account.begin();
    const told: string[][] = [];
    for (let attempt = 0; attempt < 4; attempt += 1) {
      stuckOnce(account);
      told.push(account.alerts.filter((kind) => kind === 'authenticating-stuck'));
      account.again();
    }
    expect(told).toEqual([[], ['authenticating-stuck'], [], []]);
  });

  it('are none when WhatsApp answered: refused is not stuck', () => {
    const account = new Account();
    account.begin();
    for (let attempt = 0; attempt < 2; attempt += 1) {
      stuckOnce(account, 'AUTH');
      expect(account.alerts).not.toContain('authenticating-stuck');
      account.again();
    }
  });

  it('are not in a row when one got further, or died before it came so far', () => {
    const account = new Account();
    account.begin();
    stuckOnce(account);
    account.again();
    account.fail('TRANSIENT');
    account.again();
    stuckOnce(account);
    expect(account.alerts).not.toContain('authenticating-stuck');
    account.again();
    account.hear({ type: 'listening' });
    expect(account.machine.stuckAuthenticating).toBe(0);
  });
});

describe('a login that was refused for the last time', () => {
  it('is remembered with the reason, for a supervisor that ends before it is set aside', () => {
    const account = new Account();
    account.begin();
    for (let attempt = 0; attempt < 3; attempt += 1) {
      if (attempt > 0) account.again();
      account.fail('AUTH');
    }
    expect(account.machine).toMatchObject({ mode: 'link', profile: 'unpaired', tally: { unpaired: 'It failed' } });
  });

  it('is set aside by the supervisor that follows, before a browser opens it', () => {
    const account = new Account({ ...emptyTally(), unpaired: 'It failed' }, true);
    account.hear({ type: 'start' });
    expect(account.effects.map(({ type }) => type)).toEqual(['set-profile-aside', 'start-worker']);
    account.hear({ type: 'profile-moved', name: 'a-name' });
    expect(account.effects.map(({ type }) => type)).toEqual(['alert', 'start-browser']);
    expect(account.machine.tally.unpaired).toBeNull();
  });
});

it('a login that could not be set aside before a stop is set aside at the next start, before a browser opens it', () => {
  const account = new Account({ ...emptyTally(), unpaired: 'It failed' }, true);
  const failure = { class: 'LOCAL', reason: 'A file is in the way', userAction: null } as const;
  account.hear({ type: 'start' }, { type: 'stop' }, { type: 'worker-exited', code: 0, signal: null });
  account.hear({ type: 'profile-not-moved', failure });
  expect(account.machine.state).toBe('stopped');
  account.hear({ type: 'start' });
  expect(account.effects.map(({ type }) => type)).toEqual(['set-profile-aside', 'start-worker']);
});

describe('what was opened too often', () => {
  const opened = (times: number): Tally => {
    let tally = emptyTally();
    for (let count = 0; count < times; count += 1) tally = noteLogin(tally, wallMs, maxLoginsPerHour);
    return tally;
  };

  it('waits for its hour after a failure, however short the pause would be', () => {
    const account = new Account(opened(maxLoginsPerHour - 1));
    account.begin();
    account.fail('TRANSIENT');
    expect(account.effects).toContainEqual({ type: 'retry-in', delayMs: hour });
    expect(account.alerts).toEqual(['login-limit']);
    expect(account.machine.tally.logins).toHaveLength(maxLoginsPerHour);
  });

  it('waits no longer than needed', () => {
    const account = new Account(opened(maxLoginsPerHour - 2));
    account.begin();
    account.fail('NETWORK');
    expect(account.alerts).toEqual([]);
  });
});

it('the attempts that WhatsApp has refused are not forgiven by new code', () => {
  const account = new Account(countFailure(countFailure(emptyTally(), 'AUTH', wallMs), 'BUG', wallMs));
  account.begin();
  account.hear({ type: 'restart', freshBrowser: false });
  const { AUTH, BUG } = account.machine.tally.failures;
  expect({ auth: AUTH.count, bug: BUG.count }).toEqual({ auth: 1, bug: 0 });
});

it('a failure is news the first time', () => {
  const account = new Account();
  account.begin();
  account.fail('NETWORK');
  expect(account.news).toEqual([true]);
  account.again();
  account.fail('NETWORK');
  expect(account.news).toEqual([false]);
});
