import { stuckAlert } from './machine-alerts.js';
import { startMissing } from './machine-start.js';
import { impossible, nothing, putInPlace, followedBy } from './machine-step.js';
import type { Machine, MachineEvent, Step, Surroundings } from './machine-types.js';
import { forgive } from './restart-tally.js';

type Event<Type extends MachineEvent['type']> = Extract<MachineEvent, { type: Type }>;

/** A person has come. What was still on its way to its end is followed by what is to start. */
export function beginAnew(machine: Machine, _event: MachineEvent, surroundings: Surroundings): Step {
  const fresh: Machine = { ...machine, tally: forgive(machine.tally), failure: null, workerFailure: null };
  return startMissing({ ...fresh, state: 'starting', unlinking: false }, surroundings);
}

export function workerIsGone(machine: Machine): Step {
  const without: Machine = { ...machine, worker: 'absent', unlinking: false };
  return followedBy({ machine: without, effects: [{ type: 'record-inactive' }] }, setAside);
}

export function browserIsGone(machine: Machine): Step {
  const without: Machine = { ...machine, browser: 'absent', browserFailure: null, freshBrowser: false };
  return followedBy({ machine: without, effects: [{ type: 'record-inactive' }] }, setAside);
}

/** An unpaired login makes room as soon as no browser has it. */
function setAside(machine: Machine): Step {
  if (machine.profile !== 'unpaired' || machine.browser !== 'absent') return nothing(machine);
  return { machine: { ...machine, profile: 'moving' }, effects: [{ type: 'set-profile-aside', reason: 'unpaired' }] };
}

export function processStuck(machine: Machine, { reason }: Event<'browser-stuck' | 'worker-stuck'>): Step {
  return { machine, effects: [{ type: 'alert', alert: stuckAlert(reason), class: 'LOCAL' }] };
}

export function profileMoved(machine: Machine, event: Event<'profile-moved'>): Step {
  return machine.profile === 'moving' ? putInPlace(machine, event.name) : impossible(machine, event);
}

export function profileNotMoved(machine: Machine, { failure }: Event<'profile-not-moved'>): Step {
  const next = 'It is tried again before the device is linked.';
  return {
    machine: { ...machine, profile: 'unpaired' },
    effects: [{ type: 'tell', failure, next, isNews: true }],
  };
}
