import type { AccountState } from '../shared/account-state.js';
import type { Alert } from '../shared/alerts.js';
import type { FailureClass, Impairment, RestoreRung, SessionMode, WorkerPhase } from '../shared/protocol/messages.js';
import type { BreakerLimits } from './breaker.js';
import type { WorkerExit } from './exit-failure.js';
import type { RestartLimits } from './restart-policy.js';
import type { Tally } from './restart-tally.js';

/** Both clocks, in milliseconds. */
export interface Moment {
  /** For what lies within this process' life. */
  readonly monotonicMs: number;
  /** Since 1970; for what outlives it. */
  readonly wallMs: number;
}

/** The configured numbers that decide. */
export interface MachineLimits extends RestartLimits, BreakerLimits {
  /** A life that has listened for so long has proved to be healthy: what failed before is forgotten. */
  readonly stableAfterMs: number;
  /** How often WhatsApp Web may be opened within an hour. */
  readonly maxLoginsPerHour: number;
}

/** What a decision depends on, beside machine and event. */
export interface Surroundings {
  readonly limits: MachineLimits;
  readonly now: Moment;
  /** Between 0 and 1, for jitter. */
  readonly random: number;
}

/** Why a life ended, as it is told to people. */
export interface Failure {
  readonly class: FailureClass;
  readonly reason: string;
  readonly userAction: string | null;
}

/** Everything that decides what an account does next. Plain data: the transition copies, never changes it. */
export interface Machine {
  readonly state: AccountState;
  readonly browser: 'absent' | 'starting' | 'running' | 'stopping';
  readonly worker: 'absent' | 'starting' | 'ready' | 'assigned' | 'stopping';
  /**
   * The worker that is to take the place of one that listens, as planned: it loads its modules and the bot while that
   * one still listens, and gets its incarnation when it takes its place.
   */
  readonly successor: 'absent' | 'starting' | 'ready';
  /** Number of the newest worker life. Messages and timers of an older one don't reach the machine. */
  readonly incarnation: number;
  readonly mode: SessionMode;
  /**
   * The running browser's page: still blank; with a session in it that has listened and that nothing is known against;
   * or in doubt, so that it is opened anew for the next life.
   */
  readonly page: 'blank' | 'living' | 'doubtful';
  /**
   * The stored login: where it belongs; found unpaired, to be set aside when no browser has it any more; or just being
   * moved. No browser is started on one that is not in place.
   */
  readonly profile: 'in-place' | 'unpaired' | 'moving';
  /** The next life gets a browser of its own: the running one is replaced. */
  readonly freshBrowser: boolean;
  /** Why the browser is being killed; null while nothing is wrong with it. */
  readonly browserFailure: string | null;
  /** Browser and worker have more memory than they may, and are to be replaced for it. */
  readonly isOverMemory: boolean;
  /**
   * The running browser couldn't write what its page stores, at least once: a page of it that isn't linked may not have
   * read its login.
   */
  readonly hadNoStorage: boolean;
  /** A person has asked to unlink the device: WhatsApp's "not linked" is what was wanted. */
  readonly unlinking: boolean;
  readonly tally: Tally;
  /** What the worker was at last; null before it has said anything. */
  readonly phase: WorkerPhase | null;
  /** Attempts in a row that ended while WhatsApp was authenticating. */
  readonly stuckAuthenticating: number;
  /** This life has had WhatsApp Web opened; one that took over the page as it was has not. */
  readonly hasOpenedPage: boolean;
  /**
   * Monotonic milliseconds, of the page of this life: it may not be proved yet that messages come through. Null while
   * it doesn't listen.
   */
  readonly listeningSinceMs: number | null;
  /** The state of WhatsApp's socket, as far as it was told. */
  readonly transport: string;
  /** What keeps messages from coming through though the page listens; null: nothing that is known. */
  readonly impairment: Impairment | null;
  /** Why the account isn't listening; null when nothing has gone wrong since it last was. */
  readonly failure: Failure | null;
  /** What the end of this worker life will be put down to, as far as it is known before its exit. */
  readonly workerFailure: WorkerFailure | null;
}

export interface WorkerFailure extends Failure {
  /** The worker said so itself, about page and session. */
  readonly reported: boolean;
}

