import type { Alert } from '../shared/alerts.js';
import { describeError } from '../shared/errors.js';
import type { Inbox } from '../shared/inbox/inbox.js';
import type { Logger } from '../shared/logger.js';
import type { Identity } from './identity.js';
import { decideSince, type SettledBounds, settleBounds } from './decide-since.js';
import { type LimitedMissed, limitMissed } from './limit-missed.js';
import type { MissedChat } from './whatsapp/read-missed.js';
import type { WhatsAppClock } from './whatsapp-clock.js';

export interface CatchUpLimits {
  /** How old a message may be to be fetched, in ms. */
  readonly maxAgeMs: number;
  /** So many at most, the newest. */
  readonly maxMessages: number;
}

/** How the page is asked. */
export interface MissedSource {
  /** Seconds since 1970, as WhatsApp Web has them from its server; null where it doesn't say. */
  time(): Promise<number | null>;
  /**
   * @param since seconds since 1970.
   * @param ownSince the same for messages that the account has sent itself; null for none of those.
   */
  list(since: number, ownSince: number | null): Promise<readonly MissedChat[]>;
  /** Raw models in JSON, in the order of the ids; null for a message that has gone. */
  models(ids: readonly string[]): Promise<(string | null)[]>;
}

export interface CatchUpOptions {
  readonly inbox: Inbox;
  readonly identity: Identity;
  readonly source: MissedSource;
  readonly limits: CatchUpLimits;
  readonly log: Logger;
  /** WhatsApp's; each round sets it. */
  readonly clock: WhatsAppClock;
  /** Milliseconds since 1970, by this machine's clock. */
  readonly now: () => number;
  readonly alert: (alert: Alert) => void;
  /** A chat has got messages. */
  readonly onChat: (chat: string) => void;
  /** How many seconds ago messages began to concern the bot, where the inbox knows of nothing before. */
  readonly age: () => number;
  /** When the device was linked, as the status file has it, in seconds since 1970. */
  readonly linkedAt: () => Promise<number | undefined>;
  /** Whether the bot listens for messages that the account has sent itself. */
  readonly wantsOwn: () => boolean;
  /** Counts how often nothing was heard for a while: what a round has read before is not to be relied on. */
  readonly losses: () => number;
}

/** Something was missed once more while a round was reading: it has ended without a result, and another one is due. */
export class CatchUpOvertaken extends Error {
  override readonly name = 'CatchUpOvertaken';
}

/** So many messages cross at a time. */
const portion = 200;

/** After so many portions in a row that could not be read, the others are left to the next round. */
const failuresInARow = 3;

/** A chat with what the inbox doesn't have of it. */
type FreshChat = MissedChat & { readonly fresh: MissedChat['messages'] };

/** As many chats at a time as have a portion of messages together; one that has more of them by itself. */
export function inPortions<Chat extends { readonly fresh: readonly unknown[] }>(chats: readonly Chat[]): Chat[][] {
  const portions: Chat[][] = [];
  let messages = Infinity;
  for (const chat of chats) {
    messages += chat.fresh.length;
    const last = portions.at(-1);
    if (last !== undefined && messages <= portion) last.push(chat);
    else {
      portions.push([chat]);
      messages = chat.fresh.length;
    }
  }
  return portions;
}

/** Fetches what came while nobody listened: from the page into the inbox, which drops what it has. */
export class CatchUp {
  readonly #options: CatchUpOptions;
  /** The newest round; another one waits for it. */
  #round: Promise<number> | undefined;
  #next: Promise<number> | undefined;
  /** Seconds since 1970: the oldest message that has come undecrypted since the newest round began. */
  #undecrypted = Infinity;
  /** Whether this life has set the bounds, of which WhatsApp's time is asked as soon as it can be. */
  #isBeginning = false;
  /** What the status file says, where it has been asked. */
  #linkedAt: number | undefined;

  constructor(options: CatchUpOptions) {
    this.#options = options;
  }

