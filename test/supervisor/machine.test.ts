import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { AccountState } from '../../shared/account-state.js';
import type { FailureClass } from '../../shared/protocol/messages.js';
import type { Effect, MachineEvent, MachineLimits } from '../../supervisor/machine.js';
import { defaultLimits as limits } from '../support/machine-limits.js';
import { explore } from './explore-machine.js';
import { createWorld, failureOf, failuresIn, type Move, play, possibleMoves, type World } from './machine-world.js';

const { stableAfterMs } = limits;
const waitsForPerson: readonly AccountState[] = ['stopped', 'failed', 'needs-link'];

const start: MachineEvent = { type: 'start' };
const stop: MachineEvent = { type: 'stop' };
const browserReady: MachineEvent = { type: 'browser-ready' };
const browserExited: MachineEvent = { type: 'browser-exited', reason: 'The browser is gone' };
const workerReady: MachineEvent = { type: 'worker-ready' };
const listening: MachineEvent = { type: 'listening' };
const away = { kind: 'connection', reason: 'The connection to WhatsApp is away (OPENING)', userAction: null } as const;
const retry: MachineEvent = { type: 'retry' };
const killed: MachineEvent = { type: 'worker-exited', code: null, signal: 'SIGKILL' };
const restart: MachineEvent = { type: 'restart', freshBrowser: false };
const successorReady: MachineEvent = { type: 'successor-ready' };
const successorFailed = (reason: string): MachineEvent => ({
  type: 'successor-failed',
  failure: { class: 'BUG', reason, userAction: null },
});
const broken: MachineEvent = { type: 'worker-exited', code: 78, signal: null };
const ended: MachineEvent = { type: 'worker-exited', code: 0, signal: null };
const refused: MachineEvent = { type: 'worker-failure', failure: failureOf('AUTH') };
const loggedOut: MachineEvent = { type: 'worker-exited', code: 77, signal: null };
const restoring = [start, browserReady, workerReady];
const up = [...restoring, listening];
const refusal = [refused, loggedOut];
const passing: MachineEvent[] = [
  { type: 'worker-failure', failure: failureOf('TRANSIENT') },
  { type: 'worker-exited', code: 75, signal: null },
];
/** The last attempt was refused. */
const spent = [
  start,
  browserReady,
  workerReady,
  ...refusal,
  retry,
  workerReady,
  ...refusal,
  retry,
  workerReady,
  ...refusal,
];

interface Path {
  readonly name: string;
  readonly mode?: 'restore' | 'link';
  readonly before?: readonly MachineEvent[];
  /** Each event with the state that it leads to and what is done about it (records and words aside). */
  readonly steps: readonly (readonly [MachineEvent, AccountState, ...string[]])[];
}

