import { setImmediate as nextTurn } from 'node:timers/promises';

import { describeError } from '../shared/errors.js';
import type { Inbox } from '../shared/inbox/inbox.js';
import type { Head, InboxMessage } from '../shared/inbox/inbox-message.js';
import { DeadlineError, withDeadline } from '../shared/with-deadline.js';
import {
  afterDeath,
  afterFailure,
  chooseNext,
  type HandlingLimits,
  judgeDeath,
  type Mortal,
  pauseMs,
  type Trial,
} from './decide-handling.js';
import { FairTurns } from './fair-turns.js';
import { type HandlerScope, handlerScope } from './handler-scope.js';

export interface DispatcherOptions {
  readonly inbox: Inbox;
  readonly limits: HandlingLimits & {
    /** How long a handler may take. */
    readonly timeoutMs: number;
  };
  /**
   * Hands a message to the bot. What it rejects with is the attempt's failure. The signal is aborted when nobody waits
   * for it any more.
   */
  readonly handle: (message: InboxMessage, signal: AbortSignal) => Promise<unknown>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** The chat that one is part of: two addresses of a person are one chat. Default: each is its own. */
  readonly chatOf?: (chat: string) => string;
  /** Whether the bot has been given a message that waits already, under another id. Default: never. */
  readonly isToldTwice?: (message: InboxMessage) => boolean;
  /** Whether the page is to be blamed for this failure, and not the message. Default: never. */
  readonly isFaultOfPage?: (message: InboxMessage, error: unknown) => boolean;
  readonly onFailed: (message: InboxMessage, error: unknown) => void;
  /** The bot has dealt with a message. */
  readonly onDone?: () => void;
  /** A message was parked as a dead letter. */
  readonly onParked: (message: InboxMessage) => void;
}

/**
 * Milliseconds of one turn of the event loop after which no other handler begins in it. Handlers that never wait would
 * follow one another in the same turn until nothing is left, and the worker would seem to hang.
 */
const msPerTurn = 20;

/**
 * A handler's time begins anew whenever a part of media has come over for it; so many times of it are the most that it
 * gets.
 */
export const longestHandling = 10;

interface Run {
  readonly message: InboxMessage;
  readonly controller: AbortController;
  readonly ended: Promise<void>;
  /** How often the dispatcher had been closed when it began. */
  readonly closures: number;
  readonly scope: HandlerScope;
  readonly beganAt: number;
  /** What it has outlived so far: its failure is put down to that. */
  lost: { readonly what: Mortal; readonly isAlone: boolean } | undefined;
}

type Outcome = ReturnType<typeof afterFailure>;

