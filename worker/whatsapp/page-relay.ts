import { createHash } from 'node:crypto';

import type { PageLook } from '../../shared/protocol/page-look.js';
import { installFit, maxModelLength } from './fit-model.js';
import { libraryVersion } from './library.js';
import type { MessageModel, WhatsAppWindow } from './page-globals.js';
import { installSendOnce } from './send-once.js';
import { installAddresses } from './tell-addresses.js';

declare const window: WhatsAppWindow & Record<string, unknown>;

/** The binding through which the page calls; its other half is `window.wasup`. */
export const relayBinding = 'wasupCall';

/** What the relay keeps and hands over. Sizes are characters of calls in JSON. */
export interface RelayBounds {
  /** So many unanswered calls of each name are kept; the oldest that wait go first, and are counted. */
  readonly kept: number;
  /** The same for the size of all of them together. */
  readonly keptSize: number;
  /** So many calls are handed over before the worker has answered the first: the rest waits in the page. */
  readonly ahead: number;
  /** The same for their size, but that one of any size is handed over alone. */
  readonly aheadSize: number;
  /**
   * How often a call is handed over to a worker that takes the page over, beside the one that it was first meant for:
   * whoever dies over a message must not take all that follow along.
   */
  readonly takeOvers: number;
  /** What is told of is cut to that where a call is longer. */
  readonly modelLength: number;
}

const relayBounds: RelayBounds = {
  kept: 10_000,
  keptSize: 32_000_000,
  ahead: 300,
  aheadSize: 4_000_000,
  takeOvers: 2,
  modelLength: maxModelLength,
};

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
  /**
   * Messages that the page has handed over to this life, or should have: those that wait here for their turn are not
   * among them.
   */
  readonly messages: number;
  /** Calls that were not kept, because too many waited. */
  readonly dropped: number;
  /** Gives the page a function that calls through here. */
  define(name: string): void;
  /** A worker has answered these calls, or (null) goes on with them for longer: others needn't wait for that. */
  answerAll(answers: readonly (readonly [id: string, answer: PageAnswer | null])[]): void;
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
  /** As many as are handed over before an answer; the others follow. */
  readonly calls: string[];
  /** Those that are not handed over any more: several lives have ended without an answer to them. */
  readonly refused: string[];
  /** How many were not kept since the page was taken over lastly, because too many waited. */
  readonly dropped: number;
}

/**
 * What the page calls when something has happened: kept until a worker has answered it. The library's other callbacks
 * are about the state of the page, which whoever comes later reads from the page.
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
 * Which half is in a page: two that say the same fit each other. Of the code itself and of the library, whose listeners
 * it serves; so after an upgrade nobody attaches to a page with the old ones.
 */
export const pageHalfVersion = createHash('sha256')
  .update([libraryVersion, installRelay, installFit, installSendOnce, installAddresses].map(String).join('\n'))
  .digest('hex')
  .slice(0, 16);

/** The arguments of {@link installRelay}. */
export const relayArguments = [pageHalfVersion, relayBinding, keptCallbacks, relayBounds] as const;

/**
 * Runs in the page, once in a document, before the library's half. The library's listeners in the page do nothing but
 * call functions that lead to Node; those lead through here, so that listeners and calls can wait for the next worker
 * when one dies.
 */
