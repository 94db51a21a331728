import { describeError } from '../shared/errors.js';
import type { Inbox } from '../shared/inbox/inbox.js';
import type { Head, InboxMessage } from '../shared/inbox/inbox-message.js';
import { DeadlineError, withDeadline } from '../shared/with-deadline.js';
import { afterDeath, afterFailure, chooseNext, type HandlingLimits } from './decide-handling.js';
import { FairTurns } from './fair-turns.js';

export interface DispatcherOptions {
  readonly inbox: Inbox;
  readonly limits: HandlingLimits & {
    /** How long a handler may take. */
    readonly timeoutMs: number;
  };
  /** Hands a message to the bot. What it rejects with is the attempt's failure. The signal is aborted when nobody waits for it any more. */
  readonly handle: (message: InboxMessage, signal: AbortSignal) => Promise<unknown>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly onFailed: (message: InboxMessage, error: unknown) => void;
  /** A message was parked as a dead letter. */
  readonly onParked: (message: InboxMessage) => void;
}

interface Run {
  readonly message: InboxMessage;
  readonly controller: AbortController;
  readonly ended: Promise<void>;
  /** How often the dispatcher had been closed when it began. */
  readonly closures: number;
}

/**
 * Hands the inbox's messages to the bot: in order within a chat, side by side and in turns across chats; each until it is acknowledged or
 * parked.
 */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  /** The next message of each chat that has one and with which nobody is busy. */
  readonly #heads = new Map<string, Head>();
  readonly #running = new Map<string, Run>();
  readonly #turns = new FairTurns();
  #isOpen = false;
  #closures = 0;
  #isRecovered = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: DispatcherOptions) {
    this.#options = options;
  }

  /** Deals with what an earlier worker has left behind when it died; later, by itself, where the inbox can't be opened yet. */
  recover(): void {
    const { inbox, now } = this.#options;
    this.#isRecovered = inbox.isOpen;
    const own = new Set([...this.#running.values()].map(({ message }) => message.id));
    for (const message of inbox.running().filter(({ id }) => !own.has(id))) {
      const after = { ...message, ...afterDeath(message, now()) };
      inbox.update(after);
      if (after.state === 'dead') this.#options.onParked(after);
    }
  }

  /** Begins, or goes on after {@link close}. */
  open(): void {
    this.#isOpen = true;
    this.refresh();
  }

  /** Somebody else has changed what the inbox holds, or it could not be opened until now. */
  refresh(): void {
    if (!this.#isOpen) return;
    if (!this.#isRecovered) this.recover();
    this.#heads.clear();
    for (const head of this.#options.inbox.heads()) if (!this.#running.has(head.chat)) this.#heads.set(head.chat, head);
    this.#advance();
  }

  /** Begins with nothing more; what is with its handlers goes on. */
  close(): void {
    this.#isOpen = false;
    this.#closures += 1;
    clearTimeout(this.#timer);
  }

  /** A chat has got messages, or somebody else has changed what becomes of them. */
  noteChange(chat: string): void {
    if (!this.#isOpen) return;
    this.#refresh(chat);
    this.#advance();
  }

  /** Resolves when no handler is running. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all([...this.#running.values()].map(({ ended }) => ended));
  }

  /** Leaves what is still with its handlers to the next worker, which begins with it anew: this one ends in order. To be called after {@link close}. */
  abandon(): void {
    for (const { message, controller } of this.#running.values()) {
      controller.abort(new Error('The worker ends'));
      this.#options.inbox.update({ ...message, state: 'waiting' });
    }
    this.#running.clear();
  }

  #refresh(chat: string): void {
    const head = this.#running.has(chat) ? undefined : this.#options.inbox.head(chat);
    if (head === undefined) this.#heads.delete(chat);
    else this.#heads.set(chat, head);
  }

  #advance(): void {
    clearTimeout(this.#timer);
    while (this.#isOpen) {
      const running = [...this.#running.values()].map(({ message }) => message);
      const { limits, now } = this.#options;
      const choice = chooseNext(this.#heads.values(), running, limits, now(), (chat) => this.#turns.of(chat));
      if (choice.do === 'handle') this.#begin(choice.head);
      else {
        if (choice.do === 'wait') {
          const delay = Math.max(1, choice.until - this.#options.now());
          this.#timer = setTimeout(() => this.#advance(), delay).unref();
        }
        return;
      }
    }
  }

  #begin({ id, chat }: Head): void {
    const { inbox, handle, limits } = this.#options;
    this.#heads.delete(chat);
    this.#turns.noteBegun(chat);
    const found = inbox.get(id);
    if (found?.state !== 'waiting') {
      // Another process has thrown it away.
      this.#refresh(chat);
      return;
    }
    const message: InboxMessage = { ...found, state: 'running', attempts: found.attempts + 1, nextAt: null };
    inbox.update(message);
    const controller = new AbortController();
    // Its place among the running is taken before the first line of the bot runs.
    const ended = Promise.resolve()
      .then(() => withDeadline(handle(message, controller.signal), limits.timeoutMs, 'The handler'))
      .then(
        () => this.#settle(message, { state: 'done', raw: null, settledAt: this.#options.now(), error: null }),
        (error: unknown) => {
          controller.abort(error);
          this.#fail(message, error);
        },
      );
    this.#running.set(chat, { message, controller, ended, closures: this.#closures });
  }

  #fail(message: InboxMessage, error: unknown): void {
    const run = this.#running.get(message.chat);
    if (run?.message !== message) return;
    const { limits, now, onFailed, onParked } = this.#options;
    const words = error instanceof DeadlineError ? error.message : describeError(error);
    const outcome = afterFailure(message, words, limits, now(), {
      isExcused: run.closures !== this.#closures,
    });
    onFailed({ ...message, ...outcome }, error);
    this.#settle(message, outcome);
    if (outcome.state === 'dead') onParked({ ...message, ...outcome });
  }

  #settle(message: InboxMessage, outcome: Partial<InboxMessage>): void {
    // It was left to the next worker meanwhile.
    if (this.#running.get(message.chat)?.message !== message) return;
    this.#running.delete(message.chat);
    this.#options.inbox.update({ ...message, ...outcome });
    this.#refresh(message.chat);
    this.#advance();
  }
}