const paths: readonly Path[] = [
  {
    name: 'browser and worker start side by side; the stored login is restored in the fresh browser',
    steps: [
      [start, 'starting', 'start-browser', 'start-worker'],
      [browserReady, 'starting'],
      [workerReady, 'restoring', 'assign restore cold 1'],
      [listening, 'listening'],
    ],
  },
  {
    name: 'the worker may be there before the browser',
    steps: [
      [start, 'starting', 'start-browser', 'start-worker'],
      [workerReady, 'starting'],
      [browserReady, 'restoring', 'assign restore cold 1'],
    ],
  },
  {
    name: 'without a stored login the device is linked; after that there is something to restore',
    mode: 'link',
    steps: [
      [start, 'starting', 'start-browser', 'start-worker'],
      [browserReady, 'starting'],
      [workerReady, 'linking', 'assign link cold 1'],
      [listening, 'listening'],
      [killed, 'starting', 'start-worker'],
      [workerReady, 'restoring', 'assign restore hot 1'],
    ],
  },
  {
    name: 'a killed worker is followed at once by another one, in the same browser with a new page',
    before: up,
    steps: [
      [killed, 'starting', 'start-worker'],
      [workerReady, 'restoring', 'assign restore hot 1'],
      [listening, 'listening'],
    ],
  },
  {
    name: 'with the browser the worker goes too, and both come back',
    before: up,
    steps: [
      [browserExited, 'starting', 'stop-worker'],
      [ended, 'starting', 'start-browser', 'start-worker'],
      [browserReady, 'starting'],
      [workerReady, 'restoring', 'assign restore cold 1'],
    ],
  },
  {
    name: 'a worker that waits for its browser is kept when the browser dies',
    before: [start, workerReady],
    steps: [
      [{ type: 'browser-failed', failure: failureOf('LOCAL') }, 'starting', 'start-browser'],
      [browserReady, 'restoring', 'assign restore cold 1'],
    ],
  },
  {
    name: 'a stop lets the worker go first, then the browser',
    before: up,
    steps: [
      [stop, 'stopping', 'cancel-retry', 'stop-worker'],
      [ended, 'stopping', 'stop-browser'],
      [browserExited, 'stopped'],
    ],
  },
  {
    name: 'a stop during the start waits for the browser that is on its way',
    before: [start],
    steps: [
      [stop, 'stopping', 'cancel-retry', 'stop-worker'],
      [ended, 'stopping'],
      [browserReady, 'stopping', 'stop-browser'],
      [browserExited, 'stopped'],
    ],
  },
  {
    name: 'a lost connection degrades the account and kills nobody',
    before: up,
    steps: [
      [{ type: 'health', connection: 'OPENING', impairment: away }, 'degraded'],
      [{ type: 'health', connection: 'CONNECTED', impairment: null }, 'listening'],
    ],
  },
  {
    name: 'a session that is impaired when it comes up is degraded until that is over',
    before: restoring,
    steps: [
      [{ type: 'phase', phase: 'listening' }, 'restoring'],
      [{ type: 'health', connection: 'CONNECTED', impairment: away }, 'restoring'],
      [listening, 'degraded'],
      [{ type: 'health', connection: 'CONNECTED', impairment: null }, 'listening'],
    ],
  },
  {
    name: 'a worker that hangs over its first message never listens, and is followed by one in the same page',
    before: restoring,
    steps: [
      [{ type: 'phase', phase: 'listening' }, 'restoring'],
      [{ type: 'heartbeat-missed', afterMs: 10_000 }, 'restoring', 'kill-worker'],
      [killed, 'starting', 'start-worker'],
      [workerReady, 'restoring', 'assign restore hot 1'],
    ],
  },
  {
    name: 'a page that comes up again does not listen meanwhile, and is no new life',
    before: up,
    steps: [
      [{ type: 'phase', phase: 'loading' }, 'restoring'],
      [{ type: 'phase', phase: 'listening' }, 'restoring'],
      [listening, 'listening'],
    ],
  },
  {
    name: 'a session that is refused while it comes up again in its page has spent no attempt yet',
    before: [...up, { type: 'phase', phase: 'loading' }],
    steps: [
      [refused, 'restoring'],
      [loggedOut, 'backoff', 'retry-in 5000'],
      [retry, 'starting', 'start-worker'],
      [workerReady, 'restoring', 'assign restore warm 1'],
    ],
  },
  {
    name: 'a worker that has gone silent is killed, and followed by another one',
    before: up,
    steps: [
      [{ type: 'heartbeat-missed', afterMs: 10_000 }, 'listening', 'kill-worker'],
      [killed, 'starting', 'start-worker'],
    ],
  },
  {
    name: 'a page that can’t be renewed costs the browser, and the worker that never had it is used again',
    before: [...up, killed, workerReady],
    steps: [
      [{ type: 'page-lost', reason: 'no answer' }, 'backoff', 'stop-browser', 'retry-in 0'],
      [browserExited, 'backoff'],
      [retry, 'starting', 'start-browser'],
      [browserReady, 'restoring', 'assign restore cold 1'],
    ],
  },
  {
    name: 'a planned restart: the next worker loads while the old one listens, which then hands over to it',
    before: up,
    steps: [
      [restart, 'listening', 'start-successor'],
      [successorReady, 'starting', 'stop-worker'],
      [ended, 'restoring', 'promote-successor', 'assign restore hot 1'],
    ],
  },
  {
    name: 'what can’t be loaded never takes the place of what works',
    before: up,
    steps: [
      [restart, 'listening', 'start-successor'],
      [successorFailed('It throws'), 'listening'],
      [restart, 'listening', 'start-successor'],
      [successorReady, 'starting', 'stop-worker'],
    ],
  },
  {
    name: 'a bot that can’t be loaded beside itself is loaded after itself',
    before: up,
    steps: [
      [restart, 'listening', 'start-successor'],
      [successorFailed('listen EADDRINUSE: address already in use :::3000'), 'starting', 'stop-worker'],
      [ended, 'starting', 'start-worker'],
    ],
  },
  {
    name: 'code that changes again while it is loaded is loaded again',
    before: up,
    steps: [
      [restart, 'listening', 'start-successor'],
      [restart, 'listening', 'start-successor'],
      [successorReady, 'starting', 'stop-worker'],
      [restart, 'starting', 'drop-successor'],
      [ended, 'starting', 'start-worker'],
    ],
  },
  {
    name: 'whoever is on its way takes the place of one that dies',
    before: up,
    steps: [
      [restart, 'listening', 'start-successor'],
      [killed, 'starting', 'promote-successor'],
      [workerReady, 'restoring', 'assign restore hot 1'],
    ],
  },
  {
    name: 'nobody follows on one that is stopped',
    before: up,
    steps: [
      [restart, 'listening', 'start-successor'],
      [stop, 'stopping', 'cancel-retry', 'drop-successor', 'stop-worker'],
    ],
  },
  {
    name: 'a large worker hands over; the browser stays',
    before: up,
    steps: [
      [{ type: 'recycle', reason: 'It is large', freshBrowser: false }, 'listening', 'start-successor'],
      [{ type: 'recycle', reason: 'It is large', freshBrowser: false }, 'listening'],
      [successorReady, 'starting', 'stop-worker'],
    ],
  },
  {
    name: 'a restart of a session that comes up ends that life: nothing has failed, and the browser stays',
    before: [...up, killed, workerReady],
    steps: [
      [restart, 'starting', 'cancel-retry', 'stop-worker'],
      [ended, 'starting', 'start-worker'],
      [workerReady, 'restoring', 'assign restore hot 1'],
    ],
  },
  {
    name: 'new code is tried at once by an account that the old one has failed',
    before: [start, browserReady, { type: 'worker-failure', failure: failureOf('CONFIGURATION') }, broken],
    steps: [
      [restart, 'starting', 'start-worker'],
      [browserExited, 'starting', 'start-browser'],
    ],
  },
  {
    name: 'a failure of the machine it runs on takes a fresh browser, started once the old one has gone',
    before: [...up, { type: 'worker-failure', failure: failureOf('LOCAL') }],
    steps: [
      [{ type: 'worker-exited', code: 76, signal: null }, 'backoff', 'stop-browser', 'retry-in 0'],
      [retry, 'starting', 'start-worker'],
      [workerReady, 'starting'],
      [browserExited, 'starting', 'start-browser'],
      [browserReady, 'restoring', 'assign restore cold 1'],
    ],
  },
  {
    name: 'a configuration that can’t work stops everything and waits for a person',
    before: [start, browserReady, { type: 'worker-failure', failure: failureOf('CONFIGURATION') }],
    steps: [
      [{ type: 'worker-exited', code: 78, signal: null }, 'failed', 'stop-browser'],
      [browserExited, 'failed'],
      [start, 'starting', 'start-browser', 'start-worker'],
    ],
  },
  {
    name: 'a start while a failed account is still being put away waits for that, and fails no second time',
    before: [start, { type: 'browser-failed', failure: failureOf('CONFIGURATION') }],
    steps: [
      [start, 'starting', 'start-browser'],
      [workerReady, 'starting'],
      [ended, 'starting', 'start-worker'],
    ],
  },
  {
    name: 'attempts at a restore are counted anew once one has succeeded',
    before: [start, browserReady, workerReady, refused, loggedOut, retry, workerReady],
    steps: [
      [listening, 'listening'],
      [killed, 'starting', 'start-worker'],
      [workerReady, 'restoring', 'assign restore hot 1'],
      [refused, 'restoring'],
      [loggedOut, 'backoff', 'retry-in 5000'],
      [retry, 'starting', 'start-worker'],
      [workerReady, 'restoring', 'assign restore warm 2'],
    ],
  },
  {
    name: 'a login that WhatsApp refuses is set aside once the browser has gone, and a new link asked for in a fresh one',
    before: [start, browserReady, workerReady, ...refusal, retry, workerReady, ...refusal, retry, workerReady, refused],
    steps: [
      [loggedOut, 'backoff', 'stop-browser', 'retry-in 0'],
      [retry, 'starting', 'start-worker'],
      [browserExited, 'starting', 'set-profile-aside'],
      [workerReady, 'starting'],
      [{ type: 'profile-moved', name: 'a-name' }, 'starting', 'start-browser'],
      [browserReady, 'linking', 'assign link cold 1'],
    ],
  },
  {
    name: 'a login that can’t be set aside keeps the browser away from it until it can',
    before: [...spent, browserExited, retry, workerReady],
    steps: [
      [{ type: 'profile-not-moved', failure: failureOf('LOCAL') }, 'starting', 'set-profile-aside'],
      [{ type: 'profile-not-moved', failure: failureOf('LOCAL') }, 'backoff', 'retry-in 188'],
      [retry, 'starting', 'set-profile-aside'],
      [{ type: 'profile-moved', name: null }, 'starting', 'start-browser'],
    ],
  },
  {
    name: 'a stop waits for a login that is being moved',
    before: [...spent, browserExited, retry],
    steps: [
      [stop, 'stopping', 'cancel-retry', 'stop-worker'],
      [ended, 'stopping'],
      [{ type: 'profile-moved', name: 'a-name' }, 'stopped'],
    ],
  },
  {
    name: 'a link that WhatsApp refuses as often as a restore may be refused waits for a person',
    mode: 'link',
    before: [start, browserReady, workerReady, ...refusal, retry, workerReady, ...refusal, retry, workerReady, refused],
    steps: [[loggedOut, 'needs-link', 'stop-browser']],
  },
  {
    name: 'an account that another process runs is left alone',
    steps: [
      [{ type: 'refused', failure: failureOf('CONFIGURATION') }, 'failed'],
      [start, 'starting', 'start-browser', 'start-worker'],
    ],
  },
  {
    name: 'a WhatsApp that the library doesn’t know is looked at once more soon, then every half hour',
    before: [start, browserReady, workerReady, { type: 'worker-failure', failure: failureOf('INCOMPATIBLE') }],
    steps: [
      [{ type: 'worker-exited', code: 70, signal: null }, 'backoff', 'retry-in 5000'],
      [retry, 'starting', 'start-worker'],
      [workerReady, 'restoring', 'assign restore warm 1'],
      [{ type: 'worker-failure', failure: failureOf('INCOMPATIBLE') }, 'restoring'],
      [{ type: 'worker-exited', code: 70, signal: null }, 'backoff', 'retry-in 1800000'],
    ],
  },
  {
    name: 'what two fresh pages haven’t cured gets a fresh browser',
    before: [start, browserReady, workerReady, ...passing, workerReady, ...passing, retry, workerReady],
    steps: [
      [{ type: 'worker-failure', failure: failureOf('TRANSIENT') }, 'restoring'],
      [{ type: 'worker-exited', code: 75, signal: null }, 'backoff', 'stop-browser', 'retry-in 375'],
    ],
  },
  {
    name: 'a link that nobody took up waits until a person asks again',
    mode: 'link',
    before: [start, browserReady, workerReady, { type: 'worker-failure', failure: failureOf('TERMINAL') }],
    steps: [
      [{ type: 'worker-exited', code: 77, signal: null }, 'needs-link', 'stop-browser'],
      [browserExited, 'needs-link'],
      [start, 'starting', 'start-browser', 'start-worker'],
      [browserReady, 'starting'],
      [workerReady, 'linking', 'assign link cold 1'],
    ],
  },
  {
    name: 'a browser that hangs is killed, with its worker, and both come back',
    before: up,
    steps: [
      [{ type: 'browser-hung', afterMs: 8_000 }, 'listening', 'kill-browser'],
      [browserExited, 'starting', 'stop-worker'],
      [ended, 'starting', 'start-browser', 'start-worker'],
    ],
  },
  {
    name: 'a browser that hangs before it has a worker is killed, and counts as a failure',
    before: [start, browserReady],
    steps: [
      [{ type: 'browser-hung', afterMs: 8_000 }, 'starting', 'kill-browser'],
      [browserExited, 'starting', 'start-browser'],
    ],
  },
  {
    name: 'what has grown too large is replaced, worker first, without a failure',
    before: up,
    steps: [
      [{ type: 'recycle', reason: 'It is large', freshBrowser: true }, 'starting', 'stop-worker'],
      [ended, 'starting', 'stop-browser', 'start-worker'],
      [workerReady, 'starting'],
      [browserExited, 'starting', 'start-browser'],
      [browserReady, 'restoring', 'assign restore cold 1'],
    ],
  },
  {
    name: 'what has more memory than it may is stopped for that, with its browser, and the next one isn’t',
    before: up,
    steps: [
      [
        { type: 'recycle', reason: 'It is large', freshBrowser: true, isOverMemory: true },
        'starting',
        'stop-worker over-memory',
      ],
      [ended, 'starting', 'stop-browser', 'start-worker'],
      [stop, 'stopping', 'cancel-retry', 'stop-worker'],
    ],
  },
  {
    name: 'a worker that has more memory than it may is stopped for that when its successor is ready',
    before: up,
    steps: [
      [
        { type: 'recycle', reason: 'It is large', freshBrowser: false, isOverMemory: true },
        'listening',
        'start-successor',
      ],
      [successorReady, 'starting', 'stop-worker over-memory'],
      [ended, 'restoring', 'promote-successor', 'assign restore hot 1'],
      [listening, 'listening'],
      [restart, 'listening', 'start-successor'],
      [successorReady, 'starting', 'stop-worker'],
    ],
  },
  {
    name: 'a worker that has more memory than it may, and no successor, is stopped for nothing but what comes then',
    before: [...up, { type: 'recycle', reason: 'It is large', freshBrowser: false, isOverMemory: true }],
    steps: [
      [successorFailed('SyntaxError'), 'listening'],
      [stop, 'stopping', 'cancel-retry', 'stop-worker'],
    ],
  },
  {
    name: 'what does not listen is not replaced for its size',
    before: [start, browserReady, workerReady],
    steps: [[{ type: 'recycle', reason: 'It is large', freshBrowser: true }, 'restoring']],
  },
  {
    name: 'a person’s restart takes the browser along when that is asked',
    before: up,
    steps: [
      [{ type: 'restart', freshBrowser: true }, 'starting', 'cancel-retry', 'stop-worker'],
      [ended, 'starting', 'stop-browser', 'start-worker'],
      [browserExited, 'starting', 'start-browser'],
    ],
  },
  {
    name: 'a device that is unlinked as asked is neither restored nor linked anew by itself; its login is set aside',
    before: up,
    steps: [
      [{ type: 'unlink' }, 'listening', 'unlink-device'],
      [refused, 'listening'],
      [loggedOut, 'needs-link', 'stop-browser'],
      [browserExited, 'needs-link', 'set-profile-aside'],
      [{ type: 'profile-moved', name: 'a-name' }, 'needs-link'],
      [start, 'starting', 'start-browser', 'start-worker'],
    ],
  },
  {
    name: 'a device that WhatsApp did not unlink in time is restored after its next logout',
    before: [...up, { type: 'unlink' }, { type: 'unlink-expired' }],
    steps: [
      [refused, 'listening'],
      [loggedOut, 'backoff', 'retry-in 5000'],
    ],
  },
  {
    name: 'a browser that can’t be ended is no end of a stop, which says so',
    before: [...up, stop, ended],
    steps: [[{ type: 'browser-stuck', reason: 'It can’t be ended' }, 'stopped']],
  },
  {
    name: 'a worker that can’t be ended is no end of a stop, which says so',
    before: [...up, stop],
    steps: [
      [{ type: 'worker-stuck', reason: 'It can’t be ended' }, 'stopping', 'stop-browser'],
      [browserExited, 'stopped'],
    ],
  },
  {
    name: 'a browser that can’t be ended is followed by none until it has gone',
    before: [...up, { type: 'browser-hung', afterMs: 8_000 }],
    steps: [
      [{ type: 'browser-stuck', reason: 'It can’t be ended' }, 'listening'],
      [browserExited, 'starting', 'stop-worker'],
      [ended, 'starting', 'start-browser', 'start-worker'],
    ],
  },
];

