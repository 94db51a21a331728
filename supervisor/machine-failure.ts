import {
  authenticatingAlert,
  breakerAlert,
  finalAlert,
  incompatibleAlert,
  linkLimitAlert,
  loopAction,
  loginLimitAlert,
  loopAlert,
  refusedLoginAlert,
} from './machine-alerts.js';
import { giveBack, startMissing } from './machine-start.js';
import type { Effect, Failure, Machine, Step, Surroundings, WorkerFailure } from './machine-types.js';
import { noteFailure, openForMs } from './breaker.js';
import { breakerClasses, decideRestart } from './restart-policy.js';
import { countFailure, countOf, forgiveClass, isLinkedTooOften, loginPauseMs } from './restart-tally.js';

/** The person who asked for it is told by the state; the login is set aside when the browser has gone. */
export function unlinked(machine: Machine): Step {
  const failure: Failure = {
    class: 'TERMINAL',
    reason: 'The device was unlinked, as asked',
    userAction: 'To link it again: npx wasup link <number>.',
  };
  return giveBack({ ...toLink(machine, failure), failure, state: 'needs-link' }, [{ type: 'record-inactive' }]);
}

/** A life has ended, or something it needs can't be had: the class of the failure decides what follows. */
export function afterFailure(
  machine: Machine,
  failure: WorkerFailure,
  surroundings: Surroundings,
  hasListened = false,
): Step {
  const { limits, now, random } = surroundings;
  const { machine: counted, count } = countIn(machine, failure, surroundings, hasListened);
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
  const pauseMs = loginPauseMs(next.tally, now.wallMs, limits.maxLoginsPerHour);
  const openMs = openForMs(next.tally.breaker, limits, now.wallMs);
  const delayMs = Math.max(decision.delayMs, pauseMs, openMs);
  const hasOpened = openMs > 0 && machine.tally.breaker.state !== 'open';
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
    authenticatingAlert(counted),
    hasOpened ? breakerAlert(failure, next.tally.breaker, openMs) : undefined,
    failure.class === 'INCOMPATIBLE' ? incompatibleAlert(failure, count) : undefined,
    pauseMs > decision.delayMs ? loginLimitAlert(pauseMs) : undefined,
  ];
  for (const alert of alerts) if (alert !== undefined) effects.push({ type: 'alert', alert, class: failure.class });
  // Nobody would hear the messages that a browser goes on receiving: with the breaker open they wait at WhatsApp.
  if (openMs > 0) {
    effects.push({ type: 'retry-in', delayMs });
    return giveBack({ ...next, state: 'backoff' }, effects);
  }
  if (decision.freshBrowser && machine.browser === 'running') {
    // The browser's exit starts what is missing, or the retry does, whichever comes last.
    effects.push({ type: 'stop-browser' }, { type: 'retry-in', delayMs });
    return { machine: { ...next, state: 'backoff', browser: 'stopping' }, effects };
  }
  if (delayMs === 0) {
    const started = startMissing({ ...next, state: 'starting' }, surroundings);
    return { machine: started.machine, effects: [...effects, ...started.effects] };
  }
  effects.push({ type: 'retry-in', delayMs });
  return { machine: { ...next, state: 'backoff' }, effects };
}

/**
 * The breaker counts lives that were good for nothing: not one that has listened in the page as it was, which costs WhatsApp nothing, and
 * messages in it less than a pause would. Each class has its own counter. A session that is unlinked while it listens, or comes up again in its page, has not
 * failed to be restored yet.
 */
function countIn(
  machine: Machine,
  failure: WorkerFailure,
  { limits, now: { wallMs } }: Surroundings,
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
  const counted = countFailure(machine.tally, failure.class, wallMs);
  const isLoop = breakerClasses.has(failure.class) && !(hasListened && !machine.hasOpenedPage);
  const breaker = isLoop ? noteFailure(counted.breaker, limits, wallMs) : counted.breaker;
  const tally = { ...counted, breaker };
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

/** The account stops here, and waits for a person. */
export function stopFor(machine: Machine, failure: Failure, state: 'failed' | 'needs-link', effects: Effect[]): Step {
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
