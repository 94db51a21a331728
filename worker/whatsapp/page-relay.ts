import { createHash } from 'node:crypto';

import type { PageLook } from '../../shared/protocol/page-look.js';
import { libraryVersion } from './library.js';
import type { MessageModel, WhatsAppWindow } from './page-globals.js';
import { installSendOnce } from './send-once.js';
import { installAddresses } from './tell-addresses.js';

declare const window: WhatsAppWindow & Record<string, unknown>;

/** The binding through which the page calls; its other half is `window.wasup`. */
export const relayBinding = 'wasupCall';

/** So many unanswered calls of each name are kept for the next worker; the oldest go first, and are counted. */
const keptCallsLimit = 1_000;

/**
 * How often a call is handed over to a worker that takes the page over, beside the one that it was first meant for: whoever dies over a
 * message must not take all that follow along.
 */
const takeOversLimit = 2;

/** A call of the page, as it crosses to Node. */
export interface PageCall {
  /** Unique among all documents of a page. */
  readonly id: string;
  readonly name: string;
  readonly parameters: readonly unknown[];
}

export type PageAnswer = { readonly value: unknown } | { readonly error: string };

/** The half of wasup that lives in the page, `window.wasup`. It outlives the worker that put it there. */
export interface PageRelay {
  /** The worker life whose listeners are attached, if any. */
  readonly incarnation: number | null;
  /** Messages that the page has had for this life. */
  readonly messages: number;
  /** Calls that were not kept for the next worker, because too many waited. */
  readonly dropped: number;
  /** Gives the page a function that calls through here. */
  define(name: string): void;
  /** A worker has answered these calls. */
  answerAll(answers: readonly (readonly [id: string, answer: PageAnswer])[]): void;
  /** The library's listeners are attached to this document, by this life. */
  attach(incarnation: number): void;
  /** This life takes over what is attached. */
  adopt(incarnation: number): Inheritance;
  /** Calls wait for the next worker from now on. */
  hold(): void;
  look(): PageLook;
}

/** Calls that nobody has answered, oldest first, each in JSON. */
export interface Inheritance {
  readonly calls: string[];
  /** Those that are not handed over any more: several lives have ended without an answer to them. */
  readonly refused: string[];
  /** How many were not kept since the page was taken over lastly, because too many waited. */
  readonly dropped: number;
}

/**
 * What the page calls when something has happened: kept until a worker has answered it. The library's other callbacks are about the state of
 * the page, which whoever comes later reads from the page.
 */
export const keptCallbacks = [
  'onAddMessageEvent',
  'onAddMessageCiphertextEvent',
  'onArchiveChatEvent',
  'onChangeMessageEvent',
  'onChangeMessageTypeEvent',
  'onChatUnreadCountEvent',
  'onCiphertextFailedEvent',
  'onEditMessageEvent',
  'onIncomingCall',
  'onMessageAckEvent',
  'onMessageMediaUploadedEvent',
  'onPollVoteEvent',
  'onReaction',
  'onRemoveChatEvent',
  'onRemoveMessageEvent',
] as const;

export const passingCallbacks = [
  'onAppStateChangedEvent',
  'onAppStateHasSyncedEvent',
  'onAuthAppStateChangedEvent',
  'onBatteryStateChangedEvent',
  'onCodeReceivedEvent',
  'onLogoutEvent',
  'onOfflineProgressUpdateEvent',
  'onQRChangedEvent',
] as const;

/** All functions that whatsapp-web.js 1.34.7 gives to the page. */
export const libraryCallbacks: ReadonlySet<string> = new Set([...keptCallbacks, ...passingCallbacks]);

/**
 * Which half is in a page: two that say the same fit each other. Of the code itself and of the library, whose listeners it serves; so after
 * an upgrade nobody attaches to a page with the old ones.
 */
export const pageHalfVersion = createHash('sha256')
  .update(
    `${libraryVersion}\n${installRelay.toString()}\n${installSendOnce.toString()}\n${installAddresses.toString()}`,
  )
  .digest('hex')
  .slice(0, 16);

/** The arguments of {@link installRelay}. */
export const relayArguments = [pageHalfVersion, relayBinding, keptCallbacks, keptCallsLimit, takeOversLimit] as const;

/**
 * Runs in the page, once in a document, before the library's half. The library's listeners in the page do nothing but call functions that
 * lead to Node; those lead through here, so that listeners and calls can wait for the next worker when one dies.
 */
