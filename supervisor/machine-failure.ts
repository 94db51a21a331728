import { failureOfExit } from './exit-failure.js';
import {
  finalAlert,
  incompatibleAlert,
  linkLimitAlert,
  loopAction,
  loginLimitAlert,
  loopAlert,
  refusedLoginAlert,
  stuckAlert,
} from './machine-alerts.js';
import { startMissing } from './machine-start.js';
import { giveBack } from './machine-stop.js';
import type { Effect, Failure, Machine, Moment, Step, WorkerFailure } from './machine-types.js';
import { decideRestart, type RestartLimits, stableAfterMs } from './restart-policy.js';
import { countFailure, countOf, forgive, forgiveClass, isLinkedTooOften, loginPauseMs } from './restart-tally.js';

/** What a decision depends on, beside machine and event. */
export interface Surroundings {
  readonly limits: RestartLimits;
  readonly now: Moment;
  /** Between 0 and 1, for jitter. */
  readonly random: number;
}

export function workerExited(
  machine: Machine,
  exit: { code: number | null; signal: string | null },
  surroundings: Surroundings,
): Step {
  const without: Machine = { ...forgetOldFailures(machine, surroundings.now), worker: 'absent' };
  // Put away while a person was being waited for, who has said "start" in the meantime.
  const planned = machine.worker === 'stopping' && machine.workerFailure === null;
  if (planned) {
    const waits = machine.state === 'backoff';
    const next = waits ? { machine: without, effects: [] } : startMissing(without, surroundings.now);
    // Planned or not: one that had to be killed has written nothing.
    return { machine: next.machine, effects: [{ type: 'record-inactive' }, ...next.effects] };
  }
  const failure = machine.workerFailure ?? { ...failureOfExit(exit), reported: false };
  return afterFailure(without, failure, surroundings, machine.listeningSinceMs !== null);
}

export function browserFailed(machine: Machine, failure: Failure, surroundings: Surroundings): Step {
  return afterFailure({ ...machine, browser: 'absent' }, { ...failure, reported: false }, surroundings);
}

