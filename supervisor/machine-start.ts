import type { RestoreRung } from '../shared/protocol/messages.js';
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
    const life = {
      incarnation: machine.incarnation + 1,
      workerFailure: null,
      phase: null,
      hasOpenedPage: false,
      impairment: null,
    };
    if (machine.successor === 'absent') {
      effects.push({ type: 'start-worker' });
      next = { ...next, ...life, worker: 'starting' };
    } else {
      effects.push({ type: 'promote-successor' });
      next = { ...next, ...life, worker: machine.successor, successor: 'absent' };
    }
  }
  const assigned = assignWhenBothAreReady(next, surroundings);
  return { machine: assigned.machine, effects: [...effects, ...assigned.effects] };
}

export function assignWhenBothAreReady(machine: Machine, surroundings: Surroundings): Step {
  if (machine.browser !== 'running' || machine.worker !== 'ready') return { machine, effects: [] };
  const { wallMs } = surroundings.now;
  const rung = rungFor(machine);
  const assigned: Machine = {
    ...machine,
    worker: 'assigned',
    state: machine.mode === 'restore' ? 'restoring' : 'linking',
  };
  return {
    machine: rung === 'hot' ? assigned : openPage(assigned, surroundings),
    effects: [
      {
        type: 'assign',
        mode: machine.mode,
        rung,
        attempt: countOf(machine.tally, 'AUTH', wallMs) + 1,
      },
    ],
  };
}

/** WhatsApp Web is opened: what comes of it isn't known yet. */
export function openPage(machine: Machine, { now: { wallMs }, limits }: Surroundings): Machine {
  return {
    ...machine,
    page: 'doubtful',
    hasOpenedPage: true,
    tally: noteLogin(machine.tally, wallMs, limits.maxLoginsPerHour),
  };
}

function rungFor({ page, mode }: Machine): RestoreRung {
  if (page === 'blank') return 'cold';
  return page === 'living' && mode === 'restore' ? 'hot' : 'warm';
}

/** Nothing runs on while a person, or a long time, is being waited for. */
export function giveBack(machine: Machine, effects: Effect[]): Step {
  let next = dropSuccessor(machine, effects);
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

/** Nobody is to follow any more. */
export function dropSuccessor(machine: Machine, effects: Effect[]): Machine {
  if (machine.successor === 'absent') return machine;
  effects.push({ type: 'drop-successor' });
  return { ...machine, successor: 'absent' };
}

/** What was still on its way is put away when it arrives. */
export function putBrowserAway(machine: Machine): Step {
  return { machine: { ...machine, browser: 'stopping' }, effects: [{ type: 'stop-browser' }] };
}
