import type { MessageContent, MessageSendOptions } from 'whatsapp-web.js';

import type { SentMessage } from '../../../sandbox/index.js';
import type { Message } from '../../../worker/whatsapp/library.js';
import { replyId, replyOnce } from '../../../worker/whatsapp/send-once.js';
import { type AttachedPage, hear } from './attached-page.js';
import { newNumber } from './new-number.js';

export type Place = 'person' | 'group';

/**
 * Notes in the page what reaches WhatsApp's own sending: its server takes one message of an id, and shows nothing of a second one. While
 * `window.gate` is a promise, WhatsApp takes that long before it knows the message; while `window.silence` is one, before it says what has
 * become of it.
 */
export const watchSends = `(() => {
  window.attempts = [];
  window.sends = [];
  // The last that the library asks for before it sends.
  const fields = require('WAWebGetEphemeralFieldsMsgActionsUtils');
  const getEphemeralFields = fields.getEphemeralFields;
  fields.getEphemeralFields = (chat) => window.attempts.push(String(chat.id)) && getEphemeralFields(chat);
  let action;
  try {
    action = require('WAWebSendMsgChatAction');
  } catch {
    return;
  }
  const send = action.addAndSendMsgToChat;
  action.addAndSendMsgToChat = (chat, message) => {
    window.sends.push(String(message.id));
    if (window.silence !== undefined) {
      const [added, sent] = send(chat, message);
      return [added, window.silence.then(() => sent)];
    }
    if (window.verdict !== undefined) {
      const { verdict } = window;
      const [added, sent] = send(chat, message);
      return [added, sent.catch(() => ({ messageSendResult: verdict }))];
    }
    if (window.gate === undefined) return send(chat, message);
    const sending = window.gate.then(() => send(chat, message));
    return [sending.then(([added]) => added), sending.then(([, sent]) => sent)];
  };
})()`;

/** A message that somebody has sent to the account, and what becomes of the answers to it. */
export class Question {
  readonly message: Message;
  readonly #attached: AttachedPage;

  private constructor(attached: AttachedPage, message: Message) {
    this.#attached = attached;
    this.message = message;
  }

  static async ask(attached: AttachedPage, place: Place = 'person'): Promise<Question> {
    const { phone } = attached;
    const from = newNumber();
    const group = place === 'group' && { group: phone.groups.create({ subject: 'Club', participants: [from] }).id };
    const message = await hear(attached, () => phone.receiveText({ from, body: '!ping', ...group }));
    return new Question(attached, message);
  }

  /** The text of the key that its nth answer has. */
  key(nth = 1): string {
    const { phone } = this.#attached;
    const { from } = this.message;
    return `true_${from}_${this.#replyId(nth)}${from.endsWith('@g.us') ? `_${phone.number}@c.us` : ''}`;
  }

  answer(
    content: MessageContent,
    { nth = 1, isRepeated = false, options }: { nth?: number; isRepeated?: boolean; options?: MessageSendOptions } = {},
  ): Promise<Message | undefined> {
    return replyOnce(this.#attached.client, this.message, { id: this.#replyId(nth), isRepeated }, content, options);
  }

  /** Resolves with its nth answer once WhatsApp's server has it. */
  arrival(nth = 1): Promise<SentMessage> {
    return this.#attached.phone.waitForSent(({ id }) => id === this.key(nth));
  }

  /** How often its nth answer has reached WhatsApp's own sending, in the document that is shown. */
  async sends(nth = 1): Promise<number> {
    const sends = (await this.#attached.page.evaluate('window.sends')) as string[];
    return sends.filter((key) => key === this.key(nth)).length;
  }

  /** Resolves when so many answers have come as far as they come before they are sent. */
  async attempted(count: number): Promise<void> {
    const attempts = `window.attempts.filter((chat) => chat === '${this.message.from}').length`;
    await this.#attached.page.waitForFunction(`${attempts} === ${count}`, { polling: 20 });
  }

  /** WhatsApp takes its time with all that is sent from now on, until it is let go on, or fails. */
  async holdSending(): Promise<(failure?: Error) => Promise<void>> {
    const { page } = this.#attached;
    await page.evaluate('window.gate = new Promise((...settle) => { window.settle = settle; }); 0');
    return async (failure) => {
      const settle = failure === undefined ? 'settle[0]()' : `settle[1](new Error('${failure.message}'))`;
      await page.evaluate(`window.${settle}; delete window.gate`);
    };
  }

  /** WhatsApp doesn't say what has become of what is sent from now on, until it is let. */
  async holdResults(): Promise<() => Promise<void>> {
    const { page } = this.#attached;
    await page.evaluate('window.silence = new Promise((resolve) => { window.speak = resolve; }); 0');
    return async () => {
      await page.evaluate('window.speak(); delete window.silence');
    };
  }

  /**
   * What is sent from now on is written down, and then the storage that it needs to go out closes, until that is over.
   *
   * @param verdict what WhatsApp says of it then; by default it throws.
   */
  async breakOutbox(verdict?: string): Promise<() => Promise<void>> {
    const { page } = this.#attached;
    await page.evaluate(`(() => {
      window.verdict = ${JSON.stringify(verdict)};
      const { put } = (window.stores = IDBObjectStore.prototype);
      window.put = put;
      window.stores.put = function (...values) {
        if (this.name === 'outbox') throw new DOMException('The database connection is closing.', 'InvalidStateError');
        return Reflect.apply(put, this, values);
      };
    })()`);
    return async () => {
      await page.evaluate('window.stores.put = window.put; delete window.verdict; 0');
    };
  }

  /** Resolves when the page knows that WhatsApp's server has its answer. */
  async acknowledged(): Promise<void> {
    await this.#attached.page.waitForFunction(`${this.#answerInPage}.ack === 1`, { polling: 20 });
  }

  /** The page says of its answer that it has failed. */
  async fail(): Promise<void> {
    await this.#attached.page.evaluate(`${this.#answerInPage}.set({ ack: -1 }); 0`);
  }

  /** The page has its answer in its storage alone, as all that is old. */
  async forget(): Promise<void> {
    await this.#attached.page.evaluate(`(() => {
      const { Chat, Msg } = require('WAWebCollections');
      const [message] = Msg.remove('${this.key()}');
      Chat.get('${this.message.from}').msgs.remove(message);
    })()`);
  }

  /** The page has its answer among its messages, and not among those that it sends once it can. */
  async dropFromOutbox(): Promise<void> {
    await this.#attached.page.waitForFunction(
      `new Promise((resolve) => {
        const opening = indexedDB.open('model-storage');
        opening.onsuccess = () => {
          const transaction = opening.result.transaction('outbox', 'readwrite');
          const outbox = transaction.objectStore('outbox');
          let count = 0;
          outbox.count('${this.key()}').onsuccess = ({ target }) => (count = target.result);
          outbox.delete('${this.key()}');
          transaction.oncomplete = () => {
            opening.result.close();
            resolve(count === 1);
          };
        };
      })`,
      { polling: 20 },
    );
  }

  /** What the account has answered by reactions, in order. */
  readonly reactions = (): unknown[] =>
    this.#attached.phone.actions
      .filter(({ name, messageId }) => name === 'reaction' && messageId === this.message.id._serialized)
      .map(({ text }) => text);

  get #answerInPage(): string {
    return `require('WAWebCollections').Msg.get('${this.key()}')`;
  }

  #replyId(nth: number): string {
    return replyId(this.#attached.phone.number, this.message.id._serialized, nth);
  }
}