  /**
   * Once more from the mark on. Asked for while a round is going on, another one follows, which sees all that came
   * until then.
   *
   * @returns how many messages were new.
   * @throws CatchUpOvertaken; what the page or the inbox has said.
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

  /**
   * Keeps from when on messages concern the bot, where nothing is known of before: the next worker begins there, too.
   */
  noteBeginning(): void {
    const { inbox } = this.#options;
    if (inbox.fact('mark') !== undefined && !this.#isBeginning) return;
    this.#isBeginning = true;
    this.#settle();
  }

  /** A message has come that can't be decrypted yet. @param t seconds since 1970. */
  noteUndecrypted(t: number): void {
    const { inbox } = this.#options;
    this.#undecrypted = Math.min(this.#undecrypted, t);
    inbox.set('undecrypted', Math.min(inbox.fact('undecrypted') ?? Infinity, t));
  }

  async #catchUp(): Promise<number> {
    const { inbox, identity, source, limits, log, losses } = this.#options;
    const round = losses();
    this.#assertCurrent(round);
    this.#undecrypted = Infinity;
    const { since, cutMs } = await this.#decideSince();
    this.#assertCurrent(round);
    const lastPlace = inbox.lastPlace;
    const listed = await source.list(since, this.#ownSince());
    this.#assertCurrent(round);
    const { chats: told, unknown } = identity.resolve(listed);
    const missed = limitMissed(told, unknown, limits.maxMessages);
    // The chat that has waited longest first.
    const chats = missed.chats
      .map((chat) => ({ ...chat, fresh: chat.messages.filter(({ id }) => unknown.has(id)) }))
      .filter(({ fresh }) => fresh.length > 0)
      .sort((one, other) => (one.fresh[0]?.t ?? 0) - (other.fresh[0]?.t ?? 0));
    const { added, failure } = await this.#fetchAll(chats, { lastPlace, round });
    if (added > 0)
      log.info(`${added} ${added === 1 ? 'message' : 'messages'} came while nobody listened; the bot gets them now.`);
    const unreadable = listed.filter(({ lacks }) => lacks === 'unreadable').length;
    // The mark stays, so that the next round asks for the same again.
    if (failure !== undefined) throw failure.error;
    if (unreadable > 0) throw new Error(`WhatsApp Web could not read what it has stored of ${unreadable} of its chats`);
    this.#noteMark(missed);
    this.#tell(missed, cutMs);
    return added;
  }

  async #decideSince(): Promise<{ since: number; cutMs: number }> {
    const { inbox, limits, log, source, clock, linkedAt } = this.#options;
    const time = await source.time();
    if (time !== null) clock.note(time);
    if (inbox.fact('mark') === undefined) this.#linkedAt ??= await linkedAt();
    const { mark, floor, now, isReset } = this.#settle();
    if (isReset) log.warn('The clock of this machine was wrong: how far messages had been read is not known any more.');
    const facts = { mark, floor, undecrypted: inbox.fact('undecrypted'), heard: inbox.fact('heard') };
    return decideSince(facts, mark, limits, now * 1_000);
  }

