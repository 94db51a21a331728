import type { Browser, CDPSession, Page, Protocol } from 'puppeteer';

import { describeError, describeStack } from '../../shared/errors.js';
import type { Logger } from '../../shared/logger.js';
import { DeadlineError, withDeadline } from '../../shared/with-deadline.js';
import { handlerScope } from '../handler-scope.js';
import { WorkerFailure } from '../worker-failure.js';
import { applyPatches } from './compatibility/index.js';
import { ClientInfo, InterfaceController, LibraryClient, type Message } from './library.js';
import { sendInSlices } from './media-in-slices.js';
import { readOwnInfo, whatsAppWebUrl } from './page-actions.js';
import type { PageEvidence } from './page-evidence.js';
import type { WhatsAppWindow } from './page-globals.js';
import type { PageCall } from './page-relay.js';
import { installStorageWatch } from './page-storage.js';
import { RelayLine, type RelayCallback } from './relay-line.js';
import { installSendOnce, resultTimeoutMs, sendOnceAttribute } from './send-once.js';
import type { StoredLoginStrategy } from './stored-login-strategy.js';
import { addressesAttribute, installAddresses } from './tell-addresses.js';

declare const window: WhatsAppWindow;

/**
 * Callbacks for which the library asks the page once more before it tells of an event, by the event: with each message,
 * and mostly for nothing, because no bot listens.
 */
const costlyCallbacks: ReadonlyMap<string, string> = new Map([['onChatUnreadCountEvent', 'unread_count']]);

export interface AttachedClientOptions {
  readonly incarnation: number;
  readonly strategy: StoredLoginStrategy;
  /** How long the library may wait for WhatsApp Web to start in the page. */
  readonly authTimeoutMs: number;
  /** Learns what goes wrong in the page. */
  readonly evidence: PageEvidence;
  readonly log: Logger;
  /** Told when the page could not keep all that has happened in it. */
  readonly onDropped?: () => void;
}

/**
 * The library's client on a browser that somebody else owns. It never launches, closes or shares out a browser:
 * `open` takes the place of `initialize`, and what would close the browser does nothing.
 */
export class AttachedClient extends LibraryClient {
  readonly #incarnation: number;
  readonly #authTimeoutMs: number;
  readonly #evidence: PageEvidence;
  readonly #log: Logger;
  readonly #onDropped: (() => void) | undefined;
  #opened = false;
  /** Counts the documents that the page has shown. */
  #document = 0;
  #onNewDocument: ((event: { loggedOut: boolean }) => void) | undefined;
  /** The newest injection; each waits for the one before it. */
  #injected: Promise<void> = Promise.resolve();
  /** The newest attachment of the library's listeners. */
  #listeners: { readonly document: number; readonly attached: Promise<void> } | undefined;

  /** Messages that came from the listeners of this document. */
  #messages = 0;
  #untaken = 0;
  #relay: RelayLine | undefined;
  #takeIncoming: ((message: Message) => boolean) | undefined;
  #taking: () => Promise<void> | undefined = () => undefined;
  #noteOwn: ((message: Message) => void) | undefined;
  /** What was taken last, which the library tells of once more. */
  #taken: Message | undefined;

  constructor({ incarnation, strategy, authTimeoutMs, evidence, log, onDropped }: AttachedClientOptions) {
    super({
      authStrategy: strategy,
      authTimeoutMs,
      // The library's cache would be written into the working directory, for a version that WhatsApp no longer serves.
      webVersionCache: { type: 'none' },
      takeoverOnConflict: false,
    });
    this.#incarnation = incarnation;
    this.#authTimeoutMs = authTimeoutMs;
    this.#evidence = evidence;
    this.#log = log;
    this.#onDropped = onDropped;
  }

  /**
   * Opens WhatsApp Web in the page. Once in the life of a client: a second try is a second worker.
   *
   * @throws Error when called twice; puppeteer's navigation error when WhatsApp can't be reached.
   */
  async open(browser: Browser, page: Page, timeoutMs: number): Promise<void> {
    await this.#take(browser, page, { takesOver: false, timeoutMs });
    await page.goto(whatsAppWebUrl, { waitUntil: 'load', timeout: timeoutMs, referer: 'https://whatsapp.com/' });
  }

