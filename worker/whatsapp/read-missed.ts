import type { Page } from 'puppeteer';

import { withDeadline } from '../../shared/with-deadline.js';
import type { WhatsAppWindow } from './page-globals.js';
import type { AddressPair } from './tell-addresses.js';

declare const window: WhatsAppWindow;

/** What a chat has had since some moment, oldest first. */
export interface MissedChat {
  readonly chat: string;
  readonly messages: readonly { readonly id: string; readonly t: number }[];
  /** The two addresses of the people in it, as far as the page knows both. */
  readonly addresses?: readonly AddressPair[];
  /** Messages whose text WhatsApp hasn't decrypted yet. They are told of as if they had just come, once it has. */
  readonly undecrypted: readonly { readonly id: string; readonly t: number }[];
  /** Why there may be more: what WhatsApp has stored of this chat could not be read, or it was too much. */
  readonly lacks: 'unreadable' | 'too-many' | null;
}

/** So many earlier messages are asked for in one chat, a screenful at a time. */
const earlierLoadsLimit = 200;

/**
 * Lists what has been sent since a moment, by what the page knows: WhatsApp delivers what came while the page was away, and tells no
 * listener of it. Neither asks for each chat as a whole, as the library's `getChats()` does (which refreshes every group), nor counts what
 * is unread.
 *
 * @param since seconds since 1970, of WhatsApp's own clock.
 * @param ownSince the same for what the account has sent itself, from another device mostly; null leaves those out.
 * @throws DeadlineError when the page doesn't answer in time.
 */
export async function listMissed(
  page: Page,
  since: number,
  ownSince: number | null,
  timeoutMs: number,
): Promise<MissedChat[]> {
  const listing = page.evaluate(listInPage, since, ownSince, earlierLoadsLimit);
  return withDeadline(listing, timeoutMs, 'Reading what was missed');
}

/** The library's raw models of these messages, in JSON; null for one that has gone meanwhile. */
export async function readModels(page: Page, ids: readonly string[], timeoutMs: number): Promise<(string | null)[]> {
  return withDeadline(page.evaluate(modelsInPage, ids), timeoutMs, 'Reading missed messages');
}

async function listInPage(since: number, ownSince: number | null, loads: number): Promise<MissedChat[]> {
  interface Model {
    readonly id: { readonly fromMe?: boolean; readonly _serialized?: string; toString(): string };
    readonly t?: number;
    readonly type: string;
    readonly subtype?: string;
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

  /** As far back as `since`; says what is in the way. */
  const load = async (chat: ChatModel): Promise<MissedChat['lacks']> => {
    for (let done = 0; earliest(chat) >= since; done += 1) {
      if (done === loads) return 'too-many';
      try {
        const loaded = await loader.loadEarlierMsgs({ chat });
        if (loaded === undefined || loaded.length === 0) return null;
      } catch {
        return 'unreadable';
      }
    }
    return null;
  };

  const addressesOf = (chat: ChatModel, found: readonly Model[]): AddressPair[] => {
    const say = window.WWebJS?.['wasupAddressesOf'] as ((keys: readonly object[]) => AddressPair[]) | undefined;
    return say?.([{ remote: chat.id }, ...found.map(({ id }) => id)]) ?? [];
  };

  const chats: MissedChat[] = [];
  for (const chat of Chat.getModelsArray()) {
    const name = textOf(chat.id);
    if (chat.msgs === undefined || (chat.t ?? 0) < since || /@(newsletter|broadcast)$/.test(name)) continue;
    const lacks = await load(chat);
    const found = chat.msgs
      .getModelsArray()
      .filter(
        ({ id, t, type, subtype, isNotification }) =>
          (id.fromMe !== true || (ownSince !== null && (t ?? 0) >= ownSince)) &&
          (t ?? 0) >= since &&
          isNotification !== true &&
          !silentTypes.includes(type) &&
          // Stands for what only the phone may show: it is never decrypted.
          subtype?.endsWith('_unavailable_fanout') !== true,
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
    const addresses = addressesOf(chat, found);
    if (found.length > 0 || lacks !== null) {
      const waiting = undecrypted.map(brief);
      chats.push({ chat: name, messages, undecrypted: waiting, lacks, ...(addresses.length > 0 && { addresses }) });
    }
  }
  return chats;
}

function modelsInPage(ids: readonly string[]): (string | null)[] {
  const { Msg } = window.require('WAWebCollections') as unknown as { Msg: { get(id: string): unknown } };
  if (window.WWebJS === undefined) throw new Error("the library's half is not in the page");
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
