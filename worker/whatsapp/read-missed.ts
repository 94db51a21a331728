import type { Page } from 'puppeteer';

import type { AddressPair } from '../../shared/inbox/addresses.js';
import { withDeadline } from '../../shared/with-deadline.js';
import { type ListedStep, listInSteps } from './list-in-steps.js';
import type { WhatsAppWindow } from './page-globals.js';

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
 * What one step of reading takes of the page: its thread is free between two steps, and no answer is larger than this,
 * but for one of a single item.
 */
export interface StepBounds {
  readonly milliseconds: number;
  /** Messages that are listed in one step. */
  readonly messages: number;
  /** Characters of models that are read in one step. */
  readonly size: number;
}

const stepBounds: StepBounds = { milliseconds: 50, messages: 2_000, size: 1_000_000 };

/**
 * Lists what has been sent since a moment, by what the page knows: WhatsApp delivers what came while the page was away,
 * and tells no listener of it. Neither asks for each chat as a whole, as the library's `getChats()` does (which
 * refreshes every group), nor counts what is unread. In small steps, so that it doesn't matter how many chats there
 * are.
 *
 * @param since seconds since 1970, of WhatsApp's own clock.
 * @param ownSince the same for what the account has sent itself, from another device mostly; null leaves those out.
 * @param timeoutMs how long each step may take.
 * @throws DeadlineError when the page doesn't answer in time.
 */
export async function listMissed(
  page: Page,
  since: number,
  ownSince: number | null,
  timeoutMs: number,
  bounds: StepBounds = stepBounds,
): Promise<MissedChat[]> {
  const what = 'Reading what was missed';
  const names = await withDeadline(page.evaluate(namesInPage, since), timeoutMs, what);
  const list = (some: readonly string[]): Promise<ListedStep> =>
    withDeadline(page.evaluate(listInPage, some, since, ownSince, earlierLoadsLimit, bounds), timeoutMs, what);
  return listInSteps(names, list);
}

/** The library's raw models of these messages, in JSON; null for one that has gone meanwhile. In small steps, too. */
export async function readModels(
  page: Page,
  ids: readonly string[],
  timeoutMs: number,
  bounds: StepBounds = stepBounds,
): Promise<(string | null)[]> {
  const models: (string | null)[] = [];
  while (models.length < ids.length) {
    const read = page.evaluate(modelsInPage, ids.slice(models.length), bounds);
    models.push(...(await withDeadline(read, timeoutMs, 'Reading missed messages')));
  }
  return models;
}

/** The chats in which something has happened since the moment; but for those of posts to many. */
function namesInPage(since: number): string[] {
  interface ChatModel {
    readonly id: { readonly _serialized?: string; toString(): string };
    readonly t?: number;
    readonly msgs?: unknown;
  }
  const { Chat } = window.require('WAWebCollections') as unknown as { Chat: { getModelsArray(): ChatModel[] } };
  return Chat.getModelsArray()
    .filter(({ msgs, t }) => msgs !== undefined && (t ?? 0) >= since)
    .map(({ id }) => id._serialized ?? id.toString())
    .filter((name) => !/@(newsletter|broadcast)$/.test(name));
}

async function listInPage(
  names: readonly string[],
  since: number,
  ownSince: number | null,
  loads: number,
  bounds: StepBounds,
): Promise<ListedStep> {
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
  const models = new Map(Chat.getModelsArray().map((chat) => [textOf(chat.id), chat]));
  const begun = performance.now();
  let looked = 0;
  let listed = 0;
  for (const name of names) {
    if (looked > 0 && (performance.now() - begun > bounds.milliseconds || listed > bounds.messages)) break;
    looked += 1;
    const chat = models.get(name);
    // It has gone meanwhile.
    if (chat?.msgs === undefined) continue;
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
      listed += found.length;
    }
  }
  return { chats, looked };
}

/** As many as fit into one step, at least one. */
function modelsInPage(ids: readonly string[], bounds: StepBounds): (string | null)[] {
  const { Msg } = window.require('WAWebCollections') as unknown as { Msg: { get(id: string): unknown } };
  if (window.WWebJS === undefined) throw new Error("the library's half is not in the page");
  const begun = performance.now();
  const models: (string | null)[] = [];
  let size = 0;
  for (const id of ids) {
    const message = Msg.get(id);
    let model: string | null = null;
    try {
      const found: unknown = message === undefined ? undefined : window.WWebJS['getMessageModel']?.(message as never);
      if (found !== undefined) model = JSON.stringify(window.wasupFit?.(found) ?? found);
    } catch {
      // It can't be read, which is the same as gone.
    }
    size += model?.length ?? 0;
    if (models.length > 0 && (size > bounds.size || performance.now() - begun > bounds.milliseconds)) break;
    models.push(model);
  }
  return models;
}
