import type { Page } from 'puppeteer';

import { withDeadline } from '../../shared/with-deadline.js';
import type { WhatsAppWindow } from './page-globals.js';

declare const window: WhatsAppWindow;

/** What a chat has had since some moment, oldest first. */
export interface MissedChat {
  readonly chat: string;
  readonly messages: readonly { readonly id: string; readonly t: number }[];
  /** Messages whose text WhatsApp hasn't decrypted yet. They are told of as if they had just come, once it has. */
  readonly undecrypted: readonly { readonly id: string; readonly t: number }[];
}

export interface Missed {
  readonly chats: readonly MissedChat[];
  /** How many messages are left out because there are too many: all that are older than `keptFrom`. */
  readonly cut: number;
  /** Seconds since 1970; null when nothing is left out. */
  readonly keptFrom: number | null;
}

/** So many earlier messages are asked for in one chat, a screenful at a time. */
const earlierLoadsLimit = 200;

/**
 * Lists what others have sent since a moment, by what the page knows: WhatsApp delivers what came while the page was away, and tells no
 * listener of it. Neither asks for each chat as a whole, as the library's `getChats()` does (which refreshes every group), nor counts what
 * is unread.
 *
 * @param since seconds since 1970, of WhatsApp's own clock.
 * @param limit so many messages at most, the newest.
 * @throws DeadlineError when the page doesn't answer in time.
 */
export async function listMissed(page: Page, since: number, limit: number, timeoutMs: number): Promise<Missed> {
  return withDeadline(page.evaluate(listInPage, since, limit, earlierLoadsLimit), timeoutMs, 'Reading what was missed');
}

/** The library's raw models of these messages, in JSON; null for one that has gone meanwhile. */
export async function readModels(page: Page, ids: readonly string[], timeoutMs: number): Promise<(string | null)[]> {
  return withDeadline(page.evaluate(modelsInPage, ids), timeoutMs, 'Reading missed messages');
}

async function listInPage(since: number, limit: number, loads: number): Promise<Missed> {
  interface Model {
    readonly id: { readonly fromMe?: boolean; readonly _serialized?: string; toString(): string };
    readonly t?: number;
    readonly type: string;
    readonly isNotification?: boolean;
    once(event: 'change:type', listener: (message: Model) => void): void;
  }
  interface ChatModel {
    readonly id: { readonly _serialized?: string; toString(): string };
    readonly t?: number;
    readonly msgs?: { getModelsArray(): Model[] };
  }
  // Neither are words of a person.
  const silentTypes = ['gp2', 'e2e_notification', 'notification_template', 'notification', 'protocol', 'revoked'];
  const textOf = (id: { _serialized?: string; toString(): string }): string => id._serialized ?? id.toString();
  const { Chat } = window.require('WAWebCollections') as unknown as { Chat: { getModelsArray(): ChatModel[] } };
  const loader = (window.require as unknown as (module: string) => unknown)('WAWebChatLoadMessages') as {
    loadEarlierMsgs(of: { chat: ChatModel }): Promise<unknown[] | undefined>;
  };
  const earliest = (chat: ChatModel): number =>
    Math.min(...(chat.msgs?.getModelsArray() ?? []).map(({ t }) => t ?? Infinity));
  /** Those whose decryption is waited for, so that nobody waits twice. */
  const relay = window.wasup as { awaited?: Set<string> } | undefined;
  const awaited = relay === undefined ? new Set<string>() : (relay.awaited ??= new Set<string>());

  const chats: { chat: string; messages: { id: string; t: number }[]; undecrypted: { id: string; t: number }[] }[] = [];
  for (const chat of Chat.getModelsArray()) {
    const name = textOf(chat.id);
    if (chat.msgs === undefined || (chat.t ?? 0) < since || /@(newsletter|broadcast)$/.test(name)) continue;
    for (let load = 0; load < loads && earliest(chat) >= since; load += 1) {
      const loaded = await loader.loadEarlierMsgs({ chat }).catch(() => undefined);
      if (loaded === undefined || loaded.length === 0) break;
    }
    const found = chat.msgs
      .getModelsArray()
      .filter(
        ({ id, t, type, isNotification }) =>
          id.fromMe !== true && (t ?? 0) >= since && isNotification !== true && !silentTypes.includes(type),
      )
      // A stable sort: those of one second stay as the page has them.
      .sort((one, other) => (one.t ?? 0) - (other.t ?? 0));
    const undecrypted = found.filter(({ type }) => type === 'ciphertext');
    for (const message of undecrypted) {
      const id = textOf(message.id);
      if (awaited.has(id)) continue;
      awaited.add(id);
      message.once('change:type', (model) => {
        awaited.delete(id);
        if (model.type === 'revoked' || model.type === 'gp2') return;
        const tell = (window as { onAddMessageEvent?: (model: unknown) => unknown }).onAddMessageEvent;
        tell?.(window.WWebJS?.['getMessageModel']?.(model as never));
      });
    }
    const brief = ({ id, t }: Model): { id: string; t: number } => ({ id: textOf(id), t: t ?? 0 });
    const messages = found.filter(({ type }) => type !== 'ciphertext').map(brief);
    if (found.length > 0) chats.push({ chat: name, messages, undecrypted: undecrypted.map(brief) });
  }
  const times = chats.flatMap(({ messages }) => messages.map(({ t }) => t)).sort((one, other) => other - one);
  const [newest] = times;
  if (times.length <= limit || newest === undefined) return { chats, cut: 0, keptFrom: null };
  const oldestKept = times[limit - 1] ?? newest + 1;
  // Whole seconds, so that the order within one needs no deciding: some more than asked for.
  const kept = chats.map((chat) => ({ ...chat, messages: chat.messages.filter(({ t }) => t >= oldestKept) }));
  return { chats: kept, cut: times.filter((t) => t < oldestKept).length, keptFrom: oldestKept };
}

function modelsInPage(ids: readonly string[]): (string | null)[] {
  const { Msg } = window.require('WAWebCollections') as unknown as { Msg: { get(id: string): unknown } };
  return ids.map((id) => {
    const message = Msg.get(id);
    if (message === undefined) return null;
    try {
      return JSON.stringify(window.WWebJS?.['getMessageModel']?.(message as never));
    } catch {
      return null;
    }
  });
}