export function installRelay(version: string, binding: string, kept: readonly string[], bounds: RelayBounds): void {
  if (window.wasup !== undefined) return;
  interface Kept {
    readonly name: string;
    readonly call: string;
    readonly isMessage: boolean;
    /** How often it has been handed over. */
    times: number;
    /** Whether it counts as one that the worker has before it. */
    isAhead: boolean;
  }
  /** Kept calls that wait for their turn, oldest first, and those that are with the worker: older ones, all of them. */
  const waiting = new Map<string, Kept>();
  const handedOver = new Map<string, Kept>();
  /** How many of each name these are. */
  const counts = new Map<string, number>(kept.map((name) => [name, 0]));
  const settlers = new Map<string, { name: string; resolve(value: unknown): void; reject(error: Error): void }>();
  const foreign: { target: Emitter; parameters: unknown[] }[] = [];
  let calls = 0;
  let keptSize = 0;
  let ahead = 0;
  let aheadSize = 0;
  /** Messages that the page has had for this life, and how many of them wait. */
  let messages = 0;
  let waitingMessages = 0;
  let isHeld = false;
  /** How many of the dropped ones a worker knows of, and how many it was told of. */
  let known = 0;
  let told = 0;

  /**
   * A chat's own text has all its messages in it, with each that comes; the library asks for no more than which chat it
   * is.
   */
  const shorten = (name: string, parameters: unknown[]): unknown[] =>
    name === 'onChatUnreadCountEvent'
      ? parameters.map((chat) => ({ id: (chat as { id?: unknown } | null)?.id }))
      : parameters;

  const write = (id: string, name: string, parameters: unknown[]): string => {
    const call = JSON.stringify({ id, name, parameters: shorten(name, parameters) });
    if (call.length <= bounds.modelLength) return call;
    const fitting = parameters.map((parameter) => window.wasupFit?.(parameter) ?? parameter);
    return JSON.stringify({ id, name, parameters: shorten(name, fitting) });
  };

  const count = (entry: Kept, by: 1 | -1): void => {
    counts.set(entry.name, (counts.get(entry.name) ?? 0) + by);
    keptSize += by * entry.call.length;
  };

  const countWaiting = (entry: Kept, by: 1 | -1): void => {
    if (entry.isMessage) waitingMessages += by;
  };

  const countAhead = (entry: Kept, isAhead: boolean): void => {
    if (entry.isAhead === isAhead) return;
    entry.isAhead = isAhead;
    ahead += isAhead ? 1 : -1;
    aheadSize += isAhead ? entry.call.length : -entry.call.length;
  };

  const forget = (id: string): void => {
    const entry = handedOver.get(id) ?? waiting.get(id);
    if (entry === undefined) return;
    count(entry, -1);
    countAhead(entry, false);
    if (waiting.delete(id)) countWaiting(entry, -1);
    handedOver.delete(id);
  };

  const keep = (id: string, entry: Kept): void => {
    const { name } = entry;
    waiting.set(id, entry);
    count(entry, 1);
    countWaiting(entry, 1);
    while ((counts.get(name) ?? 0) > bounds.kept || keptSize > bounds.keptSize) {
      let oldest: string | undefined;
      let wasMessage = false;
      for (const [other, { name: itsName, isMessage }] of waiting) {
        if (itsName !== name) continue;
        oldest = other;
        wasMessage = isMessage;
        break;
      }
      if (oldest === undefined) return;
      forget(oldest);
      settlers.delete(oldest);
      relay.dropped += 1;
      if (wasMessage) messages -= 1;
    }
  };

  /** What is to be handed over now. That others were dropped is said before what came after these. */
  const take = (): string[] => {
    const taken: string[] = [];
    for (const [id, entry] of waiting) {
      if (ahead > 0 && (ahead >= bounds.ahead || aheadSize + entry.call.length > bounds.aheadSize)) break;
      if (relay.dropped > told) {
        taken.push(
          JSON.stringify({ id: `dropped:${relay.dropped}`, name: 'onDropped', parameters: [relay.dropped - told] }),
        );
        told = relay.dropped;
      }
      waiting.delete(id);
      countWaiting(entry, -1);
      handedOver.set(id, entry);
      entry.times += 1;
      countAhead(entry, true);
      taken.push(entry.call);
    }
    return taken;
  };

  const handOver = (): void => {
    const call = window[binding] as ((call: string) => void) | undefined;
    if (isHeld || call === undefined) return;
    for (const taken of take()) call(taken);
  };

  const relay = {
    incarnation: null as number | null,
    dropped: 0,
    get messages(): number {
      return messages - waitingMessages;
    },
    define(name: string): void {
      window[name] = (...parameters: unknown[]): Promise<unknown> =>
        new Promise((resolve, reject) => {
          calls += 1;
          const id = `${performance.timeOrigin}:${calls}`;
          const call = write(id, name, parameters);
          settlers.set(id, { name, resolve, reject });
          if (counts.has(name)) {
            const [message] = parameters as [{ type?: string } | undefined];
            const isMessage = name === 'onAddMessageEvent' && message?.type !== 'gp2';
            keep(id, { name, call, isMessage, times: 0, isAhead: false });
            handOver();
          } else if (!isHeld) (window[binding] as ((call: string) => void) | undefined)?.(call);
        });
    },
    answerAll(answers: readonly (readonly [id: string, answer: { value?: unknown; error?: string } | null])[]): void {
      for (const [id, answer] of answers) {
        const entry = handedOver.get(id);
        if (id.startsWith('dropped:')) known = Number(id.slice(id.indexOf(':') + 1));
        if (answer === null) {
          if (entry !== undefined) countAhead(entry, false);
          continue;
        }
        const settler = settlers.get(id);
        settlers.delete(id);
        forget(id);
        if (answer.error === undefined) settler?.resolve(answer.value);
        else settler?.reject(new Error(answer.error));
      }
      handOver();
    },
    attach(incarnation: number): void {
      if (relay.incarnation === null) watch();
      relay.incarnation = incarnation;
      messages = waitingMessages;
    },
    adopt(incarnation: number) {
      isHeld = false;
      // Whoever was to answer these is gone.
      for (const [id, { name }] of settlers) if (!counts.has(name)) settlers.delete(id);
      for (const { target, parameters } of foreign.splice(0)) {
        try {
          target.off(...parameters);
        } catch {
          // It has gone by itself.
        }
      }
      relay.incarnation = incarnation;
      const left = [...waiting];
      waiting.clear();
      const refused: string[] = [];
      for (const [id, entry] of [...handedOver, ...left]) {
        if (handedOver.delete(id)) {
          countAhead(entry, false);
          countWaiting(entry, 1);
        }
        waiting.set(id, entry);
        if (entry.times <= bounds.takeOvers) continue;
        refused.push(entry.call);
        forget(id);
      }
      messages = waitingMessages;
      const dropped = relay.dropped - known;
      known = relay.dropped;
      told = relay.dropped;
      return { calls: take(), refused, dropped };
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

  /**
   * Counts what the library is to hand over, and from now on notes the listeners that a bot adds, which die with its
   * worker.
   */
  function watch(): void {
    const countMessage = (): void => {
      messages += 1;
    };
    const { Msg, Chat } = window.require('WAWebCollections');
    // As the library decides what becomes a `message_create`: group notifications are other events, and what could not
    // be decrypted yet comes once it is.
    Msg.on('add', (message: MessageModel) => {
      if (message.isNewMsg !== true || message.type === 'gp2') return;
      if (message.type !== 'ciphertext') countMessage();
      else if (message.subtype?.endsWith('_unavailable_fanout') !== true) {
        message.once('change:type', ({ type }) => {
          if (type !== 'revoked' && type !== 'gp2') countMessage();
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
        // The direct caller alone: WhatsApp's own code may listen on behalf of what puppeteer evaluates, whose code has
        // such a name.
        const caller = new Error().stack?.split('\n')[2];
        if (caller?.includes('pptr:') === true) {
          foreign.push({ target, parameters });
          if (foreign.length > bounds.kept) foreign.shift();
        }
        return original(...parameters);
      };
    }
  }

  Object.defineProperty(window, 'wasup', { value: relay, enumerable: false });
}
