import { z } from 'zod';
import type { Account, DeviceAction, ReceivedMessage, SentMessage } from './account.js';
import { enterPairingCode, scanQr } from './linking.js';
import { userId } from './messages.js';
import { parseInput } from './options.js';
import type { CallInput, MediaInput, Receipt, TextInput, VoteInput } from './phone-input.js';
import { PhoneFaults } from './phone-faults.js';
import { PhoneGroups } from './phone-groups.js';
import { PhoneMessages } from './phone-messages.js';
import type { HistoryInput } from './seed-history.js';
import { seedHistory } from './seed-history.js';
import type { World } from './world.js';

export interface PhoneStatus {
  number: string;
  /** At least one device is linked to this phone. */
  linked: boolean;
  /** At least one linked device has its socket open. */
  connected: boolean;
  /** … and its page has finished its sync. */
  synced: boolean;
  devices: number;
  /** Events that no device has stored yet. */
  undelivered: number;
  socketConnections: number;
  pageLoads: number;
  links: number;
  pairingCodesAsked: number;
}

export type Condition = 'linked' | 'unlinked' | 'connected' | 'offline' | 'synced';

export interface WaitOptions {
  timeoutMs?: number;
}

const defaultWaitMs = 60_000;

/** The phone that holds a number: it links, others write to it, and it knows what the bot has sent. */
export class Phone extends PhoneFaults {
  readonly groups: PhoneGroups;
  readonly #messages: PhoneMessages;

  constructor(account: Account, world: World) {
    super(account, world);
    this.#messages = new PhoneMessages(account, world);
    this.groups = new PhoneGroups(account, world);
  }

  get number(): string {
    return this.account.number;
  }

  /** What the account's own devices have sent, oldest first. */
  get sent(): readonly SentMessage[] {
    return this.account.sent;
  }

  /** What was sent to the account, with what its sender sees of it. */
  get received(): readonly ReceivedMessage[] {
    return this.account.received;
  }

  /** What the account's devices did beside sending messages: typing, reactions, archiving, … */
  get actions(): readonly DeviceAction[] {
    return this.account.actions;
  }

  get status(): PhoneStatus {
    const devices = [...this.account.devices.values()];
    const { pageLoads, socketConnections, links, pairingCodesAsked } = this.account.counters;
    return {
      number: this.number,
      linked: devices.length > 0,
      connected: devices.some(({ connection }) => connection !== undefined),
      synced: devices.some(({ connection, synced }) => connection !== undefined && synced),
      devices: devices.length,
      undelivered: devices.reduce((sum, { queue }) => sum + queue.length, 0),
      socketConnections,
      pageLoads,
      links,
      pairingCodesAsked,
    };
  }

  /** Scans the QR code with this text, or the next one that any unlinked page shows; resolves when linked. */
  async scanQr(qr?: string, { timeoutMs }: WaitOptions = {}): Promise<void> {
    await scanQr(this.world, this.account, qr, timeoutMs);
  }

  /** Enters this pairing code, or the next one that a page asks for this number; resolves when linked. */
  async enterPairingCode(code?: string, { timeoutMs }: WaitOptions = {}): Promise<void> {
    await enterPairingCode(this.world, this.account, code, timeoutMs);
  }

  /**
   * The next attempt to link a device fails: at the phone, so that the page hears nothing of it, or `afterScan`, when the
   * page pairs for a moment and then shows codes again, as for an account that wants a passkey.
   */
  refuse({ afterScan = false }: { afterScan?: boolean } = {}): void {
    this.account.refuseNextLink = afterScan ? 'after-scan' : 'phone';
  }

  /** WhatsApp allows few pairing codes; from now on asking for one fails with 429, until `false`. */
  limitPairingCodes(limited = true): void {
    this.account.pairingCodes.rateLimited = limited;
  }

  /** Removes all linked devices, as a person does in the phone's list of linked devices. */
  unlink(): void {
    for (const device of this.account.devices.values()) {
      device.connection?.send({ type: 'unlinked' });
      device.connection = undefined;
    }
    this.account.devices.clear();
    this.world.changed();
  }

  /** WhatsApp gives a contact a second address: messages of the two are one person's. */
  assignLid({ number, lid }: { number: string; lid: string }): void {
    const contact = { ...this.account.contact(userId(number)), lid: `${lid}@lid` };
    this.account.contacts.set(contact.id, contact);
    this.account.deliver({ kind: 'contact', contact });
    this.world.changed();
  }

