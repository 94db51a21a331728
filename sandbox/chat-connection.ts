import type { WebSocket } from 'ws';
import type { Account } from './account.js';
import type { Device } from './device.js';
import type { DeviceKeys, PageFrame, ServerFrame } from './frames.js';
import { pageFrame, readFrames } from './frames.js';
import { QrSeries } from './qr-series.js';
import { answerRequest } from './requests/index.js';
import type { World } from './world.js';

/** A phone scans no earlier than the library has read the code; a page without a library is scanned after this. */
const longestUnreadMs = 2000;
/** How long a page pairs when WhatsApp refuses the link. */
const vainPairingMs = 500;

/** The socket between one page and the server, from its login to its loss. */
export class ChatConnection {
  pageId = '';
  keys: DeviceKeys | undefined;
  account: Account | undefined;
  device: Device | undefined;
  /** Somebody has read the QR code off the page, or had the time to. */
  qrVisible = false;
  #readByLibrary = false;
  pairing: { code: string; number: string } | undefined;
  readonly #series: QrSeries;
  /** A page that goes away before it has stored its credentials leaves no device behind. */
  #storesCredentials = false;
  #unreadTimer: NodeJS.Timeout | undefined;

  constructor(
    readonly socket: WebSocket,
    private readonly world: World,
  ) {
    this.#series = new QrSeries(world.options.qr, (ref) => this.#showRef(ref));
    readFrames(socket, pageFrame, {
      take: (frame) => this.#delayed(() => this.#receive(frame)),
      complain: (words) => world.pages.errors.push(words),
    });
    socket.on('close', () => this.#closed());
    socket.on('error', () => undefined);
  }

  /** The QR code's ref while one is shown. */
  get ref(): string | undefined {
    return this.#series.ref;
  }

  get waitsForLink(): boolean {
    return this.keys !== undefined && this.device === undefined && this.socket.readyState === this.socket.OPEN;
  }

  send(frame: ServerFrame): void {
    this.#delayed(() => this.socket.send(JSON.stringify(frame)));
  }

  drop(): void {
    this.socket.terminate();
  }

  /** The phone has scanned the QR code or entered the pairing code. */
  link(account: Account): Device {
    this.#series.stop();
    this.pairing = undefined;
    const device = account.link();
    this.account = account;
    this.device = device;
    this.#storesCredentials = true;
    this.send({ type: 'pairing' });
    const me = `${account.number}:${device.id}@c.us`;
    this.send({ type: 'credentials', deviceId: device.id, token: device.token, me });
    this.world.changed();
    return device;
  }

  /** The phone has taken the code, and WhatsApp wants more than this page can give: it pairs for a moment, then shows fresh codes. */
  refuseLink(): void {
    this.#series.stop();
    this.pairing = undefined;
    this.send({ type: 'pairing' });
    setTimeout(() => {
      if (this.waitsForLink) this.#series.start();
    }, vainPairingMs).unref();
    this.world.changed();
  }

  /** Lets a login in, if its device is still linked. */
  letIn(): void {
    const { account, device } = this;
    if (!account || !device) return;
    if (account.devices.has(device.id)) {
      this.world.counters.logins += 1;
      this.#online();
    } else {
      this.send({ type: 'refused' });
    }
  }

  /** Somebody else has logged in with the same credentials. */
  replace(): void {
    if (this.device?.connection === this) this.device.connection = undefined;
    this.send({ type: 'replaced' });
    this.world.changed();
  }

  #receive(frame: PageFrame): void {
    switch (frame.type) {
      case 'login':
        this.#login(frame);
        break;
      case 'linked':
        this.#online();
        break;
      case 'stored':
        this.#stored(frame.ids);
        break;
      case 'synced':
        if (this.device) this.device.synced = true;
        this.world.changed();
        break;
      case 'qr-read':
        this.#qrRead();
        break;
      case 'refresh-refs':
        if (this.waitsForLink) this.#series.start();
        break;
      case 'request':
        void answerRequest(frame, { connection: this, world: this.world }).then((answer) =>
          this.send({ type: 'response', id: frame.id, ...answer }),
        );
    }
  }

  #login({ credentials, keys, pageId, living, asked }: Extract<PageFrame, { type: 'login' }>): void {
    const { counters } = this.world;
    if (asked !== undefined) counters[asked === 'takeover' ? 'takeovers' : 'reconnects'] += 1;
    this.keys = keys;
    this.pageId = pageId;
    if (!credentials) {
      this.#series.start();
      return;
    }
    const found = this.world.findDevice(credentials.deviceId, credentials.token);
    if (!found) {
      this.send({ type: 'refused' });
      return;
    }
    this.account = found.account;
    this.device = found.device;
    if (!living) found.device.synced = false;
    const { heldLogins } = found.account;
    if (heldLogins) {
      heldLogins.add(this);
      this.send({ type: 'pairing' });
    } else {
      this.letIn();
    }
  }

  #online(): void {
    const { account, device } = this;
    if (!account || !device) return;
    this.#storesCredentials = false;
    const other = device.connection;
    device.connection = this;
    device.pageId = this.pageId;
    if (other && other !== this) other.replace();
    account.sawPage(this.pageId);
    this.world.counters.socketConnections += 1;
    this.send({
      type: 'welcome',
      me: account.id,
      pushname: account.pushname,
      platform: 'android',
      events: device.queue,
      sync: account.sync,
      now: Date.now(),
    });
    account.elsewhere?.thrownOut();
    this.world.changed();
  }

  #stored(ids: number[]): void {
    if (!this.account || !this.device) return;
    const messages = this.device
      .acknowledge(ids)
      .flatMap((event) => (event.kind === 'message' ? [event.message.id] : []));
    this.account.noteStored(messages);
    this.world.changed();
  }

  #showRef(ref: string | undefined): void {
    if (ref === undefined) {
      this.send({ type: 'refs-spent' });
    } else {
      this.world.counters.qrRefsServed += 1;
      this.send({ type: 'ref', ref });
      this.#unreadTimer ??= setTimeout(() => this.#becomeVisible(), longestUnreadMs);
      if (this.#readByLibrary) this.world.qrShown(this);
    }
    this.world.changed();
  }

  #qrRead(): void {
    if (this.#readByLibrary) return;
    this.#readByLibrary = true;
    this.#becomeVisible();
    // The phone that scans by itself scans what a person could see: a code that the library has handed on.
    if (this.ref !== undefined) this.world.qrShown(this);
  }

  #becomeVisible(): void {
    this.qrVisible = true;
    this.#series.seen();
    this.world.changed();
  }

  #closed(): void {
    this.#series.stop();
    clearTimeout(this.#unreadTimer);
    this.world.connections.delete(this);
    this.account?.heldLogins?.delete(this);
    if (this.device && this.#storesCredentials) this.account?.devices.delete(this.device.id);
    if (this.device?.connection === this) this.device.connection = undefined;
    this.world.changed();
  }

  /** What is still on its way when the socket closes is lost. */
  #delayed(act: () => void): void {
    const { latencyMs = 0 } = this.world.network;
    const arrive = (): void => {
      if (this.socket.readyState === this.socket.OPEN) act();
    };
    if (latencyMs === 0) arrive();
    else setTimeout(arrive, latencyMs);
  }
}
