import type { WorkerPhase } from '../shared/protocol/messages.js';
import type { Operation } from './decide-operation.js';
import { finalAlert, loginLimitAlert, quarantinedAlert } from './machine-alerts.js';
import {
  browserExited,
  browserFailed,
  leave,
  pageLost,
  profileNotMoved,
  type Surroundings,
  workerExited,
} from './machine-failure.js';
import { assignWhenBothAreReady, startMissing } from './machine-start.js';
import { settleStop, stop } from './machine-stop.js';
import type { Effect, Machine, MachineEvent, Moment, Step, WorkerFailure } from './machine-types.js';
import { emptyTally, forgive, forgiveClass, loginPauseMs, noteLink, type Tally } from './restart-tally.js';

export type { Effect, Failure, Machine, MachineEvent, Moment, Step, WorkerFailure } from './machine-types.js';
export type { Surroundings } from './machine-failure.js';

/** @param tally what earlier supervisors have counted. */
export function createMachine({ mode, quarantine }: Operation, tally: Tally = emptyTally()): Machine {
  return {
    state: 'stopped',
    browser: 'absent',
    worker: 'absent',
    incarnation: 0,
    mode,
    pageIsBlank: true,
    profile: quarantine ? 'unpaired' : 'in-place',
    tally,
    phase: null,
    stuckAuthenticating: 0,
    listeningSinceMs: null,
    transport: 'CONNECTED',
    failure: null,
    workerFailure: null,
  };
}

/** The whole decision: what an event does to an account. Pure; the shell performs the effects in their order. */
export function transition(machine: Machine, event: MachineEvent, surroundings: Surroundings): Step {
  const { now } = surroundings;
  if (machine.state === 'stopping' || machine.state === 'stopped') return whileStopping(machine, event, now);
  if (machine.state === 'failed' || machine.state === 'needs-link') return whileWaitingForPerson(machine, event, now);
  switch (event.type) {
    case 'start':
      return impossible(machine, event);
    case 'refused':
      return leave(machine, event.failure);
    case 'stop':
      return stop(machine);
    case 'browser-ready':
      if (machine.browser !== 'starting') return impossible(machine, event);
      return assignWhenBothAreReady({ ...machine, browser: 'running', pageIsBlank: true }, now);
    case 'browser-failed':
      return browserFailed(machine, event.failure, surroundings);
    case 'browser-exited':
      return browserExited(machine, event.reason, surroundings);
    case 'worker-ready':
      // It said hello just as it was told to stop.
      if (machine.worker === 'stopping') return { machine, effects: [] };
      if (machine.worker !== 'starting') return impossible(machine, event);
      return assignWhenBothAreReady({ ...machine, worker: 'ready' }, now);
    case 'worker-failure':
      return { machine: { ...machine, workerFailure: event.failure }, effects: [] };
    case 'phase':
      return { machine: entered(machine, event.phase), effects: [] };
    case 'worker-exited':
      return workerExited(machine, event, surroundings);
    case 'page-lost':
      // A reload came in between; the worker that follows gets a fresh browser.
      if (machine.worker === 'stopping' && machine.browser !== 'running') return { machine, effects: [] };
      if (machine.worker === 'stopping') {
        return { machine: { ...machine, browser: 'stopping' }, effects: [{ type: 'stop-browser' }] };
      }
      if (machine.worker !== 'assigned' || machine.browser !== 'running') return impossible(machine, event);
      return pageLost(machine, event.reason, surroundings);
    case 'listening':
      // It said so just before it heard that its browser is gone.
      if (machine.worker === 'stopping') return { machine, effects: [] };
      if (machine.worker !== 'assigned') return impossible(machine, event);
      return { machine: listens(machine, now), effects: [] };
    case 'transport':
      if (machine.state !== 'listening' && machine.state !== 'degraded') return { machine, effects: [] };
      return {
        machine: {
          ...machine,
          state: event.state === 'CONNECTED' ? 'listening' : 'degraded',
          transport: event.state,
        },
        effects: [],
      };
    case 'heartbeat-missed':
      return heartbeatMissed(machine, event.afterMs);
    case 'profile-moved': {
      if (machine.profile !== 'moving') return impossible(machine, event);
      const moved = profileMoved(machine, event.name);
      // The retry that is armed starts what is missing.
      if (machine.state === 'backoff') return moved;
      const started = startMissing(moved.machine, now);
      return { machine: started.machine, effects: [...moved.effects, ...started.effects] };
    }
    case 'profile-not-moved':
      if (machine.profile !== 'moving') return impossible(machine, event);
      return profileNotMoved(machine, event.failure, surroundings);
    case 'retry':
      if (machine.state !== 'backoff') return impossible(machine, event);
      return startMissing({ ...machine, state: 'starting' }, now);
    case 'reload':
      return reload(machine, now);
  }
}

