import type { Browser, Frame, Page } from 'puppeteer';

import type { Logger } from '../../shared/logger.js';
import { DeadlineError, withDeadline } from '../../shared/with-deadline.js';
import { WorkerFailure } from '../worker-failure.js';
import { applyPatches } from './compatibility/index.js';
import { LibraryClient } from './library.js';
import type { WhatsAppWindow } from './page-globals.js';
import type { StoredLoginStrategy } from './stored-login-strategy.js';

declare const window: WhatsAppWindow;

const whatsAppWebUrl = 'https://web.whatsapp.com/';

export interface AttachedClientOptions {
  readonly incarnation: number;
  readonly strategy: StoredLoginStrategy;
  /** How long the library may wait for WhatsApp Web to start in the page. */
  readonly authTimeoutMs: number;
  readonly log: Logger;
}

/**
 * The library's client on a browser that somebody else owns. It never launches, closes or shares out a browser:
 * `attach` takes the place of `initialize`, and what would close the browser does nothing.
 */
export class AttachedClient extends LibraryClient {
  readonly #incarnation: number;
  readonly #authTimeoutMs: number;
  readonly #log: Logger;
  #attached = false;
  /** The attachment to the page as it is now; undefined after the page has moved on. */
  #listeners: Promise<void> | undefined;

  constructor({ incarnation, strategy, authTimeoutMs, log }: AttachedClientOptions) {
    super({
      authStrategy: strategy,
      authTimeoutMs,
      // The library's cache would be written into the working directory, for a version that WhatsApp no longer serves.
      webVersionCache: { type: 'none' },
      takeoverOnConflict: false,
    });
    this.#incarnation = incarnation;
    this.#authTimeoutMs = authTimeoutMs;
    this.#log = log;
  }

  /**
   * Opens WhatsApp Web in the page. Once in the life of a client: a second try is a second worker.
   *
   * @throws Error when called twice; puppeteer's navigation error when WhatsApp can't be reached.
   */
  async open(browser: Browser, page: Page, timeoutMs: number): Promise<void> {
    if (this.#attached) throw new Error('a client is attached once; start another worker for another try');
    this.#attached = true;
    this.pupBrowser = browser;
    this.pupPage = page;
    await page.goto(whatsAppWebUrl, { waitUntil: 'load', timeout: timeoutMs, referer: 'https://whatsapp.com/' });
  }

  /** Calls back whenever the page itself has moved on (WhatsApp reloaded, or logged out). */
  onNavigated(callback: (event: { loggedOut: boolean }) => void): void {
    const page = this.page;
    page.on('framenavigated', (frame: Frame) => {
      if (frame !== page.mainFrame()) return;
      const loggedOut = this.lastLoggedOut || frame.url().includes('post_logout=1');
      this.lastLoggedOut = false;
      callback({ loggedOut });
    });
  }

  get page(): Page {
    if (this.pupPage === undefined) throw new Error('the client has no page before open()');
    return this.pupPage;
  }

  /** The library's injection, with the patches that this build of WhatsApp Web needs in place before it. */
  override async inject(): Promise<void> {
    const started = this.page.waitForFunction(() => window.Debug?.VERSION !== undefined, { polling: 20, timeout: 0 });
    await withDeadline(started, this.#authTimeoutMs, 'Starting WhatsApp Web in the page').catch((error: unknown) => {
      if (error instanceof DeadlineError) throw new WorkerFailure('NETWORK', error.message, { cause: error });
      throw error;
    });
    const applied = await applyPatches(this.page);
    if (applied.length > 0) this.#log.debug({ applied }, `Compatibility patches: ${applied.join(', ')}`);
    this.#listeners = undefined;
    await super.inject();
  }

  /** Once for each page, however often WhatsApp says that it has synced: a second set would deliver everything twice. */
  override attachEventListeners(): Promise<void> {
    this.#listeners ??= this.#attachListeners();
    return this.#listeners;
  }

  /** Leaves our mark in the page, so that a page whose listeners lead nowhere can be told from one that listens. */
  async #attachListeners(): Promise<void> {
    await super.attachEventListeners();
    await this.page.evaluate((incarnation) => {
      window.wasup = { incarnation };
    }, this.#incarnation);
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
