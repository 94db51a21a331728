import { WorkerFailure } from '../worker-failure.js';
import type { BringUpOptions } from './bring-up.js';
import type { WhatsAppWindow } from './page-globals.js';
import type { PageState } from './page-state.js';

declare const window: WhatsAppWindow;

type Options = Pick<BringUpOptions, 'client' | 'evidence' | 'log'>;

/** A page is helped after so many looks that found it in need of help. */
const looksBeforeHelp = 3;
/** How long the library may take to set itself up while the page answers, before and after it was helped. */
const setUpTimeoutMs = 10_000;

/** How far the library has come, as far as it tells. */
export interface LibraryProgress {
  readonly injected: boolean;
  /** Whether it heard of the sync. */
  readonly knowsOfSync: boolean;
}

/** Helps a library that has missed the sync, or has stumbled over it. */
export class SetUpHelp {
  given = false;
  readonly #options: Options;
  readonly #library: LibraryProgress;
  #looks = 0;
  #since = 0;
  #helpedAt = 0;
  #errorsBefore = 0;

  constructor(options: Options, library: LibraryProgress) {
    this.#options = options;
    this.#library = library;
  }

  /** The page has been silent for so long, which counts for nothing. */
  pauseFor(milliseconds: number): void {
    this.#since += milliseconds;
    this.#helpedAt += milliseconds;
  }

  /** @throws WorkerFailure when help hasn't helped, with the cause if the library told it. */
  consider(state: PageState): void {
    const { client, evidence, log } = this.#options;
    const now = performance.now();
    const needsHelp = state.socket === 'CONNECTED' && state.hasSynced && this.#library.injected;
    if (!needsHelp || this.#looks === 0) this.#since = now;
    this.#looks = needsHelp ? this.#looks + 1 : 0;
    if (!needsHelp) return;
    const decision = decideHelp({
      knowsOfSync: this.#library.knowsOfSync,
      utilities: state.utilities,
      looks: this.#looks,
      forMs: now - this.#since,
      hasThrown: evidence.setUpErrors > this.#errorsBefore,
      helpedMsAgo: this.given ? now - this.#helpedAt : undefined,
    });
    if (decision === 'wait') return;
    if (decision === 'give-up') {
      const {
        class: failureClass,
        message,
        cause,
      } = evidence.failure() ??
      new WorkerFailure('TRANSIENT', 'The library could not be helped over a sync that it had missed');
      throw new WorkerFailure(failureClass, message, { cause, reloadMayHelp: true });
    }
    this.given = true;
    this.#helpedAt = now;
    this.#errorsBefore = evidence.setUpErrors;
    log.info(
      this.#library.knowsOfSync
        ? 'whatsapp-web.js did not set itself up after the sync; telling it again.'
        : 'WhatsApp had synced before the library listened; telling it again.',
    );
    // What it throws is part of the evidence.
    client.page.evaluate(() => window.onAppStateHasSyncedEvent?.()).catch(() => undefined);
  }
}

/** A page that WhatsApp has synced and that the library isn't set up in. */
export interface SetUpCircumstances {
  /** Whether the library heard of the sync. It doesn't when its listener came later than the sync. */
  readonly knowsOfSync: boolean;
  /** Whether its in-page half is there. Then it has begun to attach its listeners, which must not happen twice. */
  readonly utilities: boolean;
  /** Looks in a row that found the page like this. */
  readonly looks: number;
  /** How long it has been like this, while it answered. */
  readonly forMs: number;
  /** Whether setting up has thrown: since the help, if the library was helped. */
  readonly hasThrown: boolean;
  /** How long ago the library was helped; undefined when it wasn't. */
  readonly helpedMsAgo: number | undefined;
}

/**
 * Whether to tell the library once more that WhatsApp has synced, which sets it up: once in a document. Pure.
 */
export function decideHelp(circumstances: SetUpCircumstances): 'wait' | 'help' | 'give-up' {
  const { knowsOfSync, utilities, looks, forMs, hasThrown, helpedMsAgo } = circumstances;
  if (helpedMsAgo !== undefined) return hasThrown || helpedMsAgo > setUpTimeoutMs ? 'give-up' : 'wait';
  const isStuck = hasThrown || forMs > setUpTimeoutMs;
  if (utilities) return isStuck ? 'give-up' : 'wait';
  if (isStuck || !knowsOfSync) return looks >= looksBeforeHelp ? 'help' : 'wait';
  return 'wait';
}
