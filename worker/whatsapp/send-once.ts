import { createHash } from 'node:crypto';

import type { Page } from 'puppeteer';
import type { MessageContent, MessageSendOptions } from 'whatsapp-web.js';

import { withDeadline } from '../../shared/with-deadline.js';
import type { AttachedClient } from './attached-client.js';
import { type Message, makeMessage } from './library.js';
import type { WhatsAppWindow } from './page-globals.js';

declare const window: WhatsAppWindow;

/** Under this name the id goes along with what is sent, until WhatsApp takes it. */
export const sendOnceAttribute = 'wasupId';
const lookTimeoutMs = 10_000;
/** How long an answer waits for WhatsApp to say what has become of it: it may say nothing as long as it has no connection, and keeps it. */
export const resultTimeoutMs = 5_000;

/**
 * The id of a message's nth answer, of the form that WhatsApp's own have: the same whenever it is asked for, so that an answer that is sent
 * again is the same message for WhatsApp and for whoever gets it, whatever has become of our files.
 *
 * @param nth counted from 1.
 */
export function replyId(account: string, answered: string, nth: number): string {
  const digest = createHash('sha256').update(`${account}\n${answered}\n${nth}`).digest('hex');
  return `3EB0${digest.slice(0, 18).toUpperCase()}`;
}

export interface OnceKey {
  readonly id: string;
  /** Whether it may have been sent before: then the page also looks into what it has stored. */
  readonly isRepeated: boolean;
  /** Ids that it may have been sent under: when the message was told of under another address of its author. */
  readonly earlierIds?: readonly string[];
  /** The same person's other address: the chat may have gone over to it since. */
  readonly otherOf?: (address: string) => string | undefined;
  /** The chat to answer in, where it isn't the message's own. */
  readonly to?: string;
}

/**
 * Answers a message under the given id. Where WhatsApp has taken a message of that id, that one is the result and nothing is sent.
 * Resolves when its server has the answer, when WhatsApp has said that it sends it later, or after five seconds.
 *
 * @returns the message that was sent.
 * @throws what the library's `reply` throws; what WhatsApp fails with when it sends it; DeadlineError when the page
 * doesn't say what it has sent.
 */
export async function replyOnce(
  client: AttachedClient,
  answered: Message,
  { id, isRepeated, to, earlierIds = [], otherOf }: OnceKey,
  content: MessageContent,
  options: MessageSendOptions = {},
): Promise<Message | undefined> {
  if (isRepeated) {
    const chat = to ?? (answered.fromMe ? answered.to : answered.from);
    const other = otherOf?.(chat);
    for (const place of other === undefined ? [chat] : [chat, other]) {
      for (const earlier of [id, ...earlierIds]) {
        const looking = findSent(client.page, earlier, place);
        const sent = await withDeadline(looking, lookTimeoutMs, 'Looking for an earlier answer');
        if (sent !== null) return makeMessage(client, sent);
      }
    }
  }
  const extra = { ...(options.extra as object | undefined), [sendOnceAttribute]: id };
  return answered.reply(content, to, { ...options, extra });
}

function findSent(page: Page, id: string, chat: string): Promise<object | null> {
  return page.evaluate(findSentInPage, id, chat);
}

async function findSentInPage(id: string, chat: string): Promise<object | null> {
  interface Sent {
    readonly ack?: number;
  }
  const load = (module: string): unknown => (window.require as unknown as (module: string) => unknown)(module);
  const MsgKey = load('WAWebMsgKey') as new (parts: object) => { toString(): string };
  const wid = (load('WAWebWidFactory') as { createWid(id: string): { isGroup(): boolean } }).createWid(chat);
  const me = load('WAWebUserPrefsMeUser') as { getMaybeMePnUser(): unknown; getMaybeMeLidUser(): unknown };
  const { Msg } = load('WAWebCollections') as {
    Msg: { getMessagesById(keys: string[]): Promise<{ messages: (Sent | undefined)[] }> };
  };
  // In a group the key names its sender as well, by either of the two ids that a person has.
  const participants = wid.isGroup()
    ? [me.getMaybeMePnUser(), me.getMaybeMeLidUser()].filter((user) => user !== null && user !== undefined)
    : [undefined];
  for (const participant of participants) {
    const key = new MsgKey({ fromMe: true, remote: wid, id, participant });
    const [found] = (await Msg.getMessagesById([key.toString()])).messages;
    // What no server has taken may never have been sent: that is decided where it is sent.
    if (found === undefined || (found.ack ?? 0) < 1) continue;
    const model = window.WWebJS?.['getMessageModel']?.(found as never);
    return typeof model === 'object' ? model : null;
  }
  return null;
}