/** A worker without its browser ends itself; one that isn't assigned yet just waits for the next browser. */
export function browserExited(machine: Machine, reason: string, surroundings: Surroundings): Step {
  const failure: WorkerFailure = { class: 'LOCAL', reason, userAction: null, reported: false };
  const planned = machine.browser === 'stopping';
  const without: Machine = { ...machine, browser: 'absent' };
  if (machine.worker === 'assigned') {
    return {
      machine: {
        ...forgetOldFailures(without, surroundings.now),
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
  if (planned) return startMissing(without, surroundings.now);
  return afterFailure(without, failure, surroundings);
}

/** The worker has not been assigned after all; it waits for the next browser. */
export function pageLost(machine: Machine, reason: string, surroundings: Surroundings): Step {
  const failure: WorkerFailure = {
    class: 'LOCAL',
    reason: `The browser's page could not be renewed (${reason})`,
    userAction: null,
    reported: false,
  };
  return afterFailure({ ...machine, worker: 'ready' }, failure, surroundings);
}

/** Another process has the account: nothing of ours may go on with it. */
export function leave(machine: Machine, failure: Failure): Step {
  return stopFor({ ...machine, listeningSinceMs: null }, failure, 'failed', [
    { type: 'cancel-retry' },
    { type: 'record-inactive' },
  ]);
}

/** The login stays where it is, and no browser is started on it before it could be set aside. */
export function profileNotMoved(machine: Machine, failure: Failure, surroundings: Surroundings): Step {
  const unmoved: Machine = { ...machine, profile: 'unpaired' };
  return afterFailure(unmoved, { ...failure, reported: false }, surroundings);
}

/** A life that listened for long enough proves that its end is a new trouble, whoever ended first. */
function forgetOldFailures(machine: Machine, now: Moment): Machine {
  const { listeningSinceMs, tally } = machine;
  const wasStable = listeningSinceMs !== null && now.monotonicMs - listeningSinceMs >= stableAfterMs;
  return { ...machine, listeningSinceMs: null, tally: wasStable ? forgive(tally) : tally };
}

function afterFailure(machine: Machine, failure: WorkerFailure, surroundings: Surroundings, hasListened = false): Step {
  const { limits, now, random } = surroundings;
  const { machine: counted, count } = countIn(machine, failure, now, hasListened);
  const decision = decideRestart(
    { class: failure.class, mode: machine.mode, count, reported: failure.reported },
    limits,
    random,
  );
  const inactive: Effect = { type: 'record-inactive' };
  // Worker and browser can fail while the retry for the other one is waiting: this failure decides anew.
  const effects: Effect[] = machine.state === 'backoff' ? [{ type: 'cancel-retry' }, inactive] : [inactive];
  if (decision.action !== 'restart') {
    return stopFor(counted, failure, decision.action === 'fail' ? 'failed' : 'needs-link', effects);
  }
  const relink = machine.mode === 'restore' && decision.mode === 'link';
  const next = relink ? toLink(counted, failure) : counted;
  if (relink && isLinkedTooOften(next.tally, now.wallMs)) {
    effects.push({ type: 'alert', alert: linkLimitAlert(failure), class: failure.class });
    return giveBack({ ...next, state: 'needs-link' }, effects);
  }
  const pauseMs = loginPauseMs(next.tally, now.wallMs);
  const delayMs = Math.max(decision.delayMs, pauseMs);
  if (relink) effects.push({ type: 'alert', alert: refusedLoginAlert(failure, count), class: failure.class });
  else {
    const userAction = failure.userAction ?? loopAction(failure.class, count) ?? null;
    effects.push({
      type: 'tell',
      failure: { ...failure, userAction },
      next: describeNext(delayMs),
      isNews: count <= 1,
    });
  }
  const alerts = [
    loopAlert(failure, count),
    stuckAlert(counted),
    failure.class === 'INCOMPATIBLE' ? incompatibleAlert(failure, count) : undefined,
    pauseMs > decision.delayMs ? loginLimitAlert(pauseMs) : undefined,
  ];
  for (const alert of alerts) if (alert !== undefined) effects.push({ type: 'alert', alert, class: failure.class });
  if (decision.freshBrowser && machine.browser === 'running') {
    // The browser's exit starts what is missing, or the retry does, whichever comes last.
    effects.push({ type: 'stop-browser' }, { type: 'retry-in', delayMs });
    return { machine: { ...next, state: 'backoff', browser: 'stopping' }, effects };
  }
  if (delayMs === 0) {
    const started = startMissing({ ...next, state: 'starting' }, now);
    return { machine: started.machine, effects: [...effects, ...started.effects] };
  }
  effects.push({ type: 'retry-in', delayMs });
  return { machine: { ...next, state: 'backoff' }, effects };
}

/**
 * Each class has its own counter. A session that is unlinked while it listens, or comes up again in its page, has not
 * failed to be restored yet.
 */
function countIn(
  machine: Machine,
  failure: WorkerFailure,
  { wallMs }: Moment,
  hasListened: boolean,
): { machine: Machine; count: number } {
  const stuck = failure.class !== 'AUTH' && machine.phase === 'authenticating';
  const watched: Machine = {
    ...machine,
    failure: { class: failure.class, reason: failure.reason, userAction: failure.userAction },
    stuckAuthenticating: stuck ? machine.stuckAuthenticating + 1 : 0,
    phase: null,
  };
  const wasAttempt = !hasListened && (machine.state === 'restoring' || machine.state === 'linking');
  if (failure.class === 'AUTH' && !wasAttempt) return { machine: watched, count: 0 };
  const tally = countFailure(machine.tally, failure.class, wallMs);
  return { machine: { ...watched, tally }, count: countOf(tally, failure.class, wallMs) };
}

/** The one way from restore to link. */
function toLink(machine: Machine, { reason }: Failure): Machine {
  return {
    ...machine,
    mode: 'link',
    profile: 'unpaired',
    tally: { ...forgiveClass(machine.tally, 'AUTH'), unpaired: reason },
  };
}

function stopFor(machine: Machine, failure: Failure, state: 'failed' | 'needs-link', effects: Effect[]): Step {
  const userAction = failure.userAction ?? 'Mend what the lines above say, then restart wasup.';
  const final: Failure = { class: failure.class, reason: failure.reason, userAction };
  effects.push({ type: 'alert', alert: finalAlert(final, state), class: failure.class });
  return giveBack({ ...machine, failure: final, state }, effects);
}

function describeNext(delayMs: number): string {
  if (delayMs === 0) return 'Restarting now.';
  if (delayMs < 120_000) return `Restarting in ${(delayMs / 1_000).toFixed(1)} s.`;
  return `Restarting in ${Math.round(delayMs / 60_000)} min.`;
}
