import type { Bot, BotLog, MessageContext } from '../bot/define-bot.js';
import type { InboxMessage } from '../shared/inbox/inbox-message.js';
import type { AttachedClient } from './whatsapp/attached-client.js';
import { makeMessage, type Message } from './whatsapp/library.js';
import { replyId, replyOnce } from './whatsapp/send-once.js';

/** The library's events of an incoming message, in its order. */
const messageEvents = ['message_create', 'message'] as const;

export interface BotCallsOptions {
  readonly client: AttachedClient;
  readonly bot: Bot;
  readonly account: string;
  readonly log: BotLog;
  /** Aborted when the worker is about to stop. */
  readonly stopping: AbortSignal;
}

/** Hands a message to everything of the bot that listens: the listeners of a plain whatsapp-web.js bot, and `onMessage`. */
export class BotCalls {
  readonly #options: BotCallsOptions;
  /** Of messages on which something has failed: who has dealt with them, and is left alone when they come again. */
  readonly #dealtWith = new Map<string, Set<string>>();
  readonly #names = new WeakMap<object, number>();
  #lastName = 0;

  constructor(options: BotCallsOptions) {
    this.#options = options;
  }

  /**
   * Resolves when all have ended, and what they have answered through the context is sent.
   *
   * @param signal aborted when nobody waits for this attempt any more.
   * @throws what the first of them has thrown; the others have had the message nevertheless.
   */
  async hand(row: InboxMessage, signal: AbortSignal): Promise<void> {
    const { client, bot, stopping } = this.#options;
    const message = makeMessage(client, JSON.parse(row.raw ?? '{}') as object);
    const dealtWith = this.#dealtWith.get(row.id) ?? new Set<string>();
    const failures: unknown[] = [];
    const calls: Promise<void>[] = [];
    const call = (name: string, work: () => unknown): void => {
      if (dealtWith.has(name)) return;
      const outcome = attempt(work).then(
        () => void dealtWith.add(name),
        (error: unknown) => void failures.push(error),
      );
      calls.push(outcome);
    };
    for (const event of messageEvents) {
      for (const listener of client.rawListeners(event)) {
        call(`${event} ${this.#nameOf(listener)}`, () => Reflect.apply(listener, client, [message]) as unknown);
      }
    }
    const context = this.#contextFor(row, message, AbortSignal.any([signal, stopping]));
    if (bot.onMessage !== undefined) call('onMessage', () => bot.onMessage?.(message, context.given));
    await Promise.all(calls);
    await context.answered();
    if (failures.length === 0) {
      this.#dealtWith.delete(row.id);
      return;
    }
    this.#dealtWith.set(row.id, dealtWith);
    throw failures[0];
  }

  /** The message doesn't come again. */
  forget(id: string): void {
    this.#dealtWith.delete(id);
  }

  #contextFor(
    row: InboxMessage,
    message: Message,
    signal: AbortSignal,
  ): { readonly given: MessageContext; answered(): Promise<unknown> } {
    const { client, account, log } = this.#options;
    const answers: Promise<unknown>[] = [];
    let nth = 0;
    const given: MessageContext = {
      account,
      attempt: row.attempts,
      backfilled: row.backfilled,
      log,
      signal,
      reply: (content, options) => {
        nth += 1;
        const key = { id: replyId(account, row.id, nth), isRepeated: row.attempts > 1 };
        const answer = attempt(() => {
          signal.throwIfAborted();
          return replyOnce(client, message, key, content, options);
        });
        // Whoever doesn't wait for it means it nevertheless: the message isn't done before.
        answers.push(answer.catch(() => undefined));
        return answer;
      },
    };
    return { given, answered: () => Promise.all(answers) };
  }

  #nameOf(listener: object): number {
    const known = this.#names.get(listener);
    if (known !== undefined) return known;
    this.#lastName += 1;
    this.#names.set(listener, this.#lastName);
    return this.#lastName;
  }
}

/** What is thrown at once is a rejection like any other. */
function attempt<Result>(work: () => Result | Promise<Result>): Promise<Result> {
  return new Promise((resolve) => resolve(work()));
}