/**
 * Runs in the page, once in a document, after the library's half: has WhatsApp take what carries an id under that id, and what it has taken
 * already not again. That is decided at the moment in which it is sent, because a worker that has died may have left a send under way.
 *
 * The library takes an answer for sent that WhatsApp has written down. A browser that is killed then may never send it, and nobody would ask
 * for it again: so what carries an id counts as written down only when the result of its sending is known, for `timeoutMs` at most.
 */
export function installSendOnce(attribute: string, timeoutMs: number): void {
  interface Outgoing extends Record<string, unknown> {
    readonly id: {
      readonly fromMe: boolean;
      readonly remote: object;
      readonly participant?: object;
      toString(): string;
    };
  }
  interface SendAction {
    addAndSendMsgToChat(chat: unknown, message: Outgoing): readonly unknown[];
    isOnce?: boolean;
  }
  const load = (module: string): unknown => (window.require as unknown as (module: string) => unknown)(module);
  let action: Partial<SendAction> | undefined;
  try {
    action = load('WAWebSendMsgChatAction') as Partial<SendAction> | undefined;
  } catch {
    // The same as one without its function.
  }
  // A build without it can't send either; that is for whoever tries to.
  if (action?.addAndSendMsgToChat === undefined || action.isOnce === true) return;
  const MsgKey = load('WAWebMsgKey') as new (parts: object) => { toString(): string };
  const { Msg } = load('WAWebCollections') as { Msg: { get(key: string): { readonly ack?: number } | undefined } };
  const send = action.addAndSendMsgToChat.bind(action);
  /** What WhatsApp has been given and may not know yet. */
  const underWay = new Map<string, readonly unknown[]>();
  /** What WhatsApp says of what it has sent, or sends by itself once it is connected. What else it says is a failure. */
  const going = ['OK', 'ERROR_NETWORK'];
  /** What it has been given in this document: it sends that by itself, once it can. */
  const given = new Set<string>();
  /** The chat may have gone over to the person's other address since it was sent. */
  const findElsewhere = (
    { remote, participant }: Outgoing['id'],
    id: string,
  ): { readonly ack?: number } | undefined => {
    try {
      const people = load('WAWebApiContact') as Record<
        'getCurrentLid' | 'getPhoneNumber',
        (wid: object) => object | null | undefined
      >;
      const isLid = (remote as { server?: string }).server === 'lid';
      const other = isLid ? people.getPhoneNumber(remote) : people.getCurrentLid(remote);
      if (other === undefined || other === null) return undefined;
      return Msg.get(new MsgKey({ fromMe: true, remote: other, id, participant }).toString());
    } catch {
      return undefined;
    }
  };
  action.isOnce = true;
  action.addAndSendMsgToChat = (chat, message) => {
    const { [attribute]: id, ...rest } = message;
    if (typeof id !== 'string') return send(chat, message);
    // The library looks for what it has sent by the key that it has made: that one gets the other id.
    const { fromMe, remote, participant } = message.id;
    Object.assign(message.id, new MsgKey({ fromMe, remote, id, participant }));
    const key = message.id.toString();
    const earlier = underWay.get(key);
    if (earlier !== undefined) return earlier;
    const known = Msg.get(key) ?? findElsewhere(message.id, id);
    // One that an earlier document had begun to send, and that no server has taken, may be left lying: it is sent again, as the same message.
    if (known !== undefined && (known.ack ?? 0) >= (given.has(key) ? 0 : 1)) {
      return [Promise.resolve(known), Promise.resolve({ messageSendResult: 'OK' })];
    }
    given.add(key);
    const [written, ...results] = send(chat, rest as Outgoing);
    const isTaken = (): boolean => (Msg.get(key)?.ack ?? 0) >= 1;
    /** One that is written down and can't be sent (its storage has closed in between, say) is left lying by WhatsApp. */
    const result = Promise.all([written, ...results]).then(([, ...values]) => {
      for (const value of values) {
        const said = (value as { messageSendResult?: string } | null | undefined)?.messageSendResult;
        if (said !== undefined && !going.includes(said)) throw new Error(`WhatsApp has not sent it: ${said}`);
      }
    });
    const sent = result.catch((error: unknown) => {
      if (!isTaken()) throw error;
    });
    const patience = new Promise<void>((resolve) => setTimeout(resolve, timeoutMs));
    const sending = [Promise.race([sent, patience]).then(() => written), ...results];
    underWay.set(key, sending);
    const end = (): void => void underWay.delete(key);
    void sent.then(
      () => {
        end();
        if (isTaken()) given.delete(key);
      },
      () => {
        end();
        given.delete(key);
      },
    );
    return sending;
  };
}
