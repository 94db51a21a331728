import type { Effect, Machine, Step, Surroundings } from './machine-types.js';
import { countOf, noteLogin } from './restart-tally.js';

/** Browser and worker start side by side; whichever is there already is kept. */
export function startMissing(machine: Machine, surroundings: Surroundings): Step {
  const effects: Effect[] = [];
  let next: Machine =
    machine.browser === 'absent' ? { ...machine, freshBrowser: false, browserFailure: null } : machine;
  if (machine.browser === 'running' && machine.freshBrowser) {
    // Its exit starts what is missing.
    effects.push({ type: 'stop-browser' });
    next = { ...next, browser: 'stopping' };
  } else if (machine.browser === 'absent' && machine.profile === 'unpaired') {
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
  const assigned = assignWhenBothAreReady(next, surroundings);
  return { machine: assigned.machine, effects: [...effects, ...assigned.effects] };
}

export function assignWhenBothAreReady(machine: Machine, { now: { wallMs }, limits }: Surroundings): Step {
  if (machine.browser !== 'running' || machine.worker !== 'ready') return { machine, effects: [] };
  return {
    machine: {
      ...machine,
      worker: 'assigned',
      state: machine.mode === 'restore' ? 'restoring' : 'linking',
      pageIsBlank: false,
      tally: noteLogin(machine.tally, wallMs, limits.maxLoginsPerHour),
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

/** Nothing runs on while a person, or a long time, is being waited for. */
export function giveBack(machine: Machine, effects: Effect[]): Step {
  let next = machine;
  if (machine.worker !== 'absent') {
    effects.push({ type: 'stop-worker' });
    next = { ...next, worker: 'stopping' };
  }
  if (machine.browser === 'running') {
    effects.push({ type: 'stop-browser' });
    next = { ...next, browser: 'stopping' };
  }
  return { machine: next, effects };
}

/** What was still on its way is put away when it arrives. */
export function putBrowserAway(machine: Machine): Step {
  return { machine: { ...machine, browser: 'stopping' }, effects: [{ type: 'stop-browser' }] };
}
