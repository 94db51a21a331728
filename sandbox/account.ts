import { randomBytes } from 'node:crypto';
import type { ChatConnection } from './chat-connection.js';
import { Device } from './device.js';
import type { Elsewhere } from './elsewhere.js';
import type { AccountEvent, ContactRecord, GroupRecord } from './events.js';
import type { WireMessage } from './messages.js';
import { userId } from './messages.js';
import type { SyncConditions } from './conditions.js';

/** A message that the account's own device has sent. */
export interface SentMessage {
  id: string;
  /** The chat it went to, for example 15551234567@c.us or 12036304@g.us. */
  to: string;
  /** The text, or the caption of media. */
  body: string;
  type: string;
  quotedMessageId?: string;
  mentions: string[];
  /** Seconds. */
  timestamp: number;
  /** 1 the server has it, 2 delivered, 3 read. */
  ack: number;
  media?: { mimetype: string; size: number; filename?: string; data: string };
  location?: { latitude: number; longitude: number; description?: string };
  /** Set when the bot edited or deleted it later. */
  editedAt?: number;
  revoked?: boolean;
  /** All attributes that the page sent. */
  raw: WireMessage;
}

/** A message that was sent to the account. */
export interface ReceivedMessage {
  id: string;
  chat: string;
  from: string;
  body: string;
  type: string;
  timestamp: number;
  /** What its sender sees: 1 the server has it, 2 a device of the account has taken it, 3 it was read there. */
  ack: number;
  raw: WireMessage;
}

/** Whatever else the bot's device did: typing, archiving, reactions, … */
export interface DeviceAction {
  name: string;
  timestamp: number;
  [detail: string]: unknown;
}

export interface History {
  chats: { id: string; t: number }[];
  contacts: ContactRecord[];
  messages: WireMessage[];
}

/** The server's view of one number. */
export class Account {
  pushname: string;
  readonly devices = new Map<number, Device>();
  readonly contacts = new Map<string, ContactRecord>();
  readonly groups = new Map<string, GroupRecord>();
  readonly sent: SentMessage[] = [];
  readonly received: ReceivedMessage[] = [];
  readonly actions: DeviceAction[] = [];
  readonly sync: SyncConditions = {};
  history: History | undefined;
  /** How far the other side acknowledges what the bot sends, by itself. */
  automaticAck: 1 | 2 | 3 = 1;
  /** Whether the phone refuses, or WhatsApp does after the phone has taken the code. */
  refuseNextLink: 'phone' | 'after-scan' | undefined;
  /** Logins that are not let in for now; undefined while all are. */
  heldLogins: Set<ChatConnection> | undefined;
  elsewhere: Elsewhere | undefined;
  pairingCodes: { rateLimited: boolean } = { rateLimited: false };
  counters = { pageLoads: 0, socketConnections: 0, links: 0, qrRefsServed: 0, pairingCodesAsked: 0 };
  #nextDevice = 1;
  readonly #pages = new Set<string>();
  // By what is asked with each message: a business has 100,000 of them in the lists above.
  readonly #sentIds = new Set<string>();
  readonly #undelivered = new Map<string, ReceivedMessage>();
  readonly #unseen = new Map<string, ReceivedMessage[]>();

  constructor(readonly number: string) {
    this.pushname = `Sandbox ${number}`;
  }

  get id(): string {
    return userId(this.number);
  }

  /** Takes what a device sends. @returns false for a message that it has sent before. */
  send(message: SentMessage): boolean {
    if (this.#sentIds.has(message.id)) return false;
    this.#sentIds.add(message.id);
    this.sent.push(message);
    return true;
  }

  receive(message: ReceivedMessage): void {
    this.received.push(message);
    this.#undelivered.set(message.id, message);
    const unseen = this.#unseen.get(message.chat);
    if (unseen === undefined) this.#unseen.set(message.chat, [message]);
    else unseen.push(message);
  }

  /** A device has stored these messages. */
  noteStored(ids: readonly string[]): void {
    for (const id of ids) {
      const message = this.#undelivered.get(id);
      if (message !== undefined) message.ack = Math.max(message.ack, 2);
      this.#undelivered.delete(id);
    }
  }

  /** A device has shown all messages of a chat. */
  noteSeen(chat: string): void {
    for (const message of this.#unseen.get(chat) ?? []) message.ack = 3;
    this.#unseen.delete(chat);
  }

  link(): Device {
    const device = new Device(this.#nextDevice++, randomBytes(24).toString('base64'), Date.now());
    this.adopt(device);
    this.counters.links += 1;
    if (this.history) device.deliver({ kind: 'history', ...this.history });
    for (const group of this.groups.values()) device.deliver({ kind: 'group', group });
    for (const contact of this.contacts.values()) device.deliver({ kind: 'contact', contact });
    return device;
  }

  adopt(device: Device): void {
    this.devices.set(device.id, device);
    this.#nextDevice = Math.max(this.#nextDevice, device.id + 1);
  }

  deliver(event: AccountEvent, except?: Device): void {
    for (const device of this.devices.values()) if (device !== except) device.deliver(event);
  }

  /** Each page counts once, however often its socket reconnects. */
  sawPage(pageId: string): void {
    this.counters.socketConnections += 1;
    if (this.#pages.has(pageId)) return;
    this.#pages.add(pageId);
    this.counters.pageLoads += 1;
  }

  contact(id: string): ContactRecord {
    const known = this.contacts.get(id) ?? { id, pushname: `Contact ${id.split('@')[0] ?? id}` };
    this.contacts.set(id, known);
    return known;
  }
}
