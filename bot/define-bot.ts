import type { Client, Message, MessageContent, MessageSendOptions } from 'whatsapp-web.js';

/** What a handler gets besides the message. */
export interface MessageContext {
  /** Number of the account that received the message, digits only. */
  readonly account: string;
  /** How often this message has been handed to the handler, counted from 1; a message that a person replays begins with 1 again. */
  readonly attempt: number;
  /** Whether the message arrived while nobody was listening and was fetched afterwards. */
  readonly backfilled: boolean;
  /**
   * Answers in the same chat, quoting the message. Resolves with the message that was sent; once, however often the message is handed over:
   * the first answer of one attempt and the first of the next are the same.
   *
   * @throws what the library's `reply` throws, and when the attempt is over because it took too long.
   */
  reply(content: MessageContent, options?: MessageSendOptions): Promise<Message | undefined>;
  readonly log: BotLog;
  /** Aborted when the worker is about to stop, and when the attempt takes too long (`WASUP_HANDLER_TIMEOUT_MS`); pass it on to what takes long. */
  readonly signal: AbortSignal;
}

/** What `setup` gets besides the client. */
export interface SetupContext {
  readonly account: string;
  readonly log: BotLog;
  readonly signal: AbortSignal;
}

export interface BotLog {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

/** Posts to many, which are no messages to the account: a bot gets them when it asks for them. Default: none. */
export interface HandledPosts {
  /** Status updates of contacts. `reply` answers their author in private. */
  readonly status?: boolean;
  /** Messages to broadcast lists that are addressed to the list. `reply` answers their author in private. */
  readonly broadcasts?: boolean;
  /** Posts in channels that the account follows. `reply` refuses to answer: an answer would be a post of the account. */
  readonly channels?: boolean;
}

export interface Bot {
  /**
   * What `onMessage` is called for beside messages to the account and its groups. Without it such posts go to the listeners of `message`
   * and `message_create` alone, as in plain whatsapp-web.js, while a worker listens.
   */
  handles?: HandledPosts;
  /**
   * Called for each message that others send to the account, in order within a chat. When it throws or rejects, the message comes again;
   * after `WASUP_HANDLER_ATTEMPTS` it is parked as a dead letter.
   */
  onMessage?: (message: Message, context: MessageContext) => unknown;
  /**
   * Called once in each worker life, before the session comes up, with whatsapp-web.js's own client. Listeners of a
   * bot written for plain whatsapp-web.js go here as they are; leave out `initialize()` and `destroy()`, wasup does both.
   */
  setup?: (client: Client, context: SetupContext) => unknown;
}

/**
 * Makes a bot module's default export.
 *
 * @throws TypeError when the definition has neither `onMessage` nor `setup`, or one of them isn't a function.
 */
export function defineBot(bot: Bot): Bot {
  const handlers = [bot.onMessage, bot.setup];
  if (handlers.some((handler) => handler !== undefined && typeof handler !== 'function')) {
    throw new TypeError('defineBot: onMessage and setup must be functions');
  }
  if (handlers.every((handler) => handler === undefined)) {
    throw new TypeError('defineBot: give onMessage(message, context), setup(client, context), or both');
  }
  if (!isHandledPosts(bot.handles)) {
    throw new TypeError('defineBot: handles takes status, broadcasts and channels, each true or false');
  }
  return bot;
}

function isHandledPosts(handles: unknown): boolean {
  if (handles === undefined) return true;
  if (typeof handles !== 'object' || handles === null) return false;
  const known = ['status', 'broadcasts', 'channels'];
  return Object.entries(handles).every(([name, value]) => known.includes(name) && typeof value === 'boolean');
}
