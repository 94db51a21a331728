import type { AccountState } from '../shared/account-state.js';
import type { FailureClass, RestoreRung, SessionMode } from '../shared/protocol/messages.js';

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
  /** Number of the newest worker life. Messages and timers of an older one don't reach the machine. */
  readonly incarnation: number;
  readonly mode: SessionMode;
  /** Whether the running browser has never had a worker: its page is still blank. */
  readonly pageIsBlank: boolean;
  readonly failures: number;
  readonly authFailures: number;
  /** Monotonic milliseconds; null while not listening. */
  readonly listeningSinceMs: number | null;
  /** Why the account isn't listening; null when nothing has gone wrong since it last was. */
  readonly failure: Failure | null;
  /** What the end of this worker life will be put down to, as far as it is known before its exit. */
  readonly workerFailure: Failure | null;
}

export type MachineEvent =
  | { readonly type: 'start' }
  | { readonly type: 'stop' }
  | { readonly type: 'browser-ready' }
  | { readonly type: 'browser-failed'; readonly failure: Failure }
  | { readonly type: 'browser-exited'; readonly reason: string }
  | { readonly type: 'worker-ready' }
  | { readonly type: 'worker-failure'; readonly failure: Failure }
  | { readonly type: 'worker-exited'; readonly code: number | null; readonly signal: string | null }
  /** The page of a living browser could not be renewed. */
  | { readonly type: 'page-lost'; readonly reason: string }
  | { readonly type: 'listening' }
  | { readonly type: 'transport'; readonly connected: boolean }
  | { readonly type: 'heartbeat-missed'; readonly afterMs: number }
  | { readonly type: 'retry' }
  /** The code of worker or bot has changed: the next life is to run the new one. */
  | { readonly type: 'reload' };

export type Effect =
  | { readonly type: 'start-browser' }
  | { readonly type: 'stop-browser' }
  | { readonly type: 'start-worker' }
  | {
      readonly type: 'assign';
      readonly mode: SessionMode;
      readonly rung: RestoreRung;
      readonly attempt: number;
      readonly renewPage: boolean;
    }
  | { readonly type: 'stop-worker' }
  | { readonly type: 'kill-worker' }
  | { readonly type: 'retry-in'; readonly delayMs: number }
  | { readonly type: 'cancel-retry' }
  /** Nobody listens any more, whatever the account's file says. */
  | { readonly type: 'record-inactive' }
  /** A life has ended: one line that says what happened and what follows. */
  | { readonly type: 'tell'; readonly failure: Failure; readonly next: string }
  /** An event that the table has no place for. Logged and counted. */
  | { readonly type: 'cannot-happen'; readonly event: string };

export interface Step {
  readonly machine: Machine;
  readonly effects: readonly Effect[];
}
