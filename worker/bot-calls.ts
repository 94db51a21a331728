import type { Bot, BotLog, MessageContext } from '../bot/define-bot.js';
import type { InboxMessage } from '../shared/inbox/inbox-message.js';
import { Answers } from './answers.js';
import { chatKind } from './chat-kind.js';
import type { Identity } from './identity.js';
import type { AttachedClient } from './whatsapp/attached-client.js';
import { makeMessage, type Message } from './whatsapp/library.js';
import { replyId, replyOnce } from './whatsapp/send-once.js';

/** The library's events of an incoming message, in its order. */
const messageEvents = ['message_create', 'message'] as const;
/** … and of one that the account has sent itself, from another device. */
const ownMessageEvents = ['message_create'] as const;

export interface BotCallsOptions {
  readonly client: AttachedClient;
  readonly bot: Bot;
  readonly account: string;
  /** Which ids and chats are the same: an earlier answer may have been given under another address. */
  readonly identity?: Pick<Identity, 'aliases' | 'other'>;
  readonly log: BotLog;
  /** Aborted when the worker is about to stop. */
  readonly stopping: AbortSignal;
}

/** Hands a message to everything of the bot that listens: the listeners of a plain whatsapp-web.js bot, and `onMessage`. */
export class BotCalls {
  readonly #options: BotCallsOptions;
  /** Of messages that may come again: who has dealt with them, and is left alone then. */
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
   * @throws what the first of them has thrown, or what kept an answer from being sent; the others have had the message nevertheless.
   */
  async hand(row: InboxMessage, signal: AbortSignal): Promise<void> {
    const { client, bot } = this.#options;
    const message = makeMessage(client, JSON.parse(row.raw ?? '{}') as object);
    const dealtWith = this.#dealtWith.get(row.id) ?? new Set<string>();
    // Known from now on: when one of them takes too long, the message comes again before this attempt has ended.
    this.#dealtWith.set(row.id, dealtWith);
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
    for (const event of message.fromMe ? ownMessageEvents : messageEvents) {
      for (const listener of client.rawListeners(event)) {
        call(`${event} ${this.#nameOf(listener)}`, () => Reflect.apply(listener, client, [message]) as unknown);
      }
    }
    const context = this.#contextFor(row, message, signal);
    if (bot.onMessage !== undefined && !message.fromMe)
      call('onMessage', () => bot.onMessage?.(message, context.given));
    await Promise.all(calls);
    await context.answered().catch((error: unknown) => {
      dealtWith.delete('onMessage');
      failures.push(error);
    });
    if (failures.length > 0) throw failures[0];
    // One that ends too late doesn't end the message.
    if (!signal.aborted) this.#dealtWith.delete(row.id);
  }

  /** The message doesn't come again. */
  forget(id: string): void {
    this.#dealtWith.delete(id);
  }

  #contextFor(
    row: InboxMessage,
    message: Message,
    signal: AbortSignal,
  ): { readonly given: MessageContext; answered(): Promise<void> } {
    const { client, account, identity, log, stopping } = this.#options;
    const answers = new Answers<Message | undefined>();
    // An earlier worker may have answered and died, also when the inbox knows nothing of it any more; one that was parked begins anew.
    const isRepeated = row.attempts > 1 || row.backfilled || row.error !== null;
    let nth = 0;
    const given: MessageContext = {
      account,
      attempt: row.attempts,
      backfilled: row.backfilled,
      log,
      signal: AbortSignal.any([signal, stopping]),
      reply: (content, options) => {
        nth += 1;
        const nthAnswer = nth;
        const id = replyId(account, row.id, nthAnswer);
        return answers.give(() => {
          const earlierIds = (identity?.aliases(row.id) ?? []).map((alias) => replyId(account, alias, nthAnswer));
          const otherOf = (address: string): string | undefined => identity?.other(address);
          const key = { id, earlierIds, isRepeated, otherOf, ...answerTo(row.chat, message) };
          // A worker that is about to stop lets its handlers end: not refused for that.
          signal.throwIfAborted();
          return replyOnce(client, message, key, content, options);
        });
      },
    };
    return { given, answered: () => answers.sent() };
  }

  #nameOf(listener: object): number {
    const known = this.#names.get(listener);
    if (known !== undefined) return known;
    this.#lastName += 1;
    this.#names.set(listener, this.#lastName);
    return this.#lastName;
  }
}

/** Where an answer goes that must not become a post of the account's own. @throws Error where it would be one in any case. */
function answerTo(chat: string, message: Message): { readonly to?: string } {
  const kind = chatKind(chat);
  if (kind === 'conversation') return {};
  if (kind === 'channel') {
    throw new Error(
      'A post in a channel has no answer: it would be a post of this account. Use client.sendMessage if that is meant',
    );
  }
  const { author } = message;
  if (author === undefined)
    throw new Error('The author of this post is not known, so it can not be answered in private');
  return { to: author };
}

/** What is thrown at once is a rejection like any other. */
function attempt<Result>(work: () => Result | Promise<Result>): Promise<Result> {
  return new Promise((resolve) => resolve(work()));
}
