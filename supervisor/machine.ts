import type { SessionMode } from '../shared/protocol/messages.js';
import { failureOfExit } from './exit-failure.js';
import type { Effect, Failure, Machine, MachineEvent, Step } from './machine-types.js';
import { decideRestart, type RestartLimits, stableAfterMs } from './restart-policy.js';

export type { Effect, Failure, Machine, MachineEvent, Step } from './machine-types.js';

export function createMachine(mode: SessionMode): Machine {
  return {
    state: 'stopped',
    browser: 'absent',
    worker: 'absent',
    incarnation: 0,
    mode,
    pageIsBlank: true,
    failures: 0,
    authFailures: 0,
    listeningSinceMs: null,
    failure: null,
    workerFailure: null,
  };
}

/**
 * The whole decision: what an event does to an account. Pure; the shell performs the effects in their order.
 *
 * @param nowMs monotonic clock.
 * @param random between 0 and 1, for jitter.
 */
export function transition(
  machine: Machine,
  event: MachineEvent,
  limits: RestartLimits,
  nowMs: number,
  random: number,
): Step {
  if (machine.state === 'stopping' || machine.state === 'stopped') return whileStopping(machine, event);
  if (machine.state === 'failed' || machine.state === 'needs-link') return whileWaitingForPerson(machine, event);
  switch (event.type) {
    case 'start':
      return impossible(machine, event);
    case 'stop':
      return stop(machine);
    case 'browser-ready':
      if (machine.browser !== 'starting') return impossible(machine, event);
      return assignWhenBothAreReady({ ...machine, browser: 'running', pageIsBlank: true });
    case 'browser-failed':
      return browserFailed(machine, event.failure, limits, random);
    case 'browser-exited':
      return browserExited(machine, event.reason, limits, nowMs, random);
    case 'worker-ready':
      // It said hello just as it was told to stop.
      if (machine.worker === 'stopping') return { machine, effects: [] };
      if (machine.worker !== 'starting') return impossible(machine, event);
      return assignWhenBothAreReady({ ...machine, worker: 'ready' });
    case 'worker-failure':
      return { machine: { ...machine, workerFailure: event.failure }, effects: [] };
    case 'worker-exited':
      return workerExited(machine, event, limits, nowMs, random);
    case 'page-lost':
      // A reload came in between; the worker that follows gets a fresh browser.
      if (machine.worker === 'stopping' && machine.browser === 'running') {
        return { machine: { ...machine, browser: 'stopping' }, effects: [{ type: 'stop-browser' }] };
      }
      if (machine.worker !== 'assigned' || machine.browser !== 'running') return impossible(machine, event);
      return pageLost(machine, event.reason, limits, random);
    case 'listening':
      // It said so just before it heard that its browser is gone.
      if (machine.worker === 'stopping') return { machine, effects: [] };
      if (machine.worker !== 'assigned') return impossible(machine, event);
      return {
        machine: {
          ...machine,
          state: 'listening',
          mode: 'restore',
          authFailures: 0,
          listeningSinceMs: nowMs,
          failure: null,
        },
        effects: [],
      };
    case 'transport':
      if (machine.state !== 'listening' && machine.state !== 'degraded') return { machine, effects: [] };
      return { machine: { ...machine, state: event.connected ? 'listening' : 'degraded' }, effects: [] };
    case 'heartbeat-missed':
      return heartbeatMissed(machine, event.afterMs);
    case 'retry':
      if (machine.state !== 'backoff') return impossible(machine, event);
      return startMissing({ ...machine, state: 'starting' });
    case 'reload':
      return reload(machine);
  }
}

function whileStopping(machine: Machine, event: MachineEvent): Step {
  switch (event.type) {
    case 'start':
      if (machine.state !== 'stopped') return impossible(machine, event);
      return startMissing({ ...machine, state: 'starting', failure: null });
    case 'worker-exited':
      return settleStop({ ...machine, worker: 'absent' });
    case 'browser-exited':
    case 'browser-failed':
      return settleStop({ ...machine, browser: 'absent' });
    case 'browser-ready':
      return { machine: { ...machine, browser: 'stopping' }, effects: [{ type: 'stop-browser' }] };
    default:
      return { machine, effects: [] };
  }
}

