import type { WhatsAppWindow } from '../page-globals.js';
import type { CompatibilityPatch } from './patch.js';

declare const window: WhatsAppWindow;

/**
 * Message keys have kept their text in `_serialized` for as long as the library exists; since July 2026 it is a
 * minified property (`$1`), and only `toString()` still says it. The library reads `_serialized` on both sides: in
 * the page (lookups, quotes, the return value of `sendMessage`) and in Node, where only own enumerable properties
 * arrive. So every key gets an own `_serialized`:
 *
 * - keys made from now on, by a setter on the prototype that sees the constructor assign the minified property;
 * - keys that exist already, by visiting those that the collections hold;
 * - and whatever is left, by a getter that turns itself into an own property at the first look.
 */
export const messageKeyText: CompatibilityPatch = {
  name: 'message-key-text',
  reason: 'message ids lost their `_serialized` text: replies, getChats() and downloadMedia() break',
  builds: 'later than 2.3000.1042386815; seen from 2.3000.1042401057 on',
  beforeInjection: () => {
    const prototype = window.require('WAWebMsgKey').prototype;
    if ('_serialized' in prototype) return false;
    // The minified name is whatever `toString` returns.
    const toString: unknown = Reflect.get(prototype, 'toString');
    const source = typeof toString === 'function' ? Function.prototype.toString.call(toString) : '';
    const minified = /return\s+this\.([\w$]+)/.exec(source)?.[1];
    if (minified === undefined || minified === '_serialized') return false;

    const own = (value: string): PropertyDescriptor => ({
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
    Object.defineProperty(prototype, '_serialized', {
      configurable: true,
      get(this: object): unknown {
        if (this === prototype) return undefined;
        const text = Reflect.get(this, minified) as string;
        Object.defineProperty(this, '_serialized', own(text));
        return text;
      },
      set(this: object, text: string) {
        Object.defineProperty(this, '_serialized', own(text));
      },
    });
    Object.defineProperty(prototype, minified, {
      configurable: true,
      set(this: object, text: string) {
        Object.defineProperty(this, minified, own(text));
        Object.defineProperty(this, '_serialized', own(text));
      },
    });

    const { Msg, Chat } = window.require('WAWebCollections');
    for (const message of Msg.getModelsArray()) Reflect.get(message.id, '_serialized');
    for (const { lastReceivedKey } of Chat.getModelsArray()) {
      if (lastReceivedKey !== undefined) Reflect.get(lastReceivedKey, '_serialized');
    }
    return true;
  },
};
