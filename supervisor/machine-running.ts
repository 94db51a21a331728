import { tryAgain } from './breaker.js';
import { recycleAlert, stuckAlert, successorAlert } from './machine-alerts.js';
import { afterFailure, stopFor, unlinked } from './machine-failure.js';
import { failureOfExit } from './exit-failure.js';
import { assignWhenBothAreReady, dropSuccessor, openPage, putBrowserAway, startMissing } from './machine-start.js';
import { impossible, nothing, putInPlace, followedBy } from './machine-step.js';
import type { FailureClass } from '../shared/protocol/messages.js';
import type { Effect, Failure, Machine, MachineEvent, Step, Surroundings, WorkerFailure } from './machine-types.js';
import { forgive, forgiveClass, noteLink } from './restart-tally.js';

type Event<Type extends MachineEvent['type']> = Extract<MachineEvent, { type: Type }>;

/** New code, or a person's word, is a new beginning: what failed before doesn't count. Only WhatsApp's refusals do. */
export function restart(machine: Machine, { freshBrowser }: Event<'restart'>, surroundings: Surroundings): Step {
  const auth = machine.tally.failures.AUTH;
  const forgiven = forgive(machine.tally);
  const fresh: Machine = {
    ...machine,
    freshBrowser: machine.freshBrowser || (freshBrowser && machine.browser === 'running'),
    tally: { ...forgiven, failures: { ...forgiven.failures, AUTH: auth } },
  };
  // One that listens goes on doing so until the next one has loaded the new code.
  if (isServing(fresh) && !fresh.freshBrowser) return startSuccessor(fresh);
  // One that has loaded before may have loaded something else than what is there now.
  const effects: Effect[] = [{ type: 'cancel-retry' }];
  const alone = dropSuccessor(fresh, effects);
  // One that is being stopped already is followed by one with the new code.
  if (machine.worker === 'stopping') return { machine: alone, effects: effects.slice(1) };
  if (machine.worker !== 'absent') return followedBy({ machine: alone, effects }, replaceWorker);
  return followedBy({ machine: { ...alone, state: 'starting' }, effects }, (next) => startMissing(next, surroundings));
}

export function recycle(machine: Machine, event: Event<'recycle'>): Step {
  const { reason, freshBrowser, isOverMemory = false } = event;
  if (!isServing(machine)) return nothing(machine);
  const alert: Effect = { type: 'alert', alert: recycleAlert(reason), class: 'LOCAL' };
  if (!freshBrowser) {
    // One that is on its way already is as good.
    if (machine.successor !== 'absent') return nothing(machine);
    return followedBy({ machine: { ...machine, isOverMemory }, effects: [alert] }, startSuccessor);
  }
  return followedBy({ machine: { ...machine, isOverMemory, freshBrowser: true }, effects: [alert] }, replaceWorker);
}

/** A session that listens, in a browser that nothing is known against. */
function isServing({ worker, browser, listeningSinceMs, unlinking }: Machine): boolean {
  return worker === 'assigned' && browser === 'running' && listeningSinceMs !== null && !unlinking;
}

function startSuccessor(machine: Machine): Step {
  return { machine: { ...machine, successor: 'starting' }, effects: [{ type: 'start-successor' }] };
}

/** The old one hands over: what comes from now on waits in the page, for a moment. */
export function successorReady(machine: Machine, event: MachineEvent, surroundings: Surroundings): Step {
  if (machine.successor !== 'starting') return impossible(machine, event);
  const ready: Machine = { ...machine, successor: 'ready' };
  // It is waited for by a session that comes up again in its page, or that is coming down.
  if (machine.worker === 'assigned') return replaceWorker(ready);
  if (machine.worker === 'absent' && machine.state !== 'backoff') return startMissing(ready, surroundings);
  return nothing(ready);
}

/** The old one stays: it works, and what was to replace it doesn't. */
export function successorFailed(machine: Machine, event: Event<'successor-failed'>): Step {
  if (machine.successor === 'absent') return impossible(machine, event);
  const { failure } = event;
  const alone: Machine = { ...machine, successor: 'absent', isOverMemory: false };
  // A bot that takes a port while it is loaded can't be loaded beside itself.
  if (machine.worker === 'assigned' && failure.reason.includes('EADDRINUSE')) return replaceWorker(alone);
  const alert: Effect = { type: 'alert', alert: successorAlert(failure), class: failure.class };
  return { machine: alone, effects: [alert] };
}

