import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { type FailureClass, failureClasses, type SessionMode } from '../../shared/protocol/messages.js';
import {
  createMachine,
  type Effect,
  type Machine,
  type MachineEvent,
  type MachineLimits,
  type Step,
  transition,
} from '../../supervisor/machine.js';
import { readmit } from '../../supervisor/restart-tally.js';
import { defaultLimits } from '../support/machine-limits.js';

/** How one attempt goes: so long, and then it ends like this. */
interface Fate {
  readonly afterMs: number;
  readonly end: FailureClass | 'killed' | 'listens for a moment' | 'listens for long';
  /** The supervisor is killed after this life, and another one started. */
  readonly supervisorDies: boolean;
}

interface Assignment {
  readonly atMs: number;
  readonly mode: SessionMode;
  readonly attempt: number;
}

/** What an account has gone through, in the end. */
interface Story {
  readonly assignments: readonly Assignment[];
  readonly alerts: readonly string[];
  /** How often the login was set aside. */
  readonly setAside: number;
  readonly state: Machine['state'];
}

const hour = 3_600_000;
// The breaker is another matter.
const limits: MachineLimits = { ...defaultLimits, breakerFailures: 1_000 };
const { maxLoginsPerHour } = limits;

describe('an account whose attempts fail in any way, for any time, under supervisors that die', () => {
  it('never opens WhatsApp Web more often within an hour than it may', () => {
    fc.assert(
      fc.property(fates(), (chosen) => {
        const { assignments } = live('restore', chosen);
        for (const { atMs } of assignments) {
          const within = assignments.filter((other) => other.atMs <= atMs && atMs - other.atMs < hour);
          expect(within.length).toBeLessThanOrEqual(maxLoginsPerHour);
        }
      }),
    );
  });

  it('… not even when supervisors are started one after the other, each for a moment', () => {
    const brief = Array.from({ length: 200 }, (): Fate => ({ afterMs: 100, end: 'killed', supervisorDies: true }));
    const { assignments, alerts } = live('restore', brief);
    const first = assignments[0]?.atMs ?? 0;
    expect(assignments.filter(({ atMs }) => atMs - first < hour)).toHaveLength(maxLoginsPerHour);
    expect(alerts).toContain('login-limit');
  });

  it('asks for a new link, and sets the login aside, only after as many refusals in a row as a restore may have', () => {
    fc.assert(
      fc.property(fates(), (chosen) => {
        const { assignments, setAside } = live('restore', chosen);
        let refusals = 0;
        let moves = 0;
        assignments.forEach(({ mode }, index) => {
          const end = chosen[index]?.end;
          if (mode === 'link') expect(moves).toBeGreaterThan(0);
          if (mode === 'restore' && end === 'AUTH') refusals += 1;
          if (end === 'listens for a moment' || end === 'listens for long') refusals = 0;
          if (refusals === limits.maxRestoreAttempts) {
            moves += 1;
            refusals = 0;
          }
        });
        expect(setAside).toBeLessThanOrEqual(moves);
      }),
    );
  });

  it('keeps its login in place when WhatsApp never refuses it', () => {
    const others = failureClasses.filter((name) => name !== 'AUTH');
    fc.assert(
      fc.property(fates([...others, 'killed']), (chosen) => {
        const { assignments, setAside } = live('restore', chosen);
        expect(setAside).toBe(0);
        expect(assignments.every(({ mode }) => mode === 'restore')).toBe(true);
      }),
    );
  });

  it('goes on trying by itself as long as only network, machine or passing faults are in the way', () => {
    fc.assert(
      fc.property(fates(['NETWORK', 'LOCAL', 'TRANSIENT', 'INCOMPATIBLE', 'killed']), (chosen) => {
        const { assignments, state } = live('restore', chosen);
        expect(assignments.length).toBe(chosen.length + 1);
        expect(state).toBe('restoring');
      }),
    );
  });

  it('spends no attempt at a restore on anything but a refusal', () => {
    fc.assert(
      fc.property(fates(['NETWORK', 'LOCAL', 'TRANSIENT', 'killed']), (chosen) => {
        expect(live('restore', chosen).assignments.every(({ attempt }) => attempt === 1)).toBe(true);
      }),
    );
  });

  it('starts less and less of what fails each time, also when each supervisor has seen it only once', () => {
    const stubborn = Array.from({ length: 40 }, (): Fate => ({ afterMs: 1_000, end: 'BUG', supervisorDies: true }));
    const { assignments, alerts } = live('restore', stubborn, defaultLimits);
    const pauses = assignments.slice(1).map(({ atMs }, index) => atMs - (assignments[index]?.atMs ?? 0) - 1_000);
    const [first = 0, ...later] = pauses.slice(defaultLimits.breakerFailures - 1);
    expect(first).toBe(defaultLimits.breakerPauseMs);
    expect(later.slice(0, 5)).toEqual([600_000, 1_200_000, 2_400_000, 3_600_000, 3_600_000]);
    expect(alerts).toContain('breaker-open');
  });

  it('stops asking for a link that WhatsApp refuses each time', () => {
    const refused = Array.from({ length: 40 }, (): Fate => ({ afterMs: 1_000, end: 'AUTH', supervisorDies: false }));
    const { assignments, state, alerts } = live('restore', refused);
    expect(assignments.map(({ mode }) => mode)).toEqual(['restore', 'restore', 'restore', 'link', 'link', 'link']);
    expect(state).toBe('needs-link');
    expect(alerts).toEqual(['authentication-failed', 'profile-quarantined', 'link-needed']);
  });

  it('stops linking a device that is linked and unlinked all day', () => {
    const cycle = ['listens for long', 'AUTH', 'AUTH', 'AUTH'] as const;
    const chosen = Array.from({ length: 80 }, (_, index): Fate => {
      return { afterMs: 60_000, end: cycle[(index + 1) % 4] ?? 'AUTH', supervisorDies: false };
    });
    const { state, alerts, setAside } = live('restore', chosen);
    expect(state).toBe('needs-link');
    expect(alerts).toContain('link-limit');
    expect(setAside).toBeLessThanOrEqual(11);
  });
});

