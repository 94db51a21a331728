import { quarantinedAlert } from './machine-alerts.js';
import type { Effect, Machine, MachineEvent, Step } from './machine-types.js';

/** It may come, and is of no interest. */
export function nothing(machine: Machine): Step {
  return { machine, effects: [] };
}

/** The table has no place for it: a bug of ours, logged and counted. */
export function impossible(machine: Machine, event: MachineEvent): Step {
  return { machine, effects: [{ type: 'cannot-happen', event: event.type }] };
}

/** One step after another. */
export function followedBy(first: Step, next: (machine: Machine) => Step): Step {
  const { machine, effects } = next(first.machine);
  return { machine, effects: [...first.effects, ...effects] };
}

/** @param name where the login is now; null when there was none. */
export function putInPlace(machine: Machine, name: string | null): Step {
  const effects: Effect[] = name === null ? [] : [{ type: 'alert', alert: quarantinedAlert(name), class: 'AUTH' }];
  return { machine: { ...machine, profile: 'in-place', tally: { ...machine.tally, unpaired: null } }, effects };
}
