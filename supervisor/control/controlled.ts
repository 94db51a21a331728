import type { EventEmitter } from 'node:events';

import type { AccountState } from '../../shared/account-state.js';
import type { Alert } from '../../shared/alerts.js';
import type { LinkAnswer, LinkMethod } from '../../shared/link-answer.js';
import type { AttemptMetrics, FailureClass, ProbeOutcome, WorkerPhase } from '../../shared/protocol/messages.js';
import type { SessionHistoryEntry } from '../../shared/session-history.js';
import type { LinkCode } from '../link-desk.js';

/** What is known of an account now. The first twelve fields are a contract with whoever reads `/api/accounts`. */
export interface AccountView {
  readonly number: string;
  readonly state: AccountState;
  /** Verified to be listening. */
  readonly isActive: boolean;
  readonly workerPid: number | null;
  readonly browserPid: number | null;
  /** How the session came up last: `hot`, `warm`, `cold`, `relink`; null before it has. */
  readonly restoreMode: 'hot' | 'warm' | 'cold' | 'relink' | null;
  /** Milliseconds that it took to come up last; null before it has. */
  readonly restoreDuration: number | null;
  /** Worker lives after the first, since this supervisor took the account. */
  readonly restarts: number;
  /** Since when it is in this state; ISO 8601 in UTC. */
  readonly since: string;
  /** Why it isn't listening; null while it is. */
  readonly reason: string | null;
  /** What a person should do; null when nothing is to be done. */
  readonly userAction: string | null;
  /** When the newest message came; ISO 8601 in UTC, null when none has. */
  readonly lastMessageAt: string | null;

  /** Messages that wait for the bot, are with it, or are parked as dead letters; null before a worker has told. */
  readonly inbox: { readonly waiting: number; readonly running: number; readonly dead: number } | null;

  /** What a person reads of the state. */
  readonly sentence: string;
  /** What the worker is at; null without one. */
  readonly phase: WorkerPhase | null;
  /** WhatsApp's socket, as it was told last. */
  readonly transport: string;
  /** When the next restart comes by itself; ISO 8601 in UTC, null when none is waiting. */
  readonly nextAttemptAt: string | null;
  readonly breaker: 'closed' | 'open' | 'half-open';
  /** Of the newest heartbeat; null without one. */
  readonly heartbeat: {
    readonly at: string;
    readonly lagMs: number;
    readonly rssBytes: number;
    readonly lastProbe: { readonly outcome: ProbeOutcome; readonly at: string } | null;
  } | null;
  /** PSS of browser and worker together; null before it was measured, or where it can't be. */
  readonly memoryBytes: number | null;
  /** A code that links the device is there to be shown: `qr.svg`, or a pairing code. Never the code itself. */
  readonly linkCode: { readonly method: LinkMethod; readonly sequence: number; readonly expiresAt: string } | null;
}

/** How a request of a person is met: what follows, or why not and what to do instead. */
export type RequestAnswer = LinkAnswer;

/** What the control API asks of an account. */
export interface ControlledAccount {
  readonly number: string;
  view(): AccountView;
  /** The code that can be used now, if any. */
  readonly linkCode: LinkCode | undefined;
  /** Newest last. */
  history(): Promise<readonly SessionHistoryEntry[]>;
  /** A person is there to link the device; answers with what follows. */
  requestLink(method: LinkMethod): Promise<RequestAnswer>;
  /** Ends worker (and browser, if asked) in order and starts them again; forgets what has failed. */
  requestRestart(options: { readonly freshBrowser: boolean }): RequestAnswer;
  /** Has WhatsApp unlink the device; the login is set aside. Resolves when that has happened, or can't. */
  requestUnlink(): Promise<RequestAnswer>;
}

export interface SupervisorEvents {
  /** An account has changed its state, or what there is to say of it. */
  account: [AccountView];
  /** An account isn't configured any more, and is stopped. */
  removed: [{ readonly number: string }];
  alert: [{ readonly number: string; readonly alert: Alert }];
  /** A life or an attempt has ended by itself. */
  failure: [{ readonly number: string; readonly class: FailureClass; readonly reason: string }];
  attempt: [{ readonly number: string; readonly attempt: AttemptMetrics }];
  /** Something that the table of states has no place for, or a word of a life that is over. Counted. */
  anomaly: [{ readonly number: string; readonly kind: 'cannot-happen' | 'late-message'; readonly what: string }];
}

/** What became of a request to read the configuration again. */
export interface ReloadAnswer {
  readonly accepted: boolean;
  /** What was done, or what is wrong with the configuration (then nothing was done). */
  readonly sentence: string;
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
  /** Options that have changed and need another start of wasup, by their names in the configuration file. */
  readonly needRestart: readonly string[];
}

/** What the control API asks of the supervisor. */
export interface ControlledSupervisor {
  readonly accounts: readonly ControlledAccount[];
  readonly events: EventEmitter<SupervisorEvents>;
  /** Reads the configuration again: accounts are added, removed, restarted; the others go on. */
  reload(): Promise<ReloadAnswer>;
}
