import { expect, it } from 'vitest';

import { type Assignment, type WorkerMessage, workerMessageSchema } from '../../shared/protocol/messages.js';
import { Attempts } from '../../worker/attempts.js';
import { Timeline } from '../../worker/timeline.js';
import { WorkerFailure } from '../../worker/worker-failure.js';

const restore = { mode: 'restore', rung: 'warm', attempt: 2, incarnation: 7 } as Assignment;

it('an attempt that listens is told once, with how long each milestone took', async () => {
  const life = newLife(restore);
  life.timeline.reach('caughtUp');
  life.timeline.enter('listening');
  life.attempts.waVersion = '2.3000.1';
  await life.attempts.succeed(true);
  await life.attempts.succeed(false);
  await life.attempts.fail(new WorkerFailure('LOCAL', 'of a session that listens'));
  expect(life.told).toMatchObject([
    {
      mode: 'restore',
      rung: 'warm',
      attempt: 2,
      outcome: 'listening',
      failedPhase: null,
      class: null,
      reason: null,
      healed: true,
      waVersion: '2.3000.1',
    },
  ]);
  expect(Object.keys(life.told[0]?.phases ?? {})).toHaveLength(9);
});

it('an attempt that fails is told with its class, its reason and what it was at', async () => {
  const life = newLife(restore);
  life.timeline.reach('page');
  life.timeline.enter('starting');
  await life.attempts.fail(new WorkerFailure('NETWORK', 'no network'));
  await life.attempts.fail(new WorkerFailure('BUG', 'what came of it'));
  expect(life.told).toMatchObject([
    { outcome: 'failed', failedPhase: 'starting', class: 'NETWORK', reason: 'no network', healed: false },
  ]);
  expect(Object.keys(life.told[0]?.phases ?? {})).toEqual(['browser', 'page']);
});

it('a link is an attempt, too', async () => {
  const life = newLife({ ...restore, mode: 'link' });
  await life.attempts.succeed(false);
  expect(life.told).toMatchObject([{ mode: 'link', rung: 'relink' }]);
});

it('a session that has listened and comes up again in its page makes an attempt of it, once, whatever it takes', async () => {
  const life = newLife(restore);
  life.attempts.beginInPlace();
  await life.attempts.succeed(false);
  life.attempts.beginInPlace();
  life.attempts.beginInPlace();
  await life.attempts.succeed(false);
  expect(life.told.map(({ rung }) => rung)).toEqual(['warm', 'in-place']);
});

interface Life {
  readonly timeline: Timeline;
  readonly attempts: Attempts;
  readonly told: Extract<WorkerMessage, { type: 'restore-metrics' }>['attempt'][];
}

function newLife(assignment: Assignment): Life {
  const told: Life['told'] = [];
  const timeline = new Timeline(() => undefined);
  const attempts = new Attempts(assignment, timeline, (message) => {
    const parsed = workerMessageSchema.parse(message);
    if (parsed.type === 'restore-metrics') told.push(parsed.attempt);
    return Promise.resolve();
  });
  return { timeline, attempts, told };
}
