import type { Effect, Machine, Step } from './machine-types.js';

/** Browser and worker start side by side; whichever is there already is kept. */
export function startMissing(machine: Machine): Step {
  const effects: Effect[] = [];
  let next = machine;
  if (machine.browser === 'absent') {
    effects.push({ type: 'start-browser' });
    next = { ...next, browser: 'starting' };
  }
  if (machine.worker === 'absent') {
    effects.push({ type: 'start-worker' });
    next = { ...next, worker: 'starting', incarnation: machine.incarnation + 1, workerFailure: null };
  }
  const assigned = assignWhenBothAreReady(next);
  return { machine: assigned.machine, effects: [...effects, ...assigned.effects] };
}

export function assignWhenBothAreReady(machine: Machine): Step {
  if (machine.browser !== 'running' || machine.worker !== 'ready') return { machine, effects: [] };
  return {
    machine: {
      ...machine,
      worker: 'assigned',
      state: machine.mode === 'restore' ? 'restoring' : 'linking',
      pageIsBlank: false,
    },
    effects: [
      {
        type: 'assign',
        mode: machine.mode,
        rung: machine.pageIsBlank ? 'cold' : 'warm',
        attempt: machine.authFailures + 1,
        renewPage: !machine.pageIsBlank,
      },
    ],
  };
}