export function installRelay(
  version: string,
  binding: string,
  kept: readonly string[],
  limit: number,
  takeOvers: number,
): void {
  if (window.wasup !== undefined) return;
  const waiting = new Map<string, Map<string, string>>(kept.map((name) => [name, new Map<string, string>()]));
  const settlers = new Map<string, { name: string; resolve(value: unknown): void; reject(error: Error): void }>();
  /** How often each has been handed over; only of those that have. */
  const handedOver = new Map<string, number>();
  const foreign: { target: Emitter; parameters: unknown[] }[] = [];
  let calls = 0;
  let isHeld = false;
  /** How many of the dropped ones a worker has been told of. */
  let told = 0;

  /** A chat's own text has all its messages in it, with each that comes; the library asks for no more than which chat it is. */
  const shorten = (name: string, parameters: unknown[]): unknown[] =>
    name === 'onChatUnreadCountEvent'
      ? parameters.map((chat) => ({ id: (chat as { id?: unknown } | null)?.id }))
      : parameters;

  const forget = (id: string): void => {
    handedOver.delete(id);
    for (const ofName of waiting.values()) ofName.delete(id);
  };

  const keep = (name: string, id: string, call: string): void => {
    const ofName = waiting.get(name);
    if (ofName === undefined) return;
    ofName.set(id, call);
    if (ofName.size <= limit) return;
    const [oldest] = ofName.keys();
    if (oldest === undefined) return;
    forget(oldest);
    settlers.delete(oldest);
    relay.dropped += 1;
  };

  const relay = {
    incarnation: null as number | null,
    messages: 0,
    dropped: 0,
    define(name: string): void {
      window[name] = (...parameters: unknown[]): Promise<unknown> =>
        new Promise((resolve, reject) => {
          calls += 1;
          const id = `${performance.timeOrigin}:${calls}`;
          const call = JSON.stringify({ id, name, parameters: shorten(name, parameters) });
          keep(name, id, call);
          settlers.set(id, { name, resolve, reject });
          if (!isHeld) (window[binding] as ((call: string) => void) | undefined)?.(call);
        });
    },
    answerAll(answers: readonly (readonly [id: string, answer: { value?: unknown; error?: string }])[]): void {
      for (const [id, answer] of answers) {
        const settler = settlers.get(id);
        settlers.delete(id);
        forget(id);
        if (answer.error === undefined) settler?.resolve(answer.value);
        else settler?.reject(new Error(answer.error));
      }
    },
    attach(incarnation: number): void {
      if (relay.incarnation === null) watch();
      relay.incarnation = incarnation;
      relay.messages = 0;
    },
    adopt(incarnation: number) {
      isHeld = false;
      // Whoever was to answer these is gone.
      for (const [id, { name }] of settlers) if (waiting.get(name)?.has(id) !== true) settlers.delete(id);
      for (const { target, parameters } of foreign.splice(0)) {
        try {
          target.off(...parameters);
        } catch {
          // It has gone by itself.
        }
      }
      relay.incarnation = incarnation;
      const pending = [...waiting.values()].flatMap((ofName) => [...ofName.entries()]);
      const order = (id: string): number => Number(id.slice(id.lastIndexOf(':') + 1));
      pending.sort(([one], [other]) => order(one) - order(other));
      const isMessage = (call: string): boolean => {
        const { name, parameters } = JSON.parse(call) as { name: string; parameters: { type?: string }[] };
        return name === 'onAddMessageEvent' && parameters[0]?.type !== 'gp2';
      };
      const calls: string[] = [];
      const refused: string[] = [];
      for (const [id, call] of pending) {
        const times = handedOver.get(id) ?? 0;
        handedOver.set(id, times + 1);
        (times < takeOvers ? calls : refused).push(call);
        if (times >= takeOvers) forget(id);
      }
      relay.messages = calls.filter(isMessage).length;
      const dropped = relay.dropped - told;
      told = relay.dropped;
      return { calls, refused, dropped };
    },
    hold(): void {
      isHeld = true;
    },
    look() {
      const look = {
        version,
        incarnation: relay.incarnation,
        socket: null as string | null,
        hasSynced: false,
        utilities: typeof window.WWebJS !== 'undefined',
        identity: null as string | null,
      };
      try {
        const { Socket } = window.require('WAWebSocketModel');
        look.socket = Socket.state;
        look.hasSynced = Socket.hasSynced;
        const me = window.require('WAWebUserPrefsMeUser');
        look.identity = me.getMaybeMePnUser()?.user ?? me.getMaybeMeLidUser()?.user ?? null;
      } catch {
        // A page without these isn't one to go on with; it says so by what is missing.
      }
      return look;
    },
  };

  interface Emitter {
    on(...parameters: unknown[]): unknown;
    once(...parameters: unknown[]): unknown;
    off(...parameters: unknown[]): unknown;
  }

  /** Counts what the library is to hand over, and from now on notes the listeners that a bot adds, which die with its worker. */
  function watch(): void {
    const count = (): void => {
      relay.messages += 1;
    };
    const { Msg, Chat } = window.require('WAWebCollections');
    // As the library decides what becomes a `message_create`: group notifications are other events, and what could not
    // be decrypted yet comes once it is.
    Msg.on('add', (message: MessageModel) => {
      if (message.isNewMsg !== true || message.type === 'gp2') return;
      if (message.type !== 'ciphertext') count();
      else if (message.subtype?.endsWith('_unavailable_fanout') !== true) {
        message.once('change:type', ({ type }) => {
          if (type !== 'revoked' && type !== 'gp2') count();
        });
      }
    });
    const sources: (() => unknown)[] = [
      () => Msg,
      () => Chat,
      () => (window.require('WAWebSocketModel') as { Socket?: unknown }).Socket,
      () => (window.require('WAWebCmd') as { Cmd?: unknown }).Cmd,
      () => (window.require('WAWebConnModel') as { Conn?: unknown }).Conn,
    ];
    for (const source of sources) {
      try {
        note(source() as Emitter);
      } catch {
        // A build without it: nobody listens there either.
      }
    }
  }

  function note(target: Emitter): void {
    for (const method of ['on', 'once'] as const) {
      const original = target[method].bind(target);
      target[method] = (...parameters: unknown[]) => {
        // The direct caller alone: WhatsApp's own code may listen on behalf of what puppeteer evaluates, whose code has such a name.
        const caller = new Error().stack?.split('\n')[2];
        if (caller?.includes('pptr:') === true) {
          foreign.push({ target, parameters });
          if (foreign.length > limit) foreign.shift();
        }
        return original(...parameters);
      };
    }
  }

  Object.defineProperty(window, 'wasup', { value: relay, enumerable: false });
}