/** Nothing starts by itself here. What was still on its way is put away when it arrives. */
function whileWaitingForPerson(machine: Machine, event: MachineEvent): Step {
  switch (event.type) {
    case 'start':
    case 'reload':
      return startMissing({
        ...machine,
        state: 'starting',
        failures: 0,
        authFailures: 0,
        failure: null,
        workerFailure: null,
      });
    case 'stop':
      return stop(machine);
    case 'worker-exited':
      return { machine: { ...machine, worker: 'absent' }, effects: [{ type: 'record-inactive' }] };
    case 'browser-exited':
    case 'browser-failed':
      return { machine: { ...machine, browser: 'absent' }, effects: [{ type: 'record-inactive' }] };
    case 'browser-ready':
      return { machine: { ...machine, browser: 'stopping' }, effects: [{ type: 'stop-browser' }] };
    default:
      return { machine, effects: [] };
  }
}

/** The worker goes first, so that it can let go of the page; then the browser. */
function settleStop(machine: Machine): Step {
  if (machine.worker !== 'absent') return { machine, effects: [] };
  if (machine.browser === 'running') {
    return { machine: { ...machine, browser: 'stopping' }, effects: [{ type: 'stop-browser' }] };
  }
  if (machine.browser !== 'absent') return { machine, effects: [] };
  // A worker that had to be killed has written nothing.
  return { machine: { ...machine, state: 'stopped' }, effects: [{ type: 'record-inactive' }] };
}

function stop(machine: Machine): Step {
  const stopping: Machine = { ...machine, state: 'stopping', listeningSinceMs: null };
  const cancel: Effect = { type: 'cancel-retry' };
  if (machine.worker !== 'absent') {
    return { machine: { ...stopping, worker: 'stopping' }, effects: [cancel, { type: 'stop-worker' }] };
  }
  const settled = settleStop(stopping);
  return { machine: settled.machine, effects: [cancel, ...settled.effects] };
}