export type MachineEvent =
  | { readonly type: 'start' }
  /** Another process has the account: at the start, or since this one was away. */
  | { readonly type: 'refused'; readonly failure: Failure }
  | { readonly type: 'stop' }
  | { readonly type: 'browser-ready' }
  | { readonly type: 'browser-failed'; readonly failure: Failure }
  | { readonly type: 'browser-exited'; readonly reason: string }
  /** The browser as a whole doesn't answer, whatever its page does. */
  | { readonly type: 'browser-hung'; readonly afterMs: number }
  /** It has survived SIGKILL. */
  | { readonly type: 'browser-stuck'; readonly reason: string }
  | { readonly type: 'worker-stuck'; readonly reason: string }
  | { readonly type: 'worker-ready' }
  /** It has loaded everything. */
  | { readonly type: 'successor-ready' }
  /** It could not, and is gone. */
  | { readonly type: 'successor-failed'; readonly failure: Failure }
  | { readonly type: 'worker-failure'; readonly failure: WorkerFailure }
  | { readonly type: 'phase'; readonly phase: WorkerPhase }
  | ({ readonly type: 'worker-exited' } & WorkerExit)
  /** The page of a living browser could not be renewed. */
  | { readonly type: 'page-lost'; readonly reason: string }
  | { readonly type: 'listening' }
  | { readonly type: 'profile-moved'; readonly name: string | null }
  | { readonly type: 'profile-not-moved'; readonly failure: Failure }
  /** What impairs the session has changed, and the state of WhatsApp's socket. */
  | { readonly type: 'health'; readonly connection: string; readonly impairment: Impairment | null }
  /** @property detail where it hangs, as far as that can be told; @property userAction what is to be mended there. */
  | {
      readonly type: 'heartbeat-missed';
      readonly afterMs: number;
      readonly detail?: string | undefined;
      readonly userAction?: string | undefined;
    }
  /** A sign of life, when it has listened for as long as a healthy life does. Silence proves nothing. */
  | { readonly type: 'proven' }
  /** The worker's bot has dealt with a message: whatever ends this life, it was good for something. */
  | { readonly type: 'handled' }
  | { readonly type: 'retry' }
  /** A person asks, or the code of worker or bot has changed: a new beginning. */
  | { readonly type: 'restart'; readonly freshBrowser: boolean }
  /**
   * Browser and worker, or the worker alone, have grown old or large. Only a session that listens is replaced for that,
   * and nothing is forgiven.
   */
  | {
      readonly type: 'recycle';
      readonly reason: string;
      readonly freshBrowser: boolean;
      /** The hard limit is the reason: what is with its handlers may be what takes the memory. */
      readonly isOverMemory?: boolean;
    }
  | { readonly type: 'unlink' }
  /** WhatsApp has not unlinked the device in time. */
  | { readonly type: 'unlink-expired' };

export type Effect =
  | { readonly type: 'start-browser' }
  | { readonly type: 'stop-browser' }
  /** Without politeness: it answers nobody. */
  | { readonly type: 'kill-browser' }
  | { readonly type: 'start-worker' }
  /** In the place of one that is on its way, if there is one. */
  | { readonly type: 'start-successor' }
  /** It is the worker from now on; if it was ready, `worker-ready` is not said again. */
  | { readonly type: 'promote-successor' }
  | { readonly type: 'drop-successor' }
  | {
      readonly type: 'assign';
      readonly mode: SessionMode;
      /** Hot is a wish: a page that isn't what it should be is opened anew. */
      readonly rung: RestoreRung;
      readonly attempt: number;
    }
  /** @property isOverMemory what it can't end in time, is held against what is with its handlers. */
  | { readonly type: 'stop-worker'; readonly isOverMemory?: true }
  | { readonly type: 'kill-worker' }
  /** The worker has WhatsApp unlink the device. */
  | { readonly type: 'unlink-device' }
  | { readonly type: 'retry-in'; readonly delayMs: number }
  | { readonly type: 'cancel-retry' }
  /** The stored login goes to the quarantine, with the reason. No browser has it. */
  | { readonly type: 'set-profile-aside'; readonly reason: string }
  /** Nobody listens any more, whatever the account's file says. */
  | { readonly type: 'record-inactive' }
  /** A life has ended: one line that says what happened and what follows. `isNews`: not just once more the same. */
  | { readonly type: 'tell'; readonly failure: Failure; readonly next: string; readonly isNews: boolean }
  | { readonly type: 'alert'; readonly alert: Alert; readonly class: FailureClass }
  /** An event that the table has no place for. Logged and counted. */
  | { readonly type: 'cannot-happen'; readonly event: string };

export interface Step {
  readonly machine: Machine;
  readonly effects: readonly Effect[];
}