  /** What the account had sent before anybody noted it can't be told from what the bot has sent. */
  #ownSince(): number | null {
    const { inbox, clock, wantsOwn } = this.#options;
    if (!wantsOwn()) {
      inbox.set('own', undefined);
      return null;
    }
    const known = inbox.fact('own');
    if (known !== undefined) return known;
    const since = this.#isBeginning ? (inbox.fact('floor') ?? 0) : Math.floor(clock.now() / 1_000);
    inbox.set('own', since);
    return since;
  }

  #settle(): SettledBounds {
    const { inbox, clock, age } = this.#options;
    const mark = inbox.fact('mark');
    const known = {
      mark,
      floor: inbox.fact('floor'),
      isProvisional: mark !== undefined && inbox.fact('provisional') === mark,
    };
    const isOwn = this.#isBeginning && known.isProvisional;
    const settled = settleBounds(isOwn ? { ...known, mark: undefined, floor: undefined } : known, {
      whatsApp: clock.isKnown ? clock.now() / 1_000 : null,
      machine: this.#options.now() / 1_000,
      age: age(),
      linkedAt: this.#linkedAt,
    });
    inbox.set('mark', settled.mark);
    inbox.set('floor', settled.floor);
    inbox.set('provisional', settled.isProvisional ? settled.mark : undefined);
    if (mark === undefined) this.#isBeginning = true;
    return settled;
  }

  /** What can't be read of some chats keeps no others from being fetched, unless the page doesn't answer at all. */
  async #fetchAll(
    chats: readonly FreshChat[],
    at: { readonly lastPlace: number; readonly round: number },
  ): Promise<{ added: number; failure: { readonly error: unknown } | undefined }> {
    let added = 0;
    let failure: { readonly error: unknown } | undefined;
    let failures = 0;
    const portions = inPortions(chats);
    for (let some = portions.shift(); some !== undefined && failures < failuresInARow; some = portions.shift()) {
      try {
        added += await this.#fetch(some, at);
        failures = 0;
      } catch (error) {
        this.#assertCurrent(at.round);
        failure = { error };
        failures += 1;
        // One of them may be what the page stumbles over.
        if (some.length > 1) portions.unshift(...some.map((chat) => [chat]));
      }
    }
    return { added, failure };
  }

  async #fetch(
    chats: readonly FreshChat[],
    { lastPlace, round }: { readonly lastPlace: number; readonly round: number },
  ): Promise<number> {
    const { inbox, source, onChat } = this.#options;
    const models = new Map<string, string>();
    const ids = chats.flatMap(({ fresh }) => fresh.map(({ id }) => id));
    for (let start = 0; start < ids.length; start += portion) {
      const some = ids.slice(start, start + portion);
      for (const [index, raw] of (await source.models(some)).entries()) {
        const id = some[index];
        if (id !== undefined && raw !== null) models.set(id, raw);
      }
    }
    this.#assertCurrent(round);
    let added = 0;
    for (const { chat, messages } of chats) {
      const all = messages.map(({ id, t }) => ({ id, t, raw: models.get(id) ?? null }));
      added += inbox.addMissed(chat, all, lastPlace);
      onChat(chat);
    }
    return added;
  }

  /**
   * From here on each message that comes is journaled, so that the mark can follow them. WhatsApp's own clock counts,
   * not ours.
   */
  #noteMark({ chats, keptFrom }: LimitedMissed): void {
    const { inbox, clock } = this.#options;
    const times = chats.flatMap(({ messages }) => messages.map(({ t }) => t));
    const newest = times.reduce((newer, t) => Math.max(newer, t), 0);
    if (keptFrom !== null) inbox.raise('floor', keptFrom);
    if (newest > 0) inbox.raise('mark', newest);
    inbox.set('heard', Math.floor(clock.now() / 1_000));
    const waiting = chats.flatMap(({ undecrypted }) => undecrypted.map(({ t }) => t));
    const oldest = waiting.reduce((older, t) => Math.min(older, t), this.#undecrypted);
    inbox.set('undecrypted', oldest === Infinity ? undefined : oldest);
  }

  /** The inbox may be closed, and the page another one, while the page is asked. */
  #assertCurrent(round: number): void {
    const { inbox, losses } = this.#options;
    if (losses() !== round) throw new CatchUpOvertaken('something was missed once more meanwhile');
    if (!inbox.isOpen) throw new Error('what was handled before is not known while the inbox can not be opened');
    if (inbox.isFull) throw new Error('inbox.db can not be written, and as much waits in memory as may');
  }

  #tell({ cut, chats }: LimitedMissed, cutMs: number): void {
    const { alert, limits } = this.#options;
    if (cut > 0) {
      alert({
        kind: 'catch-up-cut',
        sentence: `${cut} messages that came while no worker listened are left out: more than ${limits.maxMessages} had come.`,
        action: 'Raise WASUP_CATCH_UP_MAX_MESSAGES if the bot is to handle so many; the newest are handled.',
      });
    }
    if (chats.some(({ lacks }) => lacks === 'too-many')) {
      alert({
        kind: 'catch-up-cut',
        sentence: 'A chat has had more messages while no worker listened than are looked through.',
        action: 'Answer the older ones by hand; the newest are handled.',
      });
    }
    if (cutMs > 0) {
      const days = Math.round((limits.maxAgeMs / 86_400_000) * 10) / 10;
      alert({
        kind: 'catch-up-cut',
        sentence: `No worker has listened for longer than messages are fetched for (${days} days): older ones are left out.`,
        action: 'Answer those by hand, or raise WASUP_CATCH_UP_MAX_AGE_MS before the next such pause.',
      });
    }
  }
}

/** For a log line: why it didn't work this time. */
export function describeCatchUpFailure(error: unknown): string {
  return `What came while nobody listened could not be fetched (${describeError(error)}); it is tried again.`;
}
