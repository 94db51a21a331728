import { describe, expect, it } from 'vitest';

import type { AttemptMetrics } from '../../shared/protocol/messages.js';
import { AttemptLog } from '../../supervisor/attempt-log.js';
import type { Effect } from '../../supervisor/machine.js';

const assign: Extract<Effect, { type: 'assign' }> = {
  type: 'assign',
  mode: 'restore',
  rung: 'cold',
  attempt: 2,
};
const failure = { class: 'TRANSIENT', reason: 'The worker was killed', userAction: null } as const;
const reported: AttemptMetrics = {
  mode: 'restore',
  rung: 'cold',
  attempt: 2,
  outcome: 'listening',
  durationMs: 700,
  phases: { browser: 1 },
  failedPhase: null,
  class: null,
  reason: null,
  healed: true,
  messagesCaughtUp: 0,
  waVersion: '2.3000',
};

function openLog(): { log: AttemptLog; attempts: AttemptMetrics[] } {
  const attempts: AttemptMetrics[] = [];
  return { log: new AttemptLog((attempt) => attempts.push(attempt)), attempts };
}

describe('an attempt whose worker is gone without a report', () => {
  it('is written down with what is known: how long, how far, and what cut it off', () => {
    const { log, attempts } = openLog();
    log.begin(assign, 1_000);
    log.enter('loading');
    log.enter('syncing');
    log.end(failure, 3_500.4);
    expect(attempts).toEqual([
      {
        ...reported,
        outcome: 'failed',
        durationMs: 2_500,
        phases: {},
        failedPhase: 'syncing',
        class: 'TRANSIENT',
        reason: 'The worker was killed',
        healed: false,
        waVersion: null,
      },
    ]);
  });

  it('was attaching when it had said nothing yet', () => {
    const { log, attempts } = openLog();
    log.begin(assign, 0);
    log.end(failure, 1);
    expect(attempts).toMatchObject([{ failedPhase: 'attaching' }]);
  });

  it('of a link is on the rung of links', () => {
    const { log, attempts } = openLog();
    log.begin({ ...assign, mode: 'link' }, 0);
    log.end(failure, 1);
    expect(attempts).toMatchObject([{ mode: 'link', rung: 'relink' }]);
  });

  it('is none when its end was asked for', () => {
    const { log, attempts } = openLog();
    log.begin(assign, 0);
    log.end(null, 1);
    log.end(failure, 2);
    expect(attempts).toEqual([]);
  });

  it('is written down once', () => {
    const { log, attempts } = openLog();
    log.begin(assign, 0);
    log.end(failure, 1);
    log.end(failure, 2);
    expect(attempts).toHaveLength(1);
  });
});

describe('what the worker reports itself', () => {
  it('is written down as it is, and its end adds nothing', () => {
    const { log, attempts } = openLog();
    log.begin(assign, 0);
    log.report(reported);
    log.end(failure, 1);
    expect(attempts).toEqual([reported]);
  });

  it('of an attempt in place leaves the one that is going on open', () => {
    const { log, attempts } = openLog();
    log.begin(assign, 0);
    log.report({ ...reported, rung: 'in-place' });
    log.end(failure, 1);
    expect(attempts.map(({ rung, outcome }) => [rung, outcome])).toEqual([
      ['in-place', 'listening'],
      ['cold', 'failed'],
    ]);
  });
});

it('a worker that was never assigned has made no attempt', () => {
  const { log, attempts } = openLog();
  log.enter('loading');
  log.end(failure, 1);
  expect(attempts).toEqual([]);
});