/** Browser and worker start side by side; whichever is there already is kept. */
function startMissing(machine: Machine): Step {
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

function assignWhenBothAreReady(machine: Machine): Step {
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

function workerExited(
  machine: Machine,
  exit: { code: number | null; signal: string | null },
  limits: RestartLimits,
  nowMs: number,
  random: number,
): Step {
  const without: Machine = { ...forgetOldFailures(machine, nowMs), worker: 'absent' };
  // Put away while a person was being waited for, who has said "start" in the meantime.
  const planned = machine.worker === 'stopping' && machine.workerFailure === null;
  if (planned) return machine.state === 'backoff' ? { machine: without, effects: [] } : startMissing(without);
  const failure = machine.workerFailure ?? failureOfExit(exit);
  return afterFailure({ ...without, failures: without.failures + 1 }, failure, limits, random);
}

function browserFailed(machine: Machine, failure: Failure, limits: RestartLimits, random: number): Step {
  return afterFailure({ ...machine, browser: 'absent', failures: machine.failures + 1 }, failure, limits, random);
}

/** A worker without its browser ends itself; one that isn't assigned yet just waits for the next browser. */
function browserExited(machine: Machine, reason: string, limits: RestartLimits, nowMs: number, random: number): Step {
  const failure: Failure = { class: 'LOCAL', reason, userAction: null };
  const planned = machine.browser === 'stopping';
  const without: Machine = { ...machine, browser: 'absent' };
  if (machine.worker === 'assigned') {
    return {
      machine: {
        ...forgetOldFailures(without, nowMs),
        state: 'starting',
        worker: 'stopping',
        failure,
        workerFailure: failure,
      },
      effects: [{ type: 'record-inactive' }, { type: 'stop-worker' }],
    };
  }
  // The worker's exit, or the retry, starts what is missing.
  if (machine.worker === 'stopping' || machine.state === 'backoff') return { machine: without, effects: [] };
  if (planned) return startMissing(without);
  return afterFailure({ ...without, failures: machine.failures + 1 }, failure, limits, random);
}

/** The worker has not been assigned after all; it waits for the next browser. */
function pageLost(machine: Machine, reason: string, limits: RestartLimits, random: number): Step {
  const failure: Failure = {
    class: 'LOCAL',
    reason: `The browser's page could not be renewed (${reason})`,
    userAction: null,
  };
  return afterFailure({ ...machine, worker: 'ready', failures: machine.failures + 1 }, failure, limits, random);
}

/** A life that listened for long enough proves that its end is a new trouble, whoever ended first. */
function forgetOldFailures(machine: Machine, nowMs: number): Machine {
  const wasStable = machine.listeningSinceMs !== null && nowMs - machine.listeningSinceMs >= stableAfterMs;
  return { ...machine, listeningSinceMs: null, failures: wasStable ? 0 : machine.failures };
}

/** New code is a new beginning: what the old one failed at doesn't count. */
function reload(machine: Machine): Step {
  const fresh: Machine = { ...machine, failures: 0 };
  // One that is being stopped already is followed by one with the new code.
  if (machine.worker === 'stopping') return { machine: fresh, effects: [] };
  if (machine.worker !== 'absent') {
    return {
      machine: { ...fresh, state: 'starting', worker: 'stopping', listeningSinceMs: null, workerFailure: null },
      effects: [{ type: 'cancel-retry' }, { type: 'stop-worker' }],
    };
  }
  const started = startMissing({ ...fresh, state: 'starting' });
  return { machine: started.machine, effects: [{ type: 'cancel-retry' }, ...started.effects] };
}

function heartbeatMissed(machine: Machine, afterMs: number): Step {
  if (machine.worker !== 'assigned') return { machine, effects: [] };
  const reason = `The worker has not given a sign of life for ${afterMs} ms`;
  const failure: Failure = { class: 'TRANSIENT', reason, userAction: null };
  return { machine: { ...machine, workerFailure: failure }, effects: [{ type: 'kill-worker', reason }] };
}

function afterFailure(machine: Machine, failure: Failure, limits: RestartLimits, random: number): Step {
  // A session that is unlinked while it listens has not failed to be restored yet.
  const restoreRefused = failure.class === 'AUTH' && machine.state === 'restoring';
  const authFailures = restoreRefused ? machine.authFailures + 1 : machine.authFailures;
  const decision = decideRestart(
    { class: failure.class, mode: machine.mode, failures: machine.failures, authFailures },
    limits,
    random,
  );
  const counted: Machine = { ...machine, failure, authFailures };
  const inactive: Effect = { type: 'record-inactive' };
  // Worker and browser can fail while the retry for the other one is waiting: this failure decides anew.
  const effects: Effect[] = machine.state === 'backoff' ? [{ type: 'cancel-retry' }, inactive] : [inactive];
  if (decision.action !== 'restart') {
    const state = decision.action === 'fail' ? 'failed' : 'needs-link';
    effects.push({ type: 'tell', failure, next: 'Stopped here; a person is needed.' });
    return giveBack({ ...counted, state }, effects);
  }
  const relink = machine.mode === 'restore' && decision.mode === 'link';
  const next: Machine = { ...counted, mode: decision.mode, authFailures: relink ? 0 : authFailures };
  const told = relink ? { ...failure, userAction: 'Link the device with the code that follows.' } : failure;
  effects.push({ type: 'tell', failure: told, next: describeNext(decision.delayMs, relink) });
  if (decision.freshBrowser && machine.browser === 'running') {
    // The browser's exit starts what is missing, or the retry does, whichever comes last.
    effects.push({ type: 'stop-browser' }, { type: 'retry-in', delayMs: decision.delayMs });
    return { machine: { ...next, state: 'backoff', browser: 'stopping' }, effects };
  }
  if (decision.delayMs === 0) {
    const started = startMissing({ ...next, state: 'starting' });
    return { machine: started.machine, effects: [...effects, ...started.effects] };
  }
  effects.push({ type: 'retry-in', delayMs: decision.delayMs });
  return { machine: { ...next, state: 'backoff' }, effects };
}

/** Nothing may run on while a person is being waited for. */
function giveBack(machine: Machine, effects: Effect[]): Step {
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

function describeNext(delayMs: number, relink: boolean): string {
  const what = relink ? 'Asking for a new link' : 'Restarting';
  return delayMs === 0 ? `${what} now.` : `${what} in ${(delayMs / 1_000).toFixed(1)} s.`;
}

function impossible(machine: Machine, event: MachineEvent): Step {
  return { machine, effects: [{ type: 'cannot-happen', event: event.type }] };
}