  /** The chat with a contact goes over to the {@link assignLid | assigned} lid, with all its messages, and tells nobody. */
  migrateChat(number: string): void {
    const { id, lid } = this.account.contact(userId(number));
    if (lid === undefined) throw new Error(`${number} has no lid. Give it one first with phone.assignLid().`);
    this.account.deliver({ kind: 'migration', from: id, to: lid });
    this.world.changed();
  }

  receiveText(input: TextInput): Promise<Receipt> {
    return Promise.resolve(this.#messages.text(input));
  }

  receiveMedia(input: MediaInput): Promise<Receipt> {
    return Promise.resolve(this.#messages.media(input));
  }

  receiveReaction(input: { from: string; messageId: string; text: string; group?: string }): Promise<Receipt> {
    return Promise.resolve(this.#messages.reaction(input));
  }

  /** Somebody votes in a poll of the bot. */
  receiveVote(input: VoteInput): Promise<Receipt> {
    return Promise.resolve(this.#messages.vote(input));
  }

  receiveCall(input: CallInput): Promise<{ id: string }> {
    return Promise.resolve(this.#messages.call(input));
  }

  /** The person writes to somebody on the phone itself; the linked device sees a message of its own account. */
  sendFromPhone(input: { to: string; body: string }): Promise<Receipt> {
    return Promise.resolve(this.#messages.fromPhone(input));
  }

  /** The sender of a received message changes its text. */
  edit(messageId: string, body: string): void {
    this.#messages.edit(messageId, body);
  }

  /** The sender of a received message deletes it for everyone. */
  revoke(messageId: string): void {
    this.#messages.revoke(messageId);
  }

  /** The other side acknowledges a message of the bot: 2 delivered, 3 read. */
  acknowledge(messageId: string, ack: 1 | 2 | 3): void {
    this.#messages.acknowledge(messageId, ack);
  }

  /** From now on the other side acknowledges by itself: 1 not at all, 2 delivery, 3 reading. */
  acknowledgeAutomatically(ack: 1 | 2 | 3): void {
    this.account.automaticAck = parseInput(z.union([z.literal(1), z.literal(2), z.literal(3)]), ack, 'acknowledge');
  }

  async waitForSent(matches: (message: SentMessage) => boolean, options: WaitOptions = {}): Promise<SentMessage> {
    const { timeoutMs = defaultWaitMs } = options;
    const last = (): string =>
      this.sent
        .slice(-3)
        .map(({ body, to }) => `"${body}" to ${to}`)
        .join(', ') || 'nothing';
    return this.world.changes.until(
      () => this.sent.find(matches),
      timeoutMs,
      () => `a message of ${this.number} that matches; it has sent ${this.sent.length}, lastly ${last()}.`,
    );
  }

  /** Resolves when a device of the account has stored the message (2) or it was read (3). */
  async waitForAck(messageId: string, ack: 2 | 3, { timeoutMs = defaultWaitMs }: WaitOptions = {}): Promise<void> {
    await this.world.changes.until(
      () => this.received.find((message) => message.id === messageId && message.ack >= ack),
      timeoutMs,
      () => `acknowledgment ${ack} of ${messageId}.`,
    );
  }

  async waitForAction(matches: (action: DeviceAction) => boolean, options: WaitOptions = {}): Promise<DeviceAction> {
    return this.world.changes.until(
      () => this.actions.find(matches),
      options.timeoutMs ?? defaultWaitMs,
      () => `an action of ${this.number}; seen: ${this.actions.map(({ name }) => name).join(', ') || 'none'}.`,
    );
  }

  /** Fills the account with a past: linked devices get it at once, later ones when they link. */
  seedHistory(input: HistoryInput): void {
    seedHistory(this.account, input);
    this.world.changed();
  }

  async waitFor(condition: Condition, { timeoutMs = defaultWaitMs }: WaitOptions = {}): Promise<PhoneStatus> {
    const holds: Record<Condition, (status: PhoneStatus) => boolean> = {
      linked: ({ linked }) => linked,
      unlinked: ({ linked }) => !linked,
      connected: ({ connected }) => connected,
      offline: ({ connected }) => !connected,
      synced: ({ synced }) => synced,
    };
    return this.world.changes.until(
      () => (holds[condition](this.status) ? this.status : undefined),
      timeoutMs,
      () => `${this.number} to be ${condition}; it is ${JSON.stringify(this.status)}.`,
    );
  }
}
