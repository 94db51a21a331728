import type { Bot, MessageContext } from '../bot/define-bot.js';
import { describeError } from '../shared/errors.js';
import type { SessionContext } from './session-context.js';
import type { AttachedClient } from './whatsapp/attached-client.js';
import type { Message } from './whatsapp/library.js';

/** The names that people know for WhatsApp's message types. Others are shown as WhatsApp names them. */
const messageTypeNames: Record<string, string> = { chat: 'text', ptt: 'voice', vcard: 'contact' };

/** Hands messages to the bot. The first listener on the client, so that no listener of the bot can come between. */
export class MessageIntake {
  readonly #context: SessionContext;
  readonly #bot: Bot;
  readonly #signal: AbortSignal;
  readonly #running = new Map<Promise<void>, Message>();
  lastMessageAt: string | null = null;

  constructor(context: SessionContext, bot: Bot, signal: AbortSignal) {
    this.#context = context;
    this.#bot = bot;
    this.#signal = signal;
  }

  listen(client: AttachedClient): void {
    client.on('message', (message) => {
      if (this.#signal.aborted) {
        // It was on its way when the page was told to hold back what comes.
        client.giveBack(message).catch(() => undefined);
        return;
      }
      const handling = this.#handle(message);
      this.#running.set(handling, message);
      void handling.finally(() => this.#running.delete(handling));
    });
  }

  /** Resolves when every handler that is running has ended. */
  async idle(): Promise<void> {
    await Promise.all(this.#running.keys());
  }

  /** What handlers are working on. */
  get unfinished(): readonly Message[] {
    return [...this.#running.values()];
  }

  async #handle(message: Message): Promise<void> {
    const { output } = this.#context;
    this.lastMessageAt = new Date().toISOString();
    const sender = (message.author ?? message.from).split('@')[0] ?? 'unknown';
    const type = message.type as string;
    output.log.info(`[MESSAGE] MESSAGE_TYPE: ${messageTypeNames[type] ?? type} - From: +${sender}`);
    if (this.#bot.onMessage === undefined) return;
    try {
      await this.#bot.onMessage(message, this.#contextFor(message));
    } catch (error) {
      const where = error instanceof Error ? (error.stack ?? error.message) : describeError(error);
      output.log.error(`The bot failed on a message of +${sender}: ${where}`);
    }
  }

  #contextFor(message: Message): MessageContext {
    return {
      account: this.#context.assignment.account,
      attempt: 1,
      backfilled: false,
      reply: (content, options) => message.reply(content, undefined, options),
      log: this.#context.botLog,
      signal: this.#signal,
    };
  }
}