  /**
   * Takes the page as it is: WhatsApp Web lives in it, and an earlier worker's listeners. {@link adopt} makes them this
   * one's. In the place of {@link open}.
   *
   * @throws Error when called twice, or when the page doesn't answer in time.
   */
  async attach(browser: Browser, page: Page, timeoutMs: number): Promise<void> {
    await this.#take(browser, page, { takesOver: true, timeoutMs });
  }

  async #take(
    browser: Browser,
    page: Page,
    { takesOver, timeoutMs }: { takesOver: boolean; timeoutMs: number },
  ): Promise<void> {
    if (this.#opened) throw new Error('a client is opened once; start another worker for another try');
    this.#opened = true;
    this.pupBrowser = browser;
    sendInSlices(page);
    this.pupPage = page;
    await withDeadline(this.#openLine(page, takesOver), timeoutMs, 'Taking the page');
  }

  async #openLine(page: Page, takesOver: boolean): Promise<void> {
    const session = await page.createCDPSession();
    this.#watchDocuments(session);
    const onThrown = (name: string, error: unknown): void => this.#evidence.noteThrown(name, error);
    const onRefused = (calls: readonly PageCall[]): void =>
      this.#log.error(
        `Not handed to the bot again: the last workers have ended over ${namesOf(calls)}. ` +
          'Look above for what ended them, most likely in the bot.',
      );
    const onDropped = (calls: number): void => {
      this.#log.warn(
        `${calls} events of the page were not kept, because too many waited; messages among them are fetched.`,
      );
      this.#onDropped?.();
    };
    const isHeard = (name: string): boolean => {
      const event = costlyCallbacks.get(name);
      return event === undefined || this.listenerCount(event) > 0;
    };
    this.#relay = new RelayLine({
      page,
      session,
      takesOver,
      onThrown,
      onRefused,
      onDropped,
      isHeard,
      taken: () => this.#taking(),
    });
    this.#relay.interceptExposure();
    await Promise.all([
      session.send('Page.enable'),
      takesOver ? this.#relay.listen() : undefined,
      // Before WhatsApp's own code opens its databases.
      page.evaluateOnNewDocument(installStorageWatch),
    ]);
  }

  /**
   * Calls back whenever another document has taken the place of the one that was opened (WhatsApp reloaded, or logged
   * out).
   */
  onNewDocument(callback: (event: { loggedOut: boolean }) => void): void {
    this.#onNewDocument = callback;
  }

  /**
   * Through a session of its own: puppeteer's `framenavigated` also tells of a page that has merely changed its address
   * (`history.replaceState`), in which everything lives on.
   */
  #watchDocuments(session: CDPSession): void {
    session.on('Page.frameNavigated', ({ frame }: Protocol.Page.FrameNavigatedEvent) => {
      if (frame.parentId !== undefined) return;
      const loggedOut = this.lastLoggedOut || frame.url.includes('post_logout=1');
      this.lastLoggedOut = false;
      this.#beginDocument(loggedOut);
    });
  }

  #beginDocument(loggedOut: boolean): void {
    this.#document += 1;
    this.#evidence.clear();
    // What was held back came from the document before; in this one the library has to hear everything.
    this.#relay?.release();
    this.#onNewDocument?.({ loggedOut });
  }

  /** Counts the documents that the page has shown: what was found out about one says nothing about the next. */
  get document(): number {
    return this.#document;
  }

  /** How many of those nobody could take in. */
  get untaken(): number {
    return this.#untaken;
  }

  /** How many messages have come out of this document. */
  get messages(): number {
    return this.#messages;
  }

  /**
   * Loads the page anew, for which {@link onNewDocument} calls back.
   *
   * @throws puppeteer's navigation error when WhatsApp can't be reached.
   */
  async reload(timeoutMs: number): Promise<void> {
    await this.page.reload({ waitUntil: 'load', timeout: timeoutMs });
  }

  /** For a document that nobody told us of: begins in it as {@link onNewDocument} would have. */
  takeUpDocument(): void {
    this.#beginDocument(false);
  }

  /**
   * Takes incoming messages in the place of the listeners of `message_create` and `message`.
   *
   * @param take called once for each; false leaves it to the listeners.
   * @param taken resolves when what was taken until now is kept; undefined when it is. Before that the page counts
   * nothing as handed over.
   */
  onIncoming(take: (message: Message) => boolean, taken: () => Promise<void> | undefined = () => undefined): void {
    this.#takeIncoming = take;
    this.#taking = taken;
  }

  /**
   * Called with each message of the account's own, from this device or another one, after its listeners have been
   * called.
   */
  onOwn(note: (message: Message) => void): void {
    this.#noteOwn = note;
  }

  /**
   * Incoming messages go to whoever takes them. All else goes to each listener, whatever the one before it throws: one
   * that fails is the bot's fault, and no reason for others to miss something.
   */
  override emit(event: string | symbol, ...parameters: unknown[]): boolean {
    // Counted at the source: a listener could be removed.
    if (event === 'message_create') this.#messages += 1;
    if (this.#takeIncoming !== undefined && (event === 'message_create' || event === 'message')) {
      const [message] = parameters as [Message | undefined];
      // The library tells of each incoming message by both names.
      if (message?.fromMe === false) {
        if (event === 'message' && this.#taken === message) return true;
        if (event === 'message_create' && this.#hasTaken(message)) {
          this.#taken = message;
          return true;
        }
      }
    }
    const listeners = this.rawListeners(event);
    if (listeners.length === 0) return super.emit(event, ...parameters);
    for (const listener of listeners) this.#tell(event, listener, parameters);
    if (event === 'message_create') {
      const [message] = parameters as [Message | undefined];
      if (message?.fromMe === true) this.#noteOwn?.(message);
    }
    return true;
  }

  /** What can't be taken is in no inbox: the page goes on counting it as not handed over. */
  #hasTaken(message: Message): boolean {
    try {
      return this.#takeIncoming?.(message) ?? false;
    } catch (error) {
      this.#untaken += 1;
      this.#log.error(`A message could not be taken in, and is fetched again: ${describeError(error)}`);
      throw error;
    }
  }

  #tell(event: string | symbol, listener: Parameters<typeof Reflect.apply>[0], parameters: unknown[]): void {
    const fail = (error: unknown): void => {
      this.#log.error(`A listener of ${String(event)} has failed: ${describeStack(error)}`);
    };
    try {
      const result: unknown = Reflect.apply(listener, this, parameters);
      if (result instanceof Promise) result.catch(fail);
    } catch (error) {
      fail(error);
    }
  }

  get page(): Page {
    if (this.pupPage === undefined) throw new Error('the client has no page before open()');
    return this.pupPage;
  }

  /**
   * The library's injection, with the patches that this build of WhatsApp Web needs in place before it. One at a time:
   * two in one document would tell the bot everything twice.
   *
   * @throws WorkerFailure of class TRANSIENT when the page has gone on to another document meanwhile.
   */
  override inject(): Promise<void> {
    const document = this.#document;
    const earlier = this.#injected.catch(() => undefined);
    this.#injected = earlier.then(() => this.#injectInto(document));
    return this.#injected;
  }

  async #injectInto(document: number): Promise<void> {
    this.#refuseEarlier(document);
    const started = this.page.waitForFunction(() => window.Debug?.VERSION !== undefined, { polling: 20, timeout: 0 });
    await withDeadline(started, this.#authTimeoutMs, 'Starting WhatsApp Web in the page').catch((error: unknown) => {
      if (error instanceof DeadlineError) throw new WorkerFailure('NETWORK', error.message, { cause: error });
      throw error;
    });
    // What waits for the page goes on waiting in the next document.
    this.#refuseEarlier(document);
    await this.#line.install();
    const applied = await applyPatches(this.page);
    if (applied.length > 0) this.#log.debug({ applied }, `Compatibility patches: ${applied.join(', ')}`);
    this.#refuseEarlier(document);
    await super.inject();
  }

  #refuseEarlier(document: number): void {
    if (document !== this.#document) throw new WorkerFailure('TRANSIENT', 'WhatsApp Web has reloaded itself');
  }

  /**
   * Once for each document, however often WhatsApp says that it has synced: a second set would deliver everything
   * twice.
   */
  override attachEventListeners(): Promise<void> {
    if (this.#listeners?.document !== this.#document) {
      const earlier = this.#listeners?.attached.catch(() => undefined);
      this.#listeners = { document: this.#document, attached: this.#attachListeners(earlier) };
    }
    return this.#listeners.attached;
  }

  async #attachListeners(earlier: Promise<void> | undefined): Promise<void> {
    // One that a reload has overtaken may have come to its end in this document.
    await earlier;
    await this.#line.install();
    if (await this.page.evaluate(() => typeof window.wasup?.incarnation === 'number')) return;
    await super.attachEventListeners();
    await this.page.evaluate(installSendOnce, sendOnceAttribute, resultTimeoutMs);
    await this.page.evaluate(installAddresses, addressesAttribute);
    this.#messages = 0;
    this.#untaken = 0;
    await this.page.evaluate((incarnation) => window.wasup?.attach(incarnation), this.#incarnation);
  }

  /**
   * Makes an earlier worker's listeners in the page this one's, in the place of {@link inject}, after {@link attach}.
   * What has come since that one died is handed over by {@link release}.
   *
   * The library does what it does in a fresh page, before a stand-in that merely notes its callbacks: the functions
   * that call them are in the real page already. None of that waits for anything, so nobody else sees the stand-in.
   *
   * @throws WorkerFailure of class TRANSIENT, against which a reload of the page may help.
   */
  async adopt(): Promise<void> {
    const line = this.#line;
    try {
      this.info = new ClientInfo(this, await readOwnInfo(this.page));
      this.interface = new InterfaceController(this);
      this.#listeners = { document: this.#document, attached: Promise.resolve() };
      await this.#beforeStandIn(() => super.inject());
      await this.#beforeStandIn(() => super.attachEventListeners());
      await line.adopt(this.#incarnation);
      this.#messages = 0;
      this.#untaken = 0;
      this.emit('authenticated');
      this.emit('ready');
    } catch (error) {
      throw new WorkerFailure('TRANSIENT', `The page could not be taken over (${describeError(error)})`, {
        cause: error,
        reloadMayHelp: true,
      });
    }
  }

  async #beforeStandIn(work: () => Promise<void>): Promise<void> {
    const { page } = this;
    this.pupPage = standInFor(page, this.#line);
    try {
      await work();
    } finally {
      this.pupPage = page;
    }
  }

  /**
   * Hands over what has waited in a page that was taken over. A message may hang its handler: not before this life is
   * known to listen.
   */
  release(): void {
    this.#relay?.release();
  }

  /** Resolves when what the page has said until now has been handed over. */
  async drained(): Promise<void> {
    await this.#relay?.drained();
  }

  /** Nothing more comes out of the page: what happens in it waits for the next worker. */
  async hold(): Promise<void> {
    await this.#relay?.hold();
  }

  get #line(): RelayLine {
    if (this.#relay === undefined) throw new Error('the client has no page before open()');
    return this.#relay;
  }

  /** Asks WhatsApp for another series of QR codes; it stops by itself after six. */
  async requestMoreQrCodes(): Promise<void> {
    await this.page.evaluate(() => {
      window.require('WAWebCmd').Cmd.refreshQR();
    });
  }

  /** What a handler has sent by this is an answer, also when it ends the process afterwards. */
  override async sendMessage(
    ...parameters: Parameters<InstanceType<typeof LibraryClient>['sendMessage']>
  ): Promise<Message> {
    const sent = await super.sendMessage(...parameters);
    const scope = handlerScope.getStore();
    if (scope !== undefined) scope.hasAnswered = true;
    return sent;
  }

  /** Does nothing: wasup has opened the session already. For bots written for plain whatsapp-web.js. */
  override initialize(): Promise<void> {
    this.#log.warn('The bot called client.initialize(); wasup brings the session up itself. Ignored.');
    return Promise.resolve();
  }

  /** Does nothing: the browser belongs to the supervisor. The library calls this when WhatsApp ends the session. */
  override destroy(): Promise<void> {
    this.#log.debug('client.destroy() was called; the browser stays, the supervisor decides.');
    return Promise.resolve();
  }

  /** Unlinks this device at WhatsApp, as the library does, but leaves browser and profile alone. */
  override async logout(): Promise<void> {
    await this.page.evaluate(() => window.require('WAWebSocketModel').Socket.logout());
  }
}

/** As much of a page as the library's injection asks of it: one in which all is there already. */
function standInFor(page: Page, line: RelayLine): Page {
  return new Proxy(page, {
    get(target, name) {
      if (name === 'evaluate') return (work: unknown) => Promise.resolve(typeof work === 'string' ? true : undefined);
      if (name === 'exposeFunction') {
        return (callbackName: string, callback: RelayCallback) => {
          line.define(callbackName, callback);
          return Promise.resolve();
        };
      }
      return Reflect.get(target, name, target) as unknown;
    },
  });
}

/** Each once. */
function namesOf(calls: readonly PageCall[]): string {
  return [...new Set(calls.map(({ name }) => name))].join(', ');
}
