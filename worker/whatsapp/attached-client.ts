import type { Browser, Page, Protocol } from 'puppeteer';

import type { Logger } from '../../shared/logger.js';
import { DeadlineError, withDeadline } from '../../shared/with-deadline.js';
import { WorkerFailure } from '../worker-failure.js';
import { applyPatches } from './compatibility/index.js';
import { LibraryClient } from './library.js';
import { whatsAppWebUrl } from './page-actions.js';
import type { PageEvidence } from './page-evidence.js';
import type { MessageModel, WhatsAppWindow } from './page-globals.js';
import type { StoredLoginStrategy } from './stored-login-strategy.js';

declare const window: WhatsAppWindow;

export interface AttachedClientOptions {
  readonly incarnation: number;
  readonly strategy: StoredLoginStrategy;
  /** How long the library may wait for WhatsApp Web to start in the page. */
  readonly authTimeoutMs: number;
  /** Learns what goes wrong in the page. */
  readonly evidence: PageEvidence;
  readonly log: Logger;
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

  constructor({ incarnation, strategy, authTimeoutMs, evidence, log }: AttachedClientOptions) {
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
  }

  /**
   * Opens WhatsApp Web in the page. Once in the life of a client: a second try is a second worker.
   *
   * @throws Error when called twice; puppeteer's navigation error when WhatsApp can't be reached.
   */
  async open(browser: Browser, page: Page, timeoutMs: number): Promise<void> {
    if (this.#opened) throw new Error('a client is opened once; start another worker for another try');
    this.#opened = true;
    this.pupBrowser = browser;
    this.pupPage = page;
    this.#evidence.watchCallbacks(page);
    await withDeadline(this.#watchDocuments(page), timeoutMs, 'Watching the page');
    await page.goto(whatsAppWebUrl, { waitUntil: 'load', timeout: timeoutMs, referer: 'https://whatsapp.com/' });
  }

  /** Calls back whenever another document has taken the place of the one that was opened (WhatsApp reloaded, or logged out). */
  onNewDocument(callback: (event: { loggedOut: boolean }) => void): void {
    this.#onNewDocument = callback;
  }

  /**
   * Through a session of its own: puppeteer's `framenavigated` also tells of a page that has merely changed its address
   * (`history.replaceState`), in which everything lives on.
   */
  async #watchDocuments(page: Page): Promise<void> {
    const session = await page.createCDPSession();
    session.on('Page.frameNavigated', ({ frame }: Protocol.Page.FrameNavigatedEvent) => {
      if (frame.parentId !== undefined) return;
      const loggedOut = this.lastLoggedOut || frame.url.includes('post_logout=1');
      this.lastLoggedOut = false;
      this.#beginDocument(loggedOut);
    });
    await session.send('Page.enable');
  }

  #beginDocument(loggedOut: boolean): void {
    this.#document += 1;
    this.#evidence.clear();
    this.#onNewDocument?.({ loggedOut });
  }

  /** Counts the documents that the page has shown: what was found out about one says nothing about the next. */
  get document(): number {
    return this.#document;
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

  /** Counts at the source: a listener could be removed, or come after one that throws. */
  override emit(event: string | symbol, ...parameters: unknown[]): boolean {
    if (event === 'message_create') this.#messages += 1;
    return super.emit(event, ...parameters);
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
    const applied = await applyPatches(this.page);
    if (applied.length > 0) this.#log.debug({ applied }, `Compatibility patches: ${applied.join(', ')}`);
    this.#refuseEarlier(document);
    await super.inject();
  }

  #refuseEarlier(document: number): void {
    if (document !== this.#document) throw new WorkerFailure('TRANSIENT', 'WhatsApp Web has reloaded itself');
  }

  /** Once for each document, however often WhatsApp says that it has synced: a second set would deliver everything twice. */
  override attachEventListeners(): Promise<void> {
    if (this.#listeners?.document !== this.#document) {
      const earlier = this.#listeners?.attached.catch(() => undefined);
      this.#listeners = { document: this.#document, attached: this.#attachListeners(earlier) };
    }
    return this.#listeners.attached;
  }

  /**
   * Leaves our mark in the page, so that a page whose listeners lead nowhere can be told from one that listens, and
   * counts there what the library is to hand over.
   */
  async #attachListeners(earlier: Promise<void> | undefined): Promise<void> {
    // One that a reload has overtaken may have come to its end in this document.
    await earlier;
    if (await this.page.evaluate(() => window.wasup !== undefined)) return;
    await super.attachEventListeners();
    this.#messages = 0;
    await this.page.evaluate(leaveMark, this.#incarnation);
  }

  /** Asks WhatsApp for another series of QR codes; it stops by itself after six. */
  async requestMoreQrCodes(): Promise<void> {
    await this.page.evaluate(() => {
      window.require('WAWebCmd').Cmd.refreshQR();
    });
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

/** Runs in the page. The mark can't be removed: a document without it is one that nothing was attached to. */
function leaveMark(incarnation: number): void {
  const mark = { incarnation, messages: 0 };
  Object.defineProperty(window, 'wasup', { value: mark, enumerable: false });
  const count = (): void => {
    mark.messages += 1;
  };
  // As the library decides what becomes a `message_create`: group notifications are other events, and what could not
  // be decrypted yet comes once it is.
  window.require('WAWebCollections').Msg.on('add', (message: MessageModel) => {
    if (message.isNewMsg !== true || message.type === 'gp2') return;
    if (message.type !== 'ciphertext') count();
    else if (message.subtype?.endsWith('_unavailable_fanout') !== true) {
      message.once('change:type', ({ type }) => {
        if (type !== 'revoked' && type !== 'gp2') count();
      });
    }
  });
}
