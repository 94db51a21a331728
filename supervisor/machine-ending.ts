import { openForMs } from './breaker.js';
import { breakerStaysOpenAlert, finalAlert, loginLimitAlert, stuckAlert } from './machine-alerts.js';
import { dropSuccessor, startMissing } from './machine-start.js';
import { impossible, nothing, putInPlace, followedBy } from './machine-step.js';
import type { Effect, Failure, Machine, MachineEvent, Step, Surroundings } from './machine-types.js';
import { loginPauseMs } from './restart-tally.js';

type Event<Type extends MachineEvent['type']> = Extract<MachineEvent, { type: Type }>;

/** A supervisor that is started again and again neither opens WhatsApp Web without end, nor forgets that its breaker is open. */
export function begin(machine: Machine, event: MachineEvent, surroundings: Surroundings): Step {
  if (machine.state !== 'stopped') return impossible(machine, event);
  const { limits, now } = surroundings;
  const starting: Machine = { ...machine, state: 'starting', failure: null, workerFailure: null };
  const loginMs = loginPauseMs(machine.tally, now.wallMs, limits.maxLoginsPerHour);
  const openMs = openForMs(machine.tally.breaker, limits, now.wallMs);
  const delayMs = Math.max(loginMs, openMs);
  // An open breaker whose time is over while nothing ran puts the first life on trial.
  if (delayMs === 0 && machine.tally.breaker.state !== 'open') return startMissing(starting, surroundings);
  const alert = openMs >= loginMs ? breakerStaysOpenAlert(openMs) : loginLimitAlert(loginMs);
  const effects: Effect[] = [
    { type: 'record-inactive' },
    ...(delayMs === 0 ? [] : [{ type: 'alert', alert, class: 'TRANSIENT' } as const]),
    { type: 'retry-in', delayMs },
  ];
  return { machine: { ...starting, state: 'backoff' }, effects };
}

export function stop(machine: Machine): Step {
  const effects: Effect[] = [{ type: 'cancel-retry' }];
  const alone = dropSuccessor(machine, effects);
  const stopping: Machine = { ...alone, state: 'stopping', listeningSinceMs: null, unlinking: false };
  if (machine.worker !== 'absent') {
    return { machine: { ...stopping, worker: 'stopping' }, effects: [...effects, { type: 'stop-worker' }] };
  }
  return followedBy({ machine: stopping, effects }, settleStop);
}

export function refused(machine: Machine, { failure }: Event<'refused'>): Step {
  if (machine.state !== 'stopped') return nothing(machine);
  const alert: Effect = { type: 'alert', alert: finalAlert(failure, 'failed'), class: failure.class };
  return { machine: { ...machine, state: 'failed', failure }, effects: [{ type: 'record-inactive' }, alert] };
}

export function workerIsGone(machine: Machine): Step {
  return settleStop({ ...machine, worker: 'absent' });
}

export function browserIsGone(machine: Machine): Step {
  return settleStop({ ...machine, browser: 'absent', browserFailure: null, freshBrowser: false });
}

/** The stop ends all the same; who has asked for it is told what is left. The next start finds it, and waits for its end. */
export function browserStuck(machine: Machine, event: Event<'browser-stuck'>): Step {
  return followedBy(tellStuck(machine, event.reason), browserIsGone);
}

export function workerStuck(machine: Machine, event: Event<'worker-stuck'>): Step {
  return machine.worker === 'absent' ? nothing(machine) : followedBy(tellStuck(machine, event.reason), workerIsGone);
}

function tellStuck(machine: Machine, reason: string): Step {
  const alert = stuckAlert(reason);
  const failure: Failure = { class: 'LOCAL', reason, userAction: alert.action };
  return { machine: { ...machine, failure }, effects: [{ type: 'alert', alert, class: 'LOCAL' }] };
}

export function profileMoved(machine: Machine, event: Event<'profile-moved'>): Step {
  if (machine.profile !== 'moving') return impossible(machine, event);
  return followedBy(putInPlace(machine, event.name), settleStop);
}

export function profileNotMoved(machine: Machine): Step {
  return settleStop({ ...machine, profile: 'unpaired' });
}

/** The worker goes first, so that it can let go of the page; then the browser. A login that is being moved gets there. */
function settleStop(machine: Machine): Step {
  if (machine.worker !== 'absent') return nothing(machine);
  // A worker that had to be killed has written nothing.
  const inactive: Effect = { type: 'record-inactive' };
  // One that is being stopped already may be one that can't be: who stops says so again.
  if (machine.browser === 'running' || machine.browser === 'stopping') {
    return { machine: { ...machine, browser: 'stopping' }, effects: [inactive, { type: 'stop-browser' }] };
  }
  if (machine.browser !== 'absent' || machine.profile === 'moving') return { machine, effects: [inactive] };
  return { machine: { ...machine, state: 'stopped' }, effects: [inactive] };
}