describe('what an account does next', () => {
  it.each(paths)('$name', ({ mode = 'restore', before = [], steps }) => {
    let world = createWorld(mode);
    for (const event of before) world = happen(world, event).world;
    for (const [event, state, ...done] of steps) {
      const outcome = happen(world, event);
      world = outcome.world;
      expect([event.type, world.machine.state, ...done]).toEqual([
        event.type,
        state,
        ...describeEffects(outcome.effects),
      ]);
    }
  });
});

describe('in every situation that browser, worker, timers and persons can bring about', () => {
  const situations = [
    ...explore({ ...limits, maxRestoreAttempts: 2 }, { maxFailures: 3, rare: false }),
    ...explore({ ...limits, maxRestoreAttempts: 2 }, { maxFailures: 0, rare: true }),
    // The breaker opens with the second failure.
    ...explore({ ...limits, breakerFailures: 2 }, { maxFailures: 2, rare: false }),
  ];

  it('keeps the rules: one browser, one worker, one assignment at a time, honest books, nothing impossible', () => {
    expect(situations.length).toBeGreaterThan(5_000);
    const broken = situations.flatMap(({ steps }) => steps).filter((step) => step.outcome.broken.length > 0);
    expect(broken.map(({ outcome, history }) => [outcome.broken, history()])).toEqual([]);
  });

  it('starts nothing by itself while it is stopped, stopping, or waiting for a person', () => {
    const quiet: readonly AccountState[] = [...waitsForPerson, 'stopping'];
    const broken = situations
      .filter(({ world }) => quiet.includes(world.machine.state))
      .flatMap(({ steps }) => steps)
      .filter(({ move, outcome }) => !personAsks(move.event) && outcome.effects.some(({ type }) => starts(type)));
    expect(broken.map(({ history }) => history())).toEqual([]);
  });

  it('never stands still: something is sure to happen next, or it listens, or it waits for a person', () => {
    const stuck = situations.filter(({ world, steps }) => {
      const rests = [...waitsForPerson, 'listening', 'degraded'].includes(world.machine.state);
      return !rests && !steps.some(({ move }) => move.certain);
    });
    expect(stuck.map(({ history }) => history())).toEqual([]);
  });

  it('leaves nobody behind when it says that it has stopped', () => {
    const stopped = situations.filter(({ world }) => world.machine.state === 'stopped');
    expect(stopped.length).toBeGreaterThan(0);
    for (const { world } of stopped) {
      expect(world).toMatchObject({ browser: 'none', worker: 'none', retryIsArmed: false });
    }
  });

  it('reaches that stop from anywhere, by what is sure to happen, and records it', () => {
    const ends = situations
      .filter(({ world }) => world.machine.state !== 'stopped')
      .map(({ world, history }) => ({ ...stopAndWait(world), history }));
    const broken = ends.filter(({ state, records }) => state !== 'stopped' || records !== 1);
    expect(broken.map(({ history }) => history())).toEqual([]);
  });
});