function replaceWorker(machine: Machine): Step {
  const { isOverMemory } = machine;
  const stopping: Machine = { ...machine, state: 'starting', worker: 'stopping', isOverMemory: false };
  return {
    machine: { ...stopping, listeningSinceMs: null, workerFailure: null },
    effects: [{ type: 'stop-worker', ...(isOverMemory && { isOverMemory }) }],
  };
}

export function unlink(machine: Machine): Step {
  if (machine.worker !== 'assigned' || machine.listeningSinceMs === null) return nothing(machine);
  return { machine: { ...machine, unlinking: true }, effects: [{ type: 'unlink-device' }] };
}

export function unlinkExpired(machine: Machine): Step {
  return nothing({ ...machine, unlinking: false });
}

/** Another process has the account: nothing of ours may go on with it. */
export function refused(machine: Machine, { failure }: Event<'refused'>): Step {
  return stopFor({ ...machine, listeningSinceMs: null }, failure, 'failed', [
    { type: 'cancel-retry' },
    { type: 'record-inactive' },
  ]);
}

export function browserReady(machine: Machine, event: MachineEvent, surroundings: Surroundings): Step {
  if (machine.browser !== 'starting') return impossible(machine, event);
  // What was started beside it has failed once too often meanwhile.
  if (machine.tally.breaker.state === 'open') return putBrowserAway(machine);
  return assignWhenBothAreReady({ ...machine, browser: 'running', page: 'blank', hadNoStorage: false }, surroundings);
}

export function browserFailed(
  machine: Machine,
  { failure }: Event<'browser-failed'>,
  surroundings: Surroundings,
): Step {
  return afterFailure({ ...machine, browser: 'absent' }, { ...failure, reported: false }, surroundings);
}

/** A worker without its browser ends itself; one that isn't assigned yet just waits for the next browser. */
export function browserExited(machine: Machine, { reason }: Event<'browser-exited'>, surroundings: Surroundings): Step {
  const cause = machine.browserFailure ?? reason;
  const failure: WorkerFailure = { class: 'LOCAL', reason: cause, userAction: null, reported: false };
  const planned = machine.browser === 'stopping' && machine.browserFailure === null;
  const without: Machine = { ...machine, browser: 'absent', browserFailure: null, freshBrowser: false };
  if (machine.worker === 'assigned') {
    const ended: Machine = { ...without, state: 'starting', worker: 'stopping', listeningSinceMs: null };
    return {
      machine: { ...ended, failure, workerFailure: failure },
      effects: [{ type: 'record-inactive' }, { type: 'stop-worker' }],
    };
  }
  // The worker's exit, or the retry, starts what is missing.
  if (machine.worker === 'stopping' || machine.state === 'backoff') {
    return { machine: without, effects: [{ type: 'record-inactive' }] };
  }
  if (planned) return startMissing(without, surroundings);
  return afterFailure(without, failure, surroundings);
}

/** It answers nobody, so nobody asks it to leave; its exit decides what follows. */
export function browserHung(machine: Machine, { afterMs }: Event<'browser-hung'>): Step {
  if (machine.browser !== 'running') return nothing(machine);
  const browserFailure = `The browser has not answered for ${Math.round(afterMs)} ms`;
  return { machine: { ...machine, browser: 'stopping', browserFailure }, effects: [{ type: 'kill-browser' }] };
}

/** Nothing may take its place. Whoever stops it goes on trying; its exit, if it comes, decides what follows. */
export function browserStuck(machine: Machine, { reason }: Event<'browser-stuck'>): Step {
  // It has gone in the same moment.
  return machine.browser === 'stopping' ? tellStuck(machine, reason) : nothing(machine);
}

export function workerStuck(machine: Machine, { reason }: Event<'worker-stuck'>): Step {
  return machine.worker === 'stopping' ? tellStuck(machine, reason) : nothing(machine);
}

function tellStuck(machine: Machine, reason: string): Step {
  const alert = stuckAlert(reason);
  const failure: Failure = { class: 'LOCAL', reason, userAction: alert.action };
  return {
    machine: { ...machine, failure },
    effects: [{ type: 'record-inactive' }, { type: 'alert', alert, class: 'LOCAL' }],
  };
}