/**
 * Hands the inbox's messages to the bot: in order within a chat, side by side and in turns across chats; each until it
 * is acknowledged or parked.
 */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  /** The next message of each chat that has one and with which nobody is busy. */
  readonly #heads = new Map<string, Head>();
  readonly #running = new Map<string, Run>();
  /** Since when each of them could have begun, in ms of `performance.now()`. */
  readonly #readyAt = new Map<string, number>();
  readonly #turns = new FairTurns();
  #isOpen = false;
  #closures = 0;
  #isRecovered = false;
  #timer: NodeJS.Timeout | undefined;
  /** When the turn that goes on began, in ms of `performance.now()`. */
  #turnBeganAt: number | undefined;

  constructor(options: DispatcherOptions) {
    this.#options = options;
  }

  /**
   * Deals with what an earlier worker has left behind when it died; later, by itself, where the inbox can't be opened
   * yet.
   */
  recover(): void {
    const { inbox, now } = this.#options;
    this.#isRecovered = inbox.isOpen;
    const own = new Set([...this.#running.values()].map(({ message }) => message.id));
    const left = inbox.running().filter(({ id }) => !own.has(id));
    // One that has left in order, or died before it had begun, proves nothing.
    if (left.length === 0 && inbox.fact('serving') === undefined) return;
    const trial = this.#judge(left);
    for (const message of left) this.#bury({ ...message, ...afterDeath(message, 'worker', trial, now()) });
    inbox.set('serving', undefined);
  }

  /** Begins, or goes on after {@link close}. */
  open(): void {
    this.#isOpen = true;
    this.#readyAt.clear();
    this.refresh();
    this.#options.inbox.set('serving', 1);
  }

  /** Somebody else has changed what the inbox holds, or it could not be opened until now. */
  refresh(): void {
    if (!this.#isOpen) return;
    if (!this.#isRecovered) this.recover();
    this.#heads.clear();
    const { inbox } = this.#options;
    const found = inbox.heads();
    const strays = found.filter(({ chat }) => this.#gather(chat) !== chat);
    for (const head of strays.length > 0 ? inbox.heads() : found) if (!this.#running.has(head.chat)) this.#await(head);
    for (const chat of this.#readyAt.keys()) if (!this.#heads.has(chat)) this.#readyAt.delete(chat);
    this.#advance();
  }

  /**
   * Begins with nothing more; what is with its handlers goes on.
   *
   * @param lost what has gone, where that is why. A handler that fails afterwards is taken to have failed because of
   * it.
   */
  close(lost?: Mortal): void {
    if (lost !== undefined) this.#noteLost(lost);
    this.#isOpen = false;
    this.#closures += 1;
    clearTimeout(this.#timer);
  }

  /** A chat has got messages, or somebody else has changed what becomes of them. */
  noteChange(chat: string): void {
    if (!this.#isOpen) {
      if (!this.#running.has(chat) && !this.#readyAt.has(chat)) this.#readyAt.set(chat, performance.now());
      return;
    }
    this.#refresh(chat);
    this.#advance();
  }

  /** Whether a message of the chat is with its handler. */
  isBusy(chat: string): boolean {
    return this.#running.has(chat);
  }

  /** For how many ms the next message of a chat has waited for the bot, also while closed; of all chats the longest. */
  get waitedMs(): number {
    const now = performance.now();
    let longest = 0;
    for (const readyAt of this.#readyAt.values()) longest = Math.max(longest, now - readyAt);
    return longest;
  }

  /** Resolves when no handler is running. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all([...this.#running.values()].map(({ ended }) => ended));
  }

  /** Gives the bot again what was parked for no fault of its own. Other ids are left alone. */
  revive(ids: readonly string[]): void {
    const { inbox } = this.#options;
    for (const id of ids) {
      const message = inbox.get(id);
      if (message?.state !== 'dead') continue;
      inbox.update({ ...message, state: 'waiting', attempts: 1, nextAt: null, settledAt: null });
      this.noteChange(message.chat);
    }
  }

  /** Resolves when no message is with its handler with which a worker has died before. */
  async suspectsEnded(): Promise<void> {
    const suspects = [...this.#running.values()].filter(({ message }) => message.deaths > 0);
    await Promise.all(suspects.map(({ ended }) => ended));
  }

  /**
   * Leaves what is still with its handlers to the next worker, which begins with it anew. To be called after {@link
   * close}.
   *
   * @param isFault whether what has been lost ends this life: else it ends in order, and nothing is held against what
   * was running.
   */
  abandon({ isFault }: { isFault: boolean } = { isFault: false }): void {
    const { inbox, now } = this.#options;
    for (const { message, controller, lost } of this.#running.values()) {
      controller.abort(new Error('The worker ends'));
      if (!isFault || lost === undefined) inbox.update({ ...message, state: 'waiting' });
      else {
        const trial = lost.isAlone ? this.#judge([message]) : undefined;
        this.#bury({ ...message, ...afterDeath(message, lost.what, trial, now()) });
      }
    }
    this.#running.clear();
    inbox.set('serving', undefined);
  }

  /**
   * The process ends, now, by the code that runs. A handler that ends it on purpose (code 0) or after it has answered
   * has done its work; what ran beside it has nothing to do with that. Where no handler is known to have done it, it is
   * a death like any other. Synchronous, as everything is in an exit.
   */
  noteExit(code: number): void {
    const { inbox, now } = this.#options;
    const scope = handlerScope.getStore();
    if (scope === undefined) return;
    this.#isOpen = false;
    let isDeath = false;
    for (const { message, scope: own } of this.#running.values()) {
      if (own !== scope) inbox.update({ ...message, state: 'waiting' });
      else if (code === 0 || scope.hasAnswered) inbox.update({ ...message, ...doneAt(now()) });
      else isDeath = true;
    }
    this.#running.clear();
    if (!isDeath) inbox.set('serving', undefined);
  }

  /**
   * What has gone while it ran is held against a message only if it fails; that other things run or nothing does clears
   * it at once.
   */
  #noteLost(what: Mortal): void {
    const runs = [...this.#running.values()];
    const isAlone = runs.length === 1;
    if (!isAlone && (this.#isOpen || runs.length > 0)) this.#try(undefined);
    for (const run of runs) run.lost ??= { what, isAlone };
    // What follows from it, up to the end of this life, is the same loss.
    if (this.#isOpen) this.#options.inbox.set('serving', undefined);
  }

  /** @param running what was with its handlers at a death. */
  #judge(running: readonly InboxMessage[]): Trial | undefined {
    const { inbox } = this.#options;
    const [place, deaths] = [inbox.fact('tried'), inbox.fact('trials')];
    const trial = judgeDeath(place === undefined || deaths === undefined ? undefined : { place, deaths }, running);
    this.#try(trial);
    return trial;
  }

  #try(trial: Trial | undefined): void {
    const { inbox } = this.#options;
    if (trial === undefined && inbox.fact('tried') === undefined) return;
    inbox.set('tried', trial?.place);
    inbox.set('trials', trial?.deaths);
  }

  #bury(message: InboxMessage): void {
    this.#options.inbox.update(message);
    if (message.state !== 'dead') return;
    this.#try(undefined);
    this.#options.onParked(message);
  }

  #refresh(address: string): void {
    const chat = this.#gather(address);
    if (chat !== address) {
      this.#heads.delete(address);
      this.#readyAt.delete(address);
    }
    const head = this.#running.has(chat) ? undefined : this.#options.inbox.head(chat);
    if (head !== undefined) this.#await(head);
    else {
      this.#heads.delete(chat);
      this.#readyAt.delete(chat);
    }
  }

  /** What waits under an address that the chat has no more waits in the chat. @returns the chat. */
  #gather(address: string): string {
    const { inbox, chatOf } = this.#options;
    const chat = chatOf?.(address) ?? address;
    if (chat !== address) inbox.moveChat(address, chat);
    return chat;
  }

  #await(head: Head): void {
    const { chat, nextAt } = head;
    const pauseMs = nextAt === null ? 0 : Math.max(0, nextAt - this.#options.now());
    this.#heads.set(chat, head);
    if (!this.#readyAt.has(chat)) this.#readyAt.set(chat, performance.now() + pauseMs);
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

  #begin(head: Head): void {
    const { inbox, handle, limits } = this.#options;
    const { chat } = head;
    this.#heads.delete(chat);
    this.#readyAt.delete(chat);
    this.#turns.noteBegun(chat);
    const found = inbox.take(head);
    if (found === undefined) {
      // Another process has thrown it away.
      this.#refresh(chat);
      return;
    }
    if (this.#options.isToldTwice?.(found) === true) {
      inbox.update({ ...found, ...doneAt(this.#options.now()) });
      this.#refresh(chat);
      return;
    }
    const message: InboxMessage = { ...found, state: 'running', attempts: found.attempts + 1, nextAt: null };
    inbox.update(message);
    const controller = new AbortController();
    const scope: HandlerScope = { hasAnswered: false, progressAt: 0 };
    // Its place among the running is taken before the first line of the bot runs.
    const ended = this.#turn()
      .then(() => {
        // It was left to the next worker meanwhile, which hands it over.
        controller.signal.throwIfAborted();
        const beganAt = (scope.progressAt = performance.now());
        const latest = beganAt + limits.timeoutMs * (longestHandling - 1);
        const handling = handlerScope.run(scope, () => handle(message, controller.signal));
        return withDeadline(handling, limits.timeoutMs, 'The handler', () => Math.min(scope.progressAt, latest));
      })
      .then(
        () => this.#settle(message, doneAt(this.#options.now())),
        (error: unknown) => {
          controller.abort(error);
          this.#fail(message, error);
        },
      );
    const beganAt = this.#options.now();
    this.#running.set(chat, { message, controller, ended, closures: this.#closures, scope, beganAt, lost: undefined });
  }

  /** Resolves in this turn of the event loop, or in the next one where it has gone on for long. */
  async #turn(): Promise<void> {
    if (this.#turnBeganAt === undefined) {
      this.#turnBeganAt = performance.now();
      void nextTurn().then(() => (this.#turnBeganAt = undefined));
    } else if (performance.now() - this.#turnBeganAt > msPerTurn) await nextTurn();
  }

  #fail(message: InboxMessage, error: unknown): void {
    const run = this.#running.get(message.chat);
    if (run?.message !== message) return;
    const { limits, now, onFailed, onParked } = this.#options;
    const words = error instanceof DeadlineError ? error.message : describeError(error);
    const isExcused = run.closures !== this.#closures || this.#options.isFaultOfPage?.(message, error) === true;
    const outcome =
      run.lost === undefined
        ? {
            ...afterFailure(message, words, limits, now(), { isExcused }),
            // It was begun with, which the first attempt stands for; the others are given back.
            ...(isExcused && { attempts: Math.max(1, message.attempts - 1) }),
          }
        : this.#afterLoss(run, run.lost, words);
    onFailed({ ...message, ...outcome }, error);
    this.#settle(message, outcome);
    if (outcome.state === 'dead') onParked({ ...message, ...outcome });
  }

  /** As long as it has run it now waits, for the control: what goes in that time goes without it. */
  #afterLoss({ message, beganAt }: Run, { what, isAlone }: NonNullable<Run['lost']>, error: string): Outcome {
    const { limits, now } = this.#options;
    const trial = isAlone ? this.#judge([message]) : undefined;
    const delayMs = Math.max(pauseMs(message, limits), now() - beganAt);
    const outcome = afterDeath({ ...message, error }, what, trial, now(), delayMs);
    if (outcome.state === 'dead') this.#try(undefined);
    return outcome;
  }

  #settle(message: InboxMessage, outcome: Partial<InboxMessage>): void {
    // It was left to the next worker meanwhile.
    if (this.#running.get(message.chat)?.message !== message) return;
    this.#running.delete(message.chat);
    this.#options.inbox.update({ ...message, ...outcome });
    if (outcome.state === 'done') this.#options.onDone?.();
    this.#refresh(message.chat);
    this.#advance();
  }
}

function doneAt(settledAt: number): Outcome & { readonly raw: null } {
  return { state: 'done', raw: null, nextAt: null, settledAt, error: null };
}
