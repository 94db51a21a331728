import type { Effect, Machine, Moment, Step } from './machine-types.js';
import { countOf, noteLogin } from './restart-tally.js';

/** Browser and worker start side by side; whichever is there already is kept. */
export function startMissing(machine: Machine, now: Moment): Step {
  const effects: Effect[] = [];
  let next = machine;
  if (machine.browser === 'absent' && machine.profile === 'unpaired') {
    effects.push({ type: 'set-profile-aside', reason: 'unpaired' });
    next = { ...next, profile: 'moving' };
  } else if (machine.browser === 'absent' && machine.profile === 'in-place') {
    effects.push({ type: 'start-browser' });
    next = { ...next, browser: 'starting' };
  }
  if (machine.worker === 'absent') {
    effects.push({ type: 'start-worker' });
    next = { ...next, worker: 'starting', incarnation: machine.incarnation + 1, workerFailure: null, phase: null };
  }
  const assigned = assignWhenBothAreReady(next, now);
  return { machine: assigned.machine, effects: [...effects, ...assigned.effects] };
}

export function assignWhenBothAreReady(machine: Machine, { wallMs }: Moment): Step {
  if (machine.browser !== 'running' || machine.worker !== 'ready') return { machine, effects: [] };
  return {
    machine: {
      ...machine,
      worker: 'assigned',
      state: machine.mode === 'restore' ? 'restoring' : 'linking',
      pageIsBlank: false,
      tally: noteLogin(machine.tally, wallMs),
    },
    effects: [
      {
        type: 'assign',
        mode: machine.mode,
        rung: machine.pageIsBlank ? 'cold' : 'warm',
        attempt: countOf(machine.tally, 'AUTH', wallMs) + 1,
        renewPage: !machine.pageIsBlank,
      },
    ],
  };
}
