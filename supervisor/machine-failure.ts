import { failureOfExit } from './exit-failure.js';
import { startMissing } from './machine-start.js';
import { giveBack } from './machine-stop.js';
import type { Effect, Failure, Machine, Step } from './machine-types.js';
import { decideRestart, type RestartLimits, stableAfterMs } from './restart-policy.js';

export function workerExited(
  machine: Machine,
  exit: { code: number | null; signal: string | null },
  limits: RestartLimits,
  nowMs: number,
  random: number,
): Step {
  const without: Machine = { ...forgetOldFailures(machine, nowMs), worker: 'absent' };
  // Put away while a person was being waited for, who has said "start" in the meantime.
  const planned = machine.worker === 'stopping' && machine.workerFailure === null;
  if (planned) {
    const next = machine.state === 'backoff' ? { machine: without, effects: [] } : startMissing(without);
    // Planned or not: one that had to be killed has written nothing.
    return { machine: next.machine, effects: [{ type: 'record-inactive' }, ...next.effects] };
  }
  const failure = machine.workerFailure ?? failureOfExit(exit);
  return afterFailure({ ...without, failures: without.failures + 1 }, failure, limits, random);
}

export function browserFailed(machine: Machine, failure: Failure, limits: RestartLimits, random: number): Step {
  return afterFailure({ ...machine, browser: 'absent', failures: machine.failures + 1 }, failure, limits, random);
}

/** A worker without its browser ends itself; one that isn't assigned yet just waits for the next browser. */
export function browserExited(
  machine: Machine,
  reason: string,
  limits: RestartLimits,
  nowMs: number,
  random: number,
): Step {
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
export function pageLost(machine: Machine, reason: string, limits: RestartLimits, random: number): Step {
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
    const userAction = failure.userAction ?? 'Mend what the lines above say, then start wasup again.';
    const final: Failure = { ...failure, userAction };
    effects.push({ type: 'tell', failure: final, next: 'Stopped here; a person is needed.' });
    return giveBack({ ...counted, failure: final, state }, effects);
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

function describeNext(delayMs: number, relink: boolean): string {
  const what = relink ? 'Asking for a new link' : 'Restarting';
  return delayMs === 0 ? `${what} now.` : `${what} in ${(delayMs / 1_000).toFixed(1)} s.`;
}
