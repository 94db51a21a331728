import type { Operation } from './decide-operation.js';
import * as ending from './machine-ending.js';
import * as running from './machine-running.js';
import { putBrowserAway } from './machine-start.js';
import { impossible, nothing } from './machine-step.js';
import type { Machine, MachineEvent, Step, Surroundings } from './machine-types.js';
import * as waiting from './machine-waiting.js';
import { emptyTally, type Tally } from './restart-tally.js';

export type {
  Effect,
  Failure,
  Machine,
  MachineEvent,
  MachineLimits,
  Moment,
  Step,
  Surroundings,
  WorkerFailure,
} from './machine-types.js';

/** @param tally what earlier supervisors have counted. */
export function createMachine({ mode, quarantine }: Operation, tally: Tally = emptyTally()): Machine {
  return {
    state: 'stopped',
    browser: 'absent',
    worker: 'absent',
    successor: 'absent',
    incarnation: 0,
    mode,
    page: 'blank',
    profile: quarantine ? 'unpaired' : 'in-place',
    freshBrowser: false,
    browserFailure: null,
    isOverMemory: false,
    hadNoStorage: false,
    unlinking: false,
    tally,
    phase: null,
    stuckAuthenticating: 0,
    hasOpenedPage: false,
    listeningSinceMs: null,
    transport: 'CONNECTED',
    impairment: null,
    failure: null,
    workerFailure: null,
  };
}

/** The whole decision: what an event does to an account. Pure; the shell performs the effects in their order. */
export function transition(machine: Machine, event: MachineEvent, surroundings: Surroundings): Step {
  const handle = table[event.type][situationOf(machine)] as Handler<MachineEvent['type']>;
  return handle(machine, event, surroundings);
}

/** What an event can do is the same for the states of one situation, but for what the handlers themselves look at. */
type Situation = 'running' | 'waiting' | 'ending';

function situationOf({ state }: Machine): Situation {
  switch (state) {
    case 'starting':
    case 'restoring':
    case 'linking':
    case 'listening':
    case 'degraded':
    case 'backoff':
      return 'running';
    case 'failed':
    case 'needs-link':
      return 'waiting';
    case 'stopping':
    case 'stopped':
      return 'ending';
  }
}

type Handler<Type extends MachineEvent['type']> = (
  machine: Machine,
  event: Extract<MachineEvent, { type: Type }>,
  surroundings: Surroundings,
) => Step;

type Row<Type extends MachineEvent['type']> = Readonly<Record<Situation, Handler<Type>>>;

/**
 * Every event, and what it does while the account runs, while it waits for a person (nothing starts by itself there),
 * and while it is being stopped or has stopped. `nothing`: it may come, and is of no interest. `impossible`: it can't
 * come; logged and counted.
 */
// prettier-ignore
const table: { readonly [Type in MachineEvent['type']]: Row<Type> } = {
  // Persons, and who acts for them.
  'start':             { running: impossible,               waiting: waiting.beginAnew,       ending: ending.begin },
  'stop':              { running: ending.stop,              waiting: ending.stop,             ending: nothing },
  'restart':           { running: running.restart,          waiting: waiting.beginAnew,       ending: nothing },
  'recycle':           { running: running.recycle,          waiting: nothing,                 ending: nothing },
  'unlink':            { running: running.unlink,           waiting: nothing,                 ending: nothing },
  'unlink-expired':    { running: running.unlinkExpired,    waiting: nothing,                 ending: nothing },
  'refused':           { running: running.refused,          waiting: running.refused,         ending: ending.refused },

  // The browser.
  'browser-ready':     { running: running.browserReady,     waiting: putBrowserAway,          ending: putBrowserAway },
  'browser-failed':    { running: running.browserFailed,    waiting: waiting.browserIsGone,   ending: ending.browserIsGone },
  'browser-exited':    { running: running.browserExited,    waiting: waiting.browserIsGone,   ending: ending.browserIsGone },
  'browser-hung':      { running: running.browserHung,      waiting: nothing,                 ending: nothing },
  'browser-stuck':     { running: running.browserStuck,     waiting: waiting.processStuck,    ending: ending.browserStuck },
  'page-lost':         { running: running.pageLost,         waiting: nothing,                 ending: nothing },

  // The worker.
  'worker-ready':      { running: running.workerReady,      waiting: nothing,                 ending: nothing },
  'successor-ready':   { running: running.successorReady,   waiting: nothing,                 ending: nothing },
  'successor-failed':  { running: running.successorFailed,  waiting: nothing,                 ending: nothing },
  'worker-failure':    { running: running.workerFailure,    waiting: nothing,                 ending: nothing },
  'worker-stuck':      { running: running.workerStuck,      waiting: waiting.processStuck,    ending: ending.workerStuck },
  'worker-exited':     { running: running.workerExited,     waiting: waiting.workerIsGone,    ending: ending.workerIsGone },
  'heartbeat-missed':  { running: running.heartbeatMissed,  waiting: nothing,                 ending: nothing },

  // The session.
  'phase':             { running: running.phase,            waiting: nothing,                 ending: nothing },
  'listening':         { running: running.listening,        waiting: nothing,                 ending: nothing },
  'proven':            { running: running.proven,           waiting: nothing,                 ending: nothing },
  'handled':           { running: running.handled,          waiting: nothing,                 ending: nothing },
  'health':            { running: running.health,           waiting: nothing,                 ending: nothing },

  // The stored login.
  'profile-moved':     { running: running.profileMoved,     waiting: waiting.profileMoved,    ending: ending.profileMoved },
  'profile-not-moved': { running: running.profileNotMoved,  waiting: waiting.profileNotMoved, ending: ending.profileNotMoved },

  'retry':             { running: running.retry,            waiting: nothing,                 ending: nothing },
};