describe('in long random histories', () => {
  const histories = fc.record({
    mode: fc.constantFrom('restore' as const, 'link' as const),
    maxRestoreAttempts: fc.integer({ min: 1, max: 5 }),
    restoreRetryDelayMs: fc.integer({ min: 0, max: 60_000 }),
    incompatibleRetryMs: fc.integer({ min: 100, max: 86_400_000 }),
    choices: fc.array(fc.tuple(fc.nat(), fc.double({ min: 0, max: 1, noNaN: true })), { maxLength: 400 }),
  });

  it('keeps the rules, with delays between nothing and a minute', () => {
    fc.assert(
      fc.property(histories, ({ mode, choices, ...chosenLimits }) => {
        let world = createWorld(mode);
        for (const [choice, random] of choices) {
          const moves = possibleMoves(world);
          const outcome = play(world, pick(moves, choice), { ...limits, ...chosenLimits }, random);
          expect(outcome.broken).toEqual([]);
          world = outcome.world;
        }
      }),
      { numRuns: 300 },
    );
  });

  it('asks for a new link after exactly so many refused restores as are allowed, whatever fails in between', () => {
    const others: FailureClass[] = ['LOCAL', 'NETWORK', 'TRANSIENT'];
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.array(fc.constantFrom(...others), { maxLength: 40 }),
        (maxRestoreAttempts, between) => {
          const chosenLimits = { ...limits, maxRestoreAttempts };
          let world = createWorld('restore');
          for (let attempt = 1; attempt <= maxRestoreAttempts; attempt += 1) {
            for (const failureClass of between.splice(0, 3)) world = liveAndFail(world, failureClass, chosenLimits);
            const assigned = untilAssigned(world, chosenLimits);
            expect(assigned.assignment).toMatchObject({ mode: 'restore', attempt });
            world = liveAndFail(assigned.world, 'AUTH', chosenLimits);
          }
          expect(untilAssigned(world, chosenLimits).assignment).toMatchObject({ mode: 'link', attempt: 1 });
        },
      ),
    );
  });

  it('never gives up, and never asks for a new link, because of the network or the machine', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom<FailureClass>('NETWORK', 'LOCAL', 'TRANSIENT'), { maxLength: 60 }),
        (classes) => {
          let world = createWorld('restore');
          for (const failureClass of classes) world = liveAndFail(world, failureClass, limits);
          expect(untilAssigned(world, limits).assignment).toMatchObject({ mode: 'restore', attempt: 1 });
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe('what a failure leaves behind', () => {
  it('counts failures from one again after a life that has proved to be healthy, whoever ended it', () => {
    for (const end of [killed, browserExited]) {
      let world = createWorld('restore');
      for (let life = 0; life < 6; life += 1) world = liveAndFail(world, 'TRANSIENT', limits);
      world = happen(untilAssigned(world, limits).world, listening).world;
      expect(failuresIn(world.machine)).toBe(6);
      world = happen(world, { type: 'proven' }, stableAfterMs).world;
      world = happen(world, end).world;
      if (world.workerIsToldToStop) world = happen(world, ended).world;
      expect(failuresIn(world.machine)).toBe(1);
    }
  });

  it('goes on counting after a life that was too short to prove anything, or silent', () => {
    let world = liveAndFail(createWorld('restore'), 'TRANSIENT', limits);
    world = happen(untilAssigned(world, limits).world, listening).world;
    world = happen(world, { type: 'proven' }, stableAfterMs - 1).world;
    world = happen(world, { type: 'heartbeat-missed', afterMs: 10_000 }, 2 * stableAfterMs).world;
    world = happen(world, killed, 2 * stableAfterMs).world;
    expect(failuresIn(world.machine)).toBe(2);
  });

  it('puts a worker’s end down to its own cause, not to an older trouble of the browser', () => {
    let world = createWorld('restore');
    for (const event of [start, { type: 'browser-failed', failure: failureOf('LOCAL') } as const]) {
      world = happen(world, event).world;
    }
    world = happen(untilAssigned(world, limits).world, listening).world;
    const outcome = happen(world, killed);
    expect(outcome.effects).toContainEqual(
      expect.objectContaining({ type: 'tell', failure: expect.objectContaining({ class: 'TRANSIENT' }) as unknown }),
    );
    expect(describeEffects(outcome.effects)).not.toContain('stop-browser');
  });

  it('puts it down to what the worker said, rather than to its exit code', () => {
    let world = untilAssigned(createWorld('restore'), limits).world;
    world = happen(world, { type: 'worker-failure', failure: failureOf('NETWORK') }).world;
    expect(happen(world, { type: 'worker-exited', code: 70, signal: null }).world.machine.failure?.class).toBe(
      'NETWORK',
    );
  });

  it.each([
    [0, null, 'TRANSIENT'],
    // What wasup means by these it says before it ends: here the bot has ended the process.
    [69, null, 'BUG'],
    [70, null, 'BUG'],
    [75, null, 'BUG'],
    [76, null, 'BUG'],
    [77, null, 'BUG'],
    [78, null, 'BUG'],
    [1, null, 'BUG'],
    [13, null, 'BUG'],
    [null, 'SIGABRT', 'TRANSIENT'],
    [null, null, 'BUG'],
  ] as const)('puts an end without a word (code %s, signal %s) down to %s', (code, signal, failureClass) => {
    const world = untilAssigned(createWorld('restore'), limits).world;
    const { machine } = happen(world, { type: 'worker-exited', code, signal }).world;
    expect(machine.failure?.class).toBe(failureClass);
  });

  it('never sets a login aside, nor gives an account up, for the exit codes of a bot', () => {
    const code = fc.integer({ min: 0, max: 255 });
    fc.assert(
      fc.property(fc.array(code, { minLength: 1, maxLength: 20 }), (codes) => {
        let world = createWorld('restore');
        for (const exit of codes) {
          world = happen(untilAssigned(world, limits).world, { type: 'worker-exited', code: exit, signal: null }).world;
          expect(world.machine).toMatchObject({ mode: 'restore', profile: 'in-place' });
          expect(['starting', 'backoff']).toContain(world.machine.state);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('does not suspect the browser when workers are killed, however often', () => {
    let world = createWorld('restore');
    for (let life = 0; life < 7; life += 1) {
      const outcome = happen(untilAssigned(world, limits).world, killed);
      expect(describeEffects(outcome.effects)).not.toContain('stop-browser');
      world = outcome.world;
    }
  });

  it('opens the breaker for a bug that comes back every time: nothing runs, then one life is on trial', () => {
    // In this world minutes lie between two lives.
    const patient = { ...limits, breakerWindowMs: 86_400_000 };
    let world = createWorld('restore');
    for (let life = 1; life < limits.breakerFailures; life += 1) world = liveAndFail(world, 'BUG', patient);
    expect(world.machine.tally.breaker.state).toBe('closed');
    world = liveAndFail(world, 'BUG', patient);
    expect(world.machine).toMatchObject({ state: 'backoff', tally: { breaker: { state: 'open' } } });
    world = untilAssigned(world, patient).world;
    expect(world.machine.tally.breaker.state).toBe('half-open');
    expect(liveAndFail(world, 'BUG', patient).machine.tally.breaker).toMatchObject({ state: 'open', trips: 2 });
    const healthy = happen(happen(world, listening).world, { type: 'proven' }, stableAfterMs).world;
    expect(healthy.machine.tally.breaker.state).toBe('closed');
  });

  it('never opens the breaker for lives whose bot has dealt with a message, and gives each a new one at once', () => {
    const patient = { ...limits, breakerWindowMs: 86_400_000 };
    let world = createWorld('restore');
    for (let life = 1; life <= 3 * limits.breakerFailures; life += 1) {
      world = happen(untilAssigned(world, patient).world, listening).world;
      world = happen(world, { type: 'handled' }).world;
      world = fail(world, 'BUG', patient);
      expect(world.machine).toMatchObject({ state: 'starting', tally: { breaker: { state: 'closed' } } });
    }
  });

  it('never opens the breaker for lives that have listened in the page as it was; a page that was opened counts', () => {
    const patient = { ...limits, breakerWindowMs: 86_400_000 };
    const loop = (failureClass: FailureClass): World => {
      let world = createWorld('restore');
      for (let life = 1; life <= 2 * limits.breakerFailures; life += 1) {
        if (world.machine.tally.breaker.state !== 'closed') break;
        world = happen(untilAssigned(world, patient).world, listening).world;
        world = fail(world, failureClass, patient);
      }
      return world;
    };
    // The first has opened WhatsApp Web, those that follow a bug have taken over its page.
    expect(loop('BUG').machine.tally.breaker).toMatchObject({ state: 'closed', failures: { length: 1 } });
    expect(loop('TRANSIENT').machine.tally.breaker.state).toBe('open');
  });

  it('leaves the next try to a failure that comes while another retry is waiting', () => {
    let world = createWorld('restore');
    for (const event of [start, ...Array.from({ length: 2 }, () => browserFailed)]) world = happen(world, event).world;
    expect(world).toMatchObject({ machine: { state: 'backoff' }, retryIsArmed: true });
    world = happen(world, { type: 'worker-failure', failure: failureOf('CONFIGURATION') }).world;
    world = happen(world, { type: 'worker-exited', code: 78, signal: null }).world;
    expect(world).toMatchObject({ machine: { state: 'failed' }, retryIsArmed: false });
  });
});

const browserFailed: MachineEvent = { type: 'browser-failed', failure: failureOf('LOCAL') };

describe('calls impossible', () => {
  const cases: readonly (readonly [string, World, MachineEvent])[] = [
    ['a start of what runs', reach(up), start],
    ['a start of what is being stopped', reach([...up, stop]), start],
    ['a retry that nobody waits for', reach(up), retry],
    ['a second browser', reach(up), browserReady],
    ['a second hello', reach(up), workerReady],
    ['listening without an assignment', reach([start, workerReady]), listening],
    ['a lost page before any was handed over', reach([start, browserReady]), { type: 'page-lost', reason: 'no page' }],
  ];

  it.each(cases)('%s, and changes nothing', (_name, { machine }, event) => {
    const outcome = play({ ...createWorld('restore'), machine }, { event, certain: false }, limits);
    expect(outcome.world.machine).toEqual(machine);
    expect(outcome.effects).toEqual([{ type: 'cannot-happen', event: event.type }]);
  });
});

function happen(world: World, event: MachineEvent, listenedMs = 0): ReturnType<typeof play> {
  const outcome = play(world, { event, certain: false, listenedMs }, limits);
  expect(outcome.broken).toEqual([]);
  return outcome;
}

function reach(events: readonly MachineEvent[]): World {
  return events.reduce((world, event) => play(world, { event, certain: false }, limits).world, createWorld('restore'));
}

/** Every process that was told to stop exits, and a browser on its way arrives first: three steps at most. */
function stopAndWait(world: World): { state: AccountState; records: number } {
  let outcome = play(world, { event: stop, certain: false }, limits);
  for (let step = 0; step < 3 && outcome.world.machine.state !== 'stopped'; step += 1) {
    const next = possibleMoves(outcome.world).find(({ certain, event }) => certain && event.type !== 'worker-ready');
    if (next === undefined) break;
    outcome = play(outcome.world, next, limits);
  }
  const records = outcome.effects.filter(({ type }) => type === 'record-inactive').length;
  return { state: outcome.world.machine.state, records };
}

/** Lets happen what is sure to happen, and goes well, until the worker has been assigned. */
function untilAssigned(world: World, chosenLimits: MachineLimits): { world: World; assignment: Effect | undefined } {
  const wanted: readonly string[] = [
    'start',
    'retry',
    'browser-ready',
    'worker-ready',
    'browser-exited',
    'worker-exited',
    'profile-moved',
  ];
  let current = world;
  while (current.worker !== 'assigned') {
    const next = possibleMoves(current).find(
      ({ event, certain }) => wanted.includes(event.type) && (certain || event.type === 'start'),
    );
    if (next === undefined) throw new Error(`nothing leads to an assignment from ${JSON.stringify(current)}`);
    const { world: after, effects } = play(current, next, chosenLimits);
    const assignment = effects.find(({ type }) => type === 'assign');
    if (assignment !== undefined) return { world: after, assignment };
    current = after;
  }
  return { world: current, assignment: undefined };
}

/** One life that comes as far as its assignment and then ends for this reason. */
function liveAndFail(world: World, failureClass: FailureClass, chosenLimits: MachineLimits): World {
  return fail(untilAssigned(world, chosenLimits).world, failureClass, chosenLimits);
}

function fail(world: World, failureClass: FailureClass, chosenLimits: MachineLimits): World {
  const failure: MachineEvent = { type: 'worker-failure', failure: failureOf(failureClass) };
  return [failure, { type: 'worker-exited', code: 75, signal: null } as const].reduce(
    (current, event) => play(current, { event, certain: true }, chosenLimits).world,
    world,
  );
}

function pick(moves: readonly Move[], choice: number): Move {
  const move = moves[choice % moves.length];
  if (move === undefined) throw new Error('this world has come to an end');
  return move;
}

function starts(effectType: Effect['type']): boolean {
  return effectType === 'start-browser' || effectType === 'start-worker' || effectType === 'assign';
}

function describeEffects(effects: readonly Effect[]): string[] {
  return effects
    .filter(({ type }) => !['tell', 'alert', 'record-inactive'].includes(type))
    .map((effect) => {
      if (effect.type === 'retry-in') return `retry-in ${effect.delayMs}`;
      if (effect.type === 'stop-worker' && effect.isOverMemory === true) return 'stop-worker over-memory';
      if (effect.type !== 'assign') return effect.type;
      return `assign ${effect.mode} ${effect.rung} ${effect.attempt}`;
    });
}

/** A person has asked for it: by a word, or by saving new code. */
function personAsks({ type }: MachineEvent): boolean {
  return type === 'start' || type === 'restart';
}