function whileStopping(machine: Machine, event: MachineEvent, now: Moment): Step {
  switch (event.type) {
    case 'start':
      if (machine.state !== 'stopped') return impossible(machine, event);
      return begin(machine, now);
    case 'refused': {
      if (machine.state !== 'stopped') return { machine, effects: [] };
      const alert: Effect = { type: 'alert', alert: finalAlert(event.failure, 'failed'), class: event.failure.class };
      const failed: Machine = { ...machine, state: 'failed', failure: event.failure };
      return { machine: failed, effects: [{ type: 'record-inactive' }, alert] };
    }
    case 'worker-exited':
      return settleStop({ ...machine, worker: 'absent' });
    case 'browser-exited':
    case 'browser-failed':
      return settleStop({ ...machine, browser: 'absent' });
    case 'browser-ready':
      return { machine: { ...machine, browser: 'stopping' }, effects: [{ type: 'stop-browser' }] };
    case 'profile-moved': {
      const moved = profileMoved(machine, event.name);
      const settled = settleStop(moved.machine);
      return { machine: settled.machine, effects: [...moved.effects, ...settled.effects] };
    }
    case 'profile-not-moved':
      return settleStop({ ...machine, profile: 'unpaired' });
    default:
      return { machine, effects: [] };
  }
}

/** Also a supervisor that is started again and again may not open WhatsApp Web without end. */
function begin(machine: Machine, now: Moment): Step {
  const starting: Machine = { ...machine, state: 'starting', failure: null };
  const pauseMs = loginPauseMs(machine.tally, now.wallMs);
  if (pauseMs === 0) return startMissing(starting, now);
  const alert: Effect = { type: 'alert', alert: loginLimitAlert(pauseMs), class: 'TRANSIENT' };
  const effects: Effect[] = [{ type: 'record-inactive' }, alert, { type: 'retry-in', delayMs: pauseMs }];
  return { machine: { ...starting, state: 'backoff' }, effects };
}

/** Nothing starts by itself here. What was still on its way is put away when it arrives. */
function whileWaitingForPerson(machine: Machine, event: MachineEvent, now: Moment): Step {
  switch (event.type) {
    case 'start':
    case 'reload': {
      const tally = forgive(machine.tally);
      return startMissing({ ...machine, state: 'starting', tally, failure: null, workerFailure: null }, now);
    }
    case 'stop':
      return stop(machine);
    case 'worker-exited':
      return { machine: { ...machine, worker: 'absent' }, effects: [{ type: 'record-inactive' }] };
    case 'browser-exited':
    case 'browser-failed':
      return { machine: { ...machine, browser: 'absent' }, effects: [{ type: 'record-inactive' }] };
    case 'browser-ready':
      return { machine: { ...machine, browser: 'stopping' }, effects: [{ type: 'stop-browser' }] };
    case 'profile-moved':
      return profileMoved(machine, event.name);
    case 'profile-not-moved':
      return { machine: { ...machine, profile: 'unpaired' }, effects: [] };
    case 'refused':
      return leave(machine, event.failure);
    default:
      return { machine, effects: [] };
  }
}

/** A session that listened, and comes up again in its page, does not listen meanwhile. */
function entered(machine: Machine, phase: WorkerPhase): Machine {
  const wasUp = machine.state === 'listening' || machine.state === 'degraded';
  const comesUp = phase !== 'listening' && phase !== 'linking' && phase !== 'stopping';
  return { ...machine, phase, state: wasUp && comesUp ? 'restoring' : machine.state };
}

function listens(machine: Machine, { monotonicMs, wallMs }: Moment): Machine {
  const linked = machine.mode === 'link' ? noteLink(machine.tally, wallMs) : machine.tally;
  return {
    ...machine,
    state: 'listening',
    mode: 'restore',
    tally: forgiveClass(linked, 'AUTH'),
    stuckAuthenticating: 0,
    listeningSinceMs: monotonicMs,
    transport: 'CONNECTED',
    failure: null,
  };
}

/** @param name where the login is now; null when there was none. */
function profileMoved(machine: Machine, name: string | null): Step {
  const effects: Effect[] = name === null ? [] : [{ type: 'alert', alert: quarantinedAlert(name), class: 'AUTH' }];
  return { machine: { ...machine, profile: 'in-place', tally: { ...machine.tally, unpaired: null } }, effects };
}

/** New code is a new beginning: what the old one failed at doesn't count. */
function reload(machine: Machine, now: Moment): Step {
  const auth = machine.tally.failures.AUTH;
  const forgiven = forgive(machine.tally);
  const fresh: Machine = { ...machine, tally: { ...forgiven, failures: { ...forgiven.failures, AUTH: auth } } };
  // One that is being stopped already is followed by one with the new code.
  if (machine.worker === 'stopping') return { machine: fresh, effects: [] };
  if (machine.worker !== 'absent') {
    return {
      machine: { ...fresh, state: 'starting', worker: 'stopping', listeningSinceMs: null, workerFailure: null },
      effects: [{ type: 'cancel-retry' }, { type: 'stop-worker' }],
    };
  }
  const started = startMissing({ ...fresh, state: 'starting' }, now);
  return { machine: started.machine, effects: [{ type: 'cancel-retry' }, ...started.effects] };
}

function heartbeatMissed(machine: Machine, afterMs: number): Step {
  if (machine.worker !== 'assigned') return { machine, effects: [] };
  const reason = `The worker has not given a sign of life for ${afterMs} ms`;
  const failure: WorkerFailure = { class: 'TRANSIENT', reason, userAction: null, reported: false };
  return { machine: { ...machine, workerFailure: failure }, effects: [{ type: 'kill-worker' }] };
}

function impossible(machine: Machine, event: MachineEvent): Step {
  return { machine, effects: [{ type: 'cannot-happen', event: event.type }] };
}
