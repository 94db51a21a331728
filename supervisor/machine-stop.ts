import type { Effect, Machine, Step } from './machine-types.js';

export function stop(machine: Machine): Step {
  const stopping: Machine = { ...machine, state: 'stopping', listeningSinceMs: null };
  const cancel: Effect = { type: 'cancel-retry' };
  if (machine.worker !== 'absent') {
    return { machine: { ...stopping, worker: 'stopping' }, effects: [cancel, { type: 'stop-worker' }] };
  }
  const settled = settleStop(stopping);
  return { machine: settled.machine, effects: [cancel, ...settled.effects] };
}

/** The worker goes first, so that it can let go of the page; then the browser. A login that is being moved gets there. */
export function settleStop(machine: Machine): Step {
  if (machine.worker !== 'absent') return { machine, effects: [] };
  // A worker that had to be killed has written nothing.
  const inactive: Effect = { type: 'record-inactive' };
  if (machine.browser === 'running') {
    return { machine: { ...machine, browser: 'stopping' }, effects: [inactive, { type: 'stop-browser' }] };
  }
  if (machine.browser !== 'absent' || machine.profile === 'moving') return { machine, effects: [inactive] };
  return { machine: { ...machine, state: 'stopped' }, effects: [inactive] };
}

/** Nothing may run on while a person is being waited for. */
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
