import type { SessionMode } from '../shared/protocol/messages.js';
import { browserExited, browserFailed, pageLost, workerExited } from './machine-failure.js';
import { assignWhenBothAreReady, startMissing } from './machine-start.js';
import { settleStop, stop } from './machine-stop.js';
import type { Failure, Machine, MachineEvent, Step } from './machine-types.js';
import type { RestartLimits } from './restart-policy.js';

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
  return { machine: { ...machine, workerFailure: failure }, effects: [{ type: 'kill-worker' }] };
}

function impossible(machine: Machine, event: MachineEvent): Step {
  return { machine, effects: [{ type: 'cannot-happen', event: event.type }] };
}