/** The worker has not been assigned after all; it waits for the next browser. */
export function pageLost(machine: Machine, event: Event<'page-lost'>, surroundings: Surroundings): Step {
  if (machine.worker === 'stopping') {
    // A restart came in between; the worker that follows gets a fresh browser.
    if (machine.browser !== 'running') return nothing(machine);
    return { machine: { ...machine, browser: 'stopping' }, effects: [{ type: 'stop-browser' }] };
  }
  if (machine.worker !== 'assigned') return impossible(machine, event);
  const waiting: Machine = { ...machine, worker: 'ready' };
  // It is being killed already because it hangs.
  if (machine.browser !== 'running') return nothing(waiting);
  const reason = `The browser's page could not be renewed (${event.reason})`;
  return afterFailure(waiting, { class: 'LOCAL', reason, userAction: null, reported: false }, surroundings);
}

export function workerReady(machine: Machine, event: MachineEvent, surroundings: Surroundings): Step {
  // It said hello just as it was told to stop.
  if (machine.worker === 'stopping') return nothing(machine);
  if (machine.worker !== 'starting') return impossible(machine, event);
  return assignWhenBothAreReady({ ...machine, worker: 'ready' }, surroundings);
}

/**
 * The exit follows, and decides. A worker whose browser has gone sees no more than that; why it went is known already.
 */
export function workerFailure(machine: Machine, { failure }: Event<'worker-failure'>): Step {
  const isKnown = machine.worker === 'stopping' && machine.workerFailure !== null && failure.class === 'LOCAL';
  if (isKnown) return nothing(machine);
  // A bot that stumbles says nothing about the page that it was in.
  const page = failure.reported && !failuresOfCode.has(failure.class) ? 'doubtful' : machine.page;
  return nothing({ ...machine, page, workerFailure: failure });
}

const failuresOfCode: ReadonlySet<FailureClass> = new Set(['BUG', 'CONFIGURATION']);

export function workerExited(machine: Machine, exit: Event<'worker-exited'>, surroundings: Surroundings): Step {
  const hasListened = machine.listeningSinceMs !== null;
  // What could not be taken over, or was it for nothing, is opened anew.
  const page = machine.worker === 'assigned' && !hasListened && machine.page === 'living' ? 'doubtful' : machine.page;
  const gone: Machine = { ...machine, page, listeningSinceMs: null, worker: 'absent' };
  const without: Machine = { ...gone, unlinking: false, isOverMemory: false };
  const planned = machine.worker === 'stopping' && machine.workerFailure === null;
  if (planned) {
    // Planned or not: one that had to be killed has written nothing.
    const recorded: Step = { machine: without, effects: [{ type: 'record-inactive' }] };
    return machine.state === 'backoff' ? recorded : followedBy(recorded, (next) => startMissing(next, surroundings));
  }
  const said = machine.workerFailure ?? { ...failureOfExit(exit), reported: false };
  if (machine.unlinking && said.class === 'AUTH') return unlinked(without);
  const failure = believed(said, machine);
  // One fault, though two processes end of it: the exit of the browser that hung is not another one.
  if (machine.browserFailure !== null && failure.class === 'LOCAL') {
    const told = { ...failure, reason: machine.browserFailure };
    return afterFailure({ ...without, browserFailure: null }, told, surroundings, hasListened);
  }
  return afterFailure(without, failure, surroundings, hasListened);
}

/**
 * A page says that it isn't linked when it can't read its login, too. Where its browser had no storage, that is no
 * refusal by WhatsApp: class LOCAL has another browser say it, in which what a full disk has cut off is mended. Pure.
 */
function believed(failure: WorkerFailure, { hadNoStorage }: Machine): WorkerFailure {
  if (failure.class !== 'AUTH' || !hadNoStorage) return failure;
  const reason = `${failure.reason}, in a browser whose storage was impaired, so that the login may not have been read`;
  return { ...failure, class: 'LOCAL', reason };
}

export function heartbeatMissed(machine: Machine, { afterMs, detail, userAction }: Event<'heartbeat-missed'>): Step {
  if (machine.worker !== 'assigned') return nothing(machine);
  const where = detail === undefined ? '' : `: ${detail}`;
  const reason = `The worker has not given a sign of life for ${Math.round(afterMs)} ms${where}`;
  const failure: WorkerFailure = { class: 'TRANSIENT', reason, userAction: userAction ?? null, reported: false };
  return { machine: { ...machine, workerFailure: failure }, effects: [{ type: 'kill-worker' }] };
}

