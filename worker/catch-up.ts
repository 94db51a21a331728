import type { Alert } from '../shared/alerts.js';
import { describeError } from '../shared/errors.js';
import type { Inbox } from '../shared/inbox/inbox.js';
import type { Logger } from '../shared/logger.js';
import { decideSince } from './decide-since.js';
import type { Missed, MissedChat } from './whatsapp/read-missed.js';

export interface CatchUpLimits {
  /** How old a message may be to be fetched, in ms. */
  readonly maxAgeMs: number;
  /** So many at most, the newest. */
  readonly maxMessages: number;
}

/** How the page is asked. */
export interface MissedSource {
  list(since: number, limit: number): Promise<Missed>;
  /** Raw models in JSON, in the order of the ids; null for a message that has gone. */
  models(ids: readonly string[]): Promise<(string | null)[]>;
}

export interface CatchUpOptions {
  readonly inbox: Inbox;
  readonly source: MissedSource;
  readonly limits: CatchUpLimits;
  readonly log: Logger;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly alert: (alert: Alert) => void;
  /** A chat has got messages. */
  readonly onChat: (chat: string) => void;
  /** Seconds since 1970: from when on messages concern the bot, where the inbox knows of nothing before. */
  readonly beginning: () => number;
}

/** So many messages cross at a time. */
const portion = 200;

/** Fetches what came while nobody listened: from the page into the inbox, which drops what it has. */
export class CatchUp {
  readonly #options: CatchUpOptions;
  /** The newest round; another one waits for it. */
  #round: Promise<number> | undefined;
  #next: Promise<number> | undefined;
  /** Seconds since 1970: the oldest message that has come undecrypted since the newest round began. */
  #undecrypted = Infinity;

  constructor(options: CatchUpOptions) {
    this.#options = options;
  }

  /**
   * Once more from the mark on. Asked for while a round is going on, another one follows, which sees all that came until then.
   *
   * @returns how many messages were new.
   * @throws what the page or the inbox has said.
   */
  run(): Promise<number> {
    if (this.#round === undefined) {
      const round = this.#catchUp().finally(() => {
        if (this.#round === round) this.#round = undefined;
      });
      this.#round = round;
      return round;
    }
    const before = this.#round;
    this.#next ??= before
      .catch(() => 0)
      .then(() => {
        this.#next = undefined;
        return this.run();
      });
    return this.#next;
  }

  /** Keeps from when on messages concern the bot, where nothing is known of before: the next worker begins there, too. */
  noteBeginning(): void {
    const { inbox, beginning } = this.#options;
    if (inbox.fact('mark') !== undefined) return;
    // The slack of the mark reaches into what was there before.
    inbox.raise('floor', Math.min(beginning(), inbox.fact('undecrypted') ?? Infinity));
    inbox.raise('mark', beginning());
  }

  /** A message has come that can't be decrypted yet. @param t seconds since 1970. */
  noteUndecrypted(t: number): void {
    const { inbox } = this.#options;
    this.#undecrypted = Math.min(this.#undecrypted, t);
    inbox.set('undecrypted', Math.min(inbox.fact('undecrypted') ?? Infinity, t));
  }

  async #catchUp(): Promise<number> {
    const { inbox, source, limits, now } = this.#options;
    this.#assertOpen();
    this.#undecrypted = Infinity;
    this.noteBeginning();
    const facts = { mark: inbox.fact('mark'), floor: inbox.fact('floor'), undecrypted: inbox.fact('undecrypted') };
    const { since, cutMs } = decideSince(facts, this.#options.beginning(), limits, now());
    const lastPlace = inbox.lastPlace;
    const missed = await source.list(since, limits.maxMessages);
    this.#assertOpen();
    const unknown = inbox.unknown(missed.chats.flatMap(({ messages }) => messages.map(({ id }) => id)));
    // The chat that has waited longest first.
    const chats = missed.chats
      .map((chat) => ({ ...chat, fresh: chat.messages.filter(({ id }) => unknown.has(id)) }))
      .filter(({ fresh }) => fresh.length > 0)
      .sort((one, other) => (one.fresh[0]?.t ?? 0) - (other.fresh[0]?.t ?? 0));
    let added = 0;
    for (const chat of chats) {
      added += await this.#fetch(chat, chat.fresh, lastPlace);
      this.#options.onChat(chat.chat);
    }
    this.#noteMark(missed, since);
    this.#tell(added, missed, cutMs);
    return added;
  }

  async #fetch(chat: MissedChat, fresh: MissedChat['messages'], lastPlace: number): Promise<number> {
    const models = new Map<string, string>();
    for (let start = 0; start < fresh.length; start += portion) {
      const ids = fresh.slice(start, start + portion).map(({ id }) => id);
      for (const [index, raw] of (await this.#options.source.models(ids)).entries()) {
        const id = ids[index];
        if (id !== undefined && raw !== null) models.set(id, raw);
      }
    }
    this.#assertOpen();
    const messages = chat.messages.map(({ id, t }) => ({ id, t, raw: models.get(id) ?? null }));
    return this.#options.inbox.addMissed(chat.chat, messages, lastPlace);
  }

  /** From here on each message that comes is journaled, so that the mark can follow them. */
  #noteMark({ chats, keptFrom }: Missed, since: number): void {
    const { inbox } = this.#options;
    const times = chats.flatMap(({ messages }) => messages.map(({ t }) => t));
    if (keptFrom !== null) inbox.raise('floor', keptFrom);
    inbox.raise(
      'mark',
      times.reduce((newest, t) => Math.max(newest, t), since),
    );
    const waiting = chats.flatMap(({ undecrypted }) => undecrypted.map(({ t }) => t));
    const oldest = waiting.reduce((older, t) => Math.min(older, t), this.#undecrypted);
    inbox.set('undecrypted', oldest === Infinity ? undefined : oldest);
  }

  /** It may be closed while the page is asked: then the worker ends, and the next one fetches. */
  #assertOpen(): void {
    if (this.#options.inbox.isOpen) return;
    throw new Error('what was handled before is not known while the inbox can not be opened');
  }

  #tell(added: number, { cut }: Missed, cutMs: number): void {
    const { log, alert, limits } = this.#options;
    if (added > 0)
      log.info(`${added} ${added === 1 ? 'message' : 'messages'} came while nobody listened; the bot gets them now.`);
    if (cut > 0) {
      alert({
        kind: 'catch-up-cut',
        sentence: `${cut} messages that came while nobody listened are left out: more than ${limits.maxMessages} had come. The newest are handled.`,
        action: 'Raise WASUP_CATCH_UP_MAX_MESSAGES if the bot is to handle so many.',
      });
    }
    if (cutMs > 0) {
      const days = Math.round((limits.maxAgeMs / 86_400_000) * 10) / 10;
      alert({
        kind: 'catch-up-cut',
        sentence: `Nobody has listened for longer than messages are fetched for (${days} days): older ones are left out.`,
        action: 'Answer those by hand, or raise WASUP_CATCH_UP_MAX_AGE_MS before the next such pause.',
      });
    }
  }
}

/** For a log line: why it didn't work this time. */
export function describeCatchUpFailure(error: unknown): string {
  return `What came while nobody listened could not be fetched (${describeError(error)}); it is tried again.`;
}