describe('what is alerted', () => {
  const times = (count: number, end: Fate['end']): Fate[] =>
    Array.from({ length: count }, () => ({ afterMs: 1_000, end, supervisorDies: false }));

  it('a loop of one class of failure at the fifth, tenth, twentieth… of them', () => {
    expect(live('restore', times(40, 'NETWORK')).alerts).toEqual(Array.from({ length: 4 }, () => 'failure-loop'));
  });

  it('a WhatsApp that the library doesn’t know, once', () => {
    expect(live('restore', times(4, 'INCOMPATIBLE')).alerts).toEqual(['incompatible']);
  });

  it('an account that needs a person, with what that person is to do', () => {
    expect(live('restore', times(1, 'TERMINAL')).alerts).toEqual(['needs-person']);
    expect(live('link', times(1, 'TERMINAL')).alerts).toEqual(['link-needed']);
  });

  it('nothing, when a worker is killed twice', () => {
    expect(live('restore', times(2, 'killed')).alerts).toEqual([]);
  });
});

function fates(
  ends: readonly Fate['end'][] = [...failureClasses, 'killed', 'listens for a moment', 'listens for long'],
): fc.Arbitrary<Fate[]> {
  const fate = fc.record({
    afterMs: fc.oneof(fc.integer({ min: 0, max: 1_000 }), fc.integer({ min: 0, max: 90_000 })),
    end: fc.constantFrom(...ends),
    supervisorDies: fc.boolean(),
  });
  return fc.array(fate, { maxLength: 150, size: 'max' });
}

/** Plays the account's lives one after the other, everything else going well, until the fates are used up or nothing starts by itself. */
function live(mode: SessionMode, chosen: readonly Fate[], chosenLimits: MachineLimits = limits): Story {
  let nowMs = Date.parse('2026-03-01T12:00:00Z');
  let machine = createMachine({ mode, quarantine: false });
  let retryAtMs: number | undefined;
  let setAside = 0;
  const assignments: Assignment[] = [];
  const alerts: string[] = [];

  const perform = (effect: Effect): void => {
    if (effect.type === 'retry-in') retryAtMs = nowMs + effect.delayMs;
    if (effect.type === 'cancel-retry') retryAtMs = undefined;
    if (effect.type === 'set-profile-aside') setAside += 1;
    if (effect.type === 'assign') assignments.push({ atMs: nowMs, mode: effect.mode, attempt: effect.attempt });
    if (effect.type === 'alert') alerts.push(effect.alert.kind);
  };
  const happen = (event: MachineEvent): void => {
    const step: Step = transition(machine, event, {
      limits: chosenLimits,
      now: { monotonicMs: nowMs, wallMs: nowMs },
      random: 0.5,
    });
    machine = step.machine;
    step.effects.forEach(perform);
  };
  /** What is sure to happen, and goes well. Returns whether the account waits for its worker's fate. */
  const settle = (): boolean => {
    for (;;) {
      if (machine.worker === 'assigned') return true;
      if (machine.worker === 'stopping') happen({ type: 'worker-exited', code: 0, signal: null });
      else if (machine.browser === 'stopping') happen({ type: 'browser-exited', reason: 'gone' });
      else if (machine.profile === 'moving') happen({ type: 'profile-moved', name: 'a-name' });
      else if (machine.browser === 'starting') happen({ type: 'browser-ready' });
      else if (machine.worker === 'starting') happen({ type: 'worker-ready' });
      else if (machine.state === 'backoff' && retryAtMs !== undefined) {
        nowMs = Math.max(nowMs, retryAtMs);
        retryAtMs = undefined;
        happen({ type: 'retry' });
      } else return false;
    }
  };
  const end = ({ end: how }: Fate): void => {
    if (how === 'listens for a moment' || how === 'listens for long') {
      happen({ type: 'listening' });
      nowMs += how === 'listens for long' ? 60_000 : 100;
      if (how === 'listens for long') happen({ type: 'proven' });
    } else if (how !== 'killed') {
      happen({
        type: 'worker-failure',
        failure: { class: how, reason: `a ${how} failure`, userAction: null, reported: true },
      });
    }
    happen({ type: 'worker-exited', code: null, signal: 'SIGKILL' });
  };

  happen({ type: 'start' });
  for (const fate of chosen) {
    if (!settle()) break;
    nowMs += fate.afterMs;
    end(fate);
    if (!fate.supervisorDies || ['failed', 'needs-link'].includes(machine.state)) continue;
    // Browser and worker die with it; what is on disk remains.
    const { tally } = machine;
    machine = createMachine({ mode: machine.mode, quarantine: tally.unpaired !== null }, readmit(tally, nowMs));
    retryAtMs = undefined;
    happen({ type: 'start' });
  }
  settle();
  return { assignments, alerts, setAside, state: machine.state };
}
