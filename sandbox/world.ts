import { randomUUID } from 'node:crypto';
import type { ChatConnection } from './chat-connection.js';
import { Account } from './account.js';
import type { ModuleConditions, NetworkConditions } from './conditions.js';
import type { Device } from './device.js';
import type { ResolvedSandboxOptions } from './options.js';
import { parseInput, phoneNumber } from './options.js';
import { Phone } from './phone.js';
import { Pages } from './pages.js';
import { Changes } from './wait.js';

export interface Counters {
  pageLoads: number;
  /** Pages that have come as far as to ask for WhatsApp's script. */
  scriptLoads: number;
  qrRefsServed: number;
  pairingCodesServed: number;
  socketConnections: number;
  /** Logins with stored credentials that were accepted. */
  logins: number;
  /** What a page was asked to do with its socket, counted when it comes back to the server. */
  reconnects: number;
  takeovers: number;
}

/** Everything the server side knows: the numbers, their devices, the sockets, the weather of the network. */
export class World {
  readonly changes = new Changes();
  readonly counters: Counters = {
    pageLoads: 0,
    scriptLoads: 0,
    qrRefsServed: 0,
    pairingCodesServed: 0,
    socketConnections: 0,
    logins: 0,
    reconnects: 0,
    takeovers: 0,
  };
  readonly connections = new Set<ChatConnection>();
  readonly accounts = new Map<string, Account>();
  /** Uploaded or received media by path. */
  readonly media = new Map<string, Buffer>();
  readonly pages = new Pages(this.changes);
  network: NetworkConditions = {};
  modules: ModuleConditions = { missing: [] };
  readonly #phones = new Map<string, Phone>();

  constructor(readonly options: ResolvedSandboxOptions) {}

  changed(): void {
    this.changes.announce();
  }

  account(number: string): Account {
    const known = this.accounts.get(number);
    if (known) return known;
    const account = new Account(parseInput(phoneNumber, number, 'phone'));
    this.accounts.set(number, account);
    return account;
  }

  phone(number: string): Phone {
    const known = this.#phones.get(number);
    if (known) return known;
    const phone = new Phone(this.account(number), this);
    this.#phones.set(number, phone);
    return phone;
  }

  findDevice(id: number, token: string): { account: Account; device: Device } | undefined {
    for (const account of this.accounts.values()) {
      const device = account.devices.get(id);
      if (device?.token === token) return { account, device };
    }
    return undefined;
  }

  /** Keeps media for the pages to fetch; returns its path at the server. */
  keepMedia(bytes: Buffer): string {
    const path = `/media/${randomUUID()}`;
    this.media.set(path, bytes);
    return path;
  }

  /** Some phones can't see a QR code without scanning it. */
  qrShown(connection: ChatConnection): void {
    const { autoLink } = this.options;
    if (!autoLink) return;
    const { ref } = connection;
    setTimeout(() => {
      if (connection.ref === ref && connection.waitsForLink) connection.link(this.account(autoLink.number));
    }, autoLink.delayMs).unref();
  }
}