/** A session that listened, and comes up again in its page, does not listen meanwhile. */
export function phase(machine: Machine, { phase: entered }: Event<'phase'>, surroundings: Surroundings): Step {
  const wasUp = machine.state === 'listening' || machine.state === 'degraded';
  const comesUp = entered !== 'listening' && entered !== 'linking' && entered !== 'stopping';
  const next: Machine = { ...machine, phase: entered, state: wasUp && comesUp ? 'restoring' : machine.state };
  if (entered === 'listening' && next.worker === 'assigned') return nothing(takePage(next, surroundings));
  // It was to take the page over as it was, and could not.
  const opensAnew = entered === 'loading' && next.worker === 'assigned' && next.page === 'living' && !wasUp;
  return nothing(opensAnew ? openPage(next, surroundings) : next);
}

/** The page listens, and the next life may take it over. Whether messages come through is said by `listening`. */
function takePage(machine: Machine, { now }: Surroundings): Machine {
  return { ...machine, listeningSinceMs: machine.listeningSinceMs ?? now.monotonicMs, page: 'living' };
}

export function listening(machine: Machine, event: MachineEvent, { now }: Surroundings): Step {
  // It said so just before it heard that its browser is gone.
  if (machine.worker === 'stopping') return nothing(machine);
  if (machine.worker !== 'assigned') return impossible(machine, event);
  const linked = machine.mode === 'link' ? noteLink(machine.tally, now.wallMs) : machine.tally;
  return nothing({
    ...machine,
    state: machine.impairment === null ? 'listening' : 'degraded',
    mode: 'restore',
    tally: forgiveClass(linked, 'AUTH'),
    stuckAuthenticating: 0,
    listeningSinceMs: now.monotonicMs,
    page: 'living',
    transport: 'CONNECTED',
    failure: null,
  });
}

/** Whether page and connection do their work: the session listens, or is only behind with its messages. Pure. */
export function isWorking({ state, impairment }: Pick<Machine, 'state' | 'impairment'>): boolean {
  return state === 'listening' || (state === 'degraded' && impairment?.kind === 'backlog');
}

/** Whether a sign of life proves now that the session is healthy, so that its next failure is a new one. Pure. */
export function isProven(
  { listeningSinceMs, impairment }: Machine,
  { limits, now }: Pick<Surroundings, 'limits' | 'now'>,
): boolean {
  return listeningSinceMs !== null && impairment === null && now.monotonicMs - listeningSinceMs >= limits.stableAfterMs;
}

export function proven(machine: Machine, _event: MachineEvent, surroundings: Surroundings): Step {
  return isProven(machine, surroundings) ? nothing({ ...machine, tally: forgive(machine.tally) }) : nothing(machine);
}

/** A life that does its work is no crash loop, however it ends: what failed before is forgotten. */
export function handled(machine: Machine): Step {
  return nothing({ ...machine, tally: forgive(machine.tally) });
}

export function health(machine: Machine, { connection, impairment }: Event<'health'>): Step {
  if (machine.worker !== 'assigned') return nothing(machine);
  const isUp = machine.state === 'listening' || machine.state === 'degraded';
  const state = impairment === null ? 'listening' : 'degraded';
  const hadNoStorage = machine.hadNoStorage || impairment?.kind === 'storage';
  return nothing({ ...machine, transport: connection, impairment, hadNoStorage, ...(isUp && { state }) });
}

export function profileMoved(machine: Machine, event: Event<'profile-moved'>, surroundings: Surroundings): Step {
  if (machine.profile !== 'moving') return impossible(machine, event);
  const moved = putInPlace(machine, event.name);
  // The retry that is armed starts what is missing.
  return machine.state === 'backoff' ? moved : followedBy(moved, (next) => startMissing(next, surroundings));
}

/** The login stays where it is, and no browser is started on it before it could be set aside. */
export function profileNotMoved(machine: Machine, event: Event<'profile-not-moved'>, surroundings: Surroundings): Step {
  if (machine.profile !== 'moving') return impossible(machine, event);
  return afterFailure({ ...machine, profile: 'unpaired' }, { ...event.failure, reported: false }, surroundings);
}

export function retry(machine: Machine, event: MachineEvent, surroundings: Surroundings): Step {
  if (machine.state !== 'backoff') return impossible(machine, event);
  const tally = { ...machine.tally, breaker: tryAgain(machine.tally.breaker) };
  return startMissing({ ...machine, tally, state: 'starting' }, surroundings);
}
