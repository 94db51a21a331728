import { EventEmitter } from 'node:events';

import type { Browser, Page } from 'puppeteer';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { createOutput } from '../../shared/logger.js';
import { AttachedClient } from '../../worker/whatsapp/attached-client.js';
import { LibraryClient } from '../../worker/whatsapp/library.js';
import { PageEvidence } from '../../worker/whatsapp/page-evidence.js';
import { StoredLoginStrategy } from '../../worker/whatsapp/stored-login-strategy.js';

const incarnation = 7;
let page: FakePage;
let client: AttachedClient;

beforeEach(() => {
  page = new FakePage();
  client = new AttachedClient({
    incarnation,
    strategy: new StoredLoginStrategy('restore', () => undefined),
    authTimeoutMs: 1_000,
    evidence: new PageEvidence(),
    log: createOutput({ level: 'silent', format: 'json' }).log,
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

describe('open()', () => {
  it('opens WhatsApp Web once in the life of a client: a second call is refused, and leaves the page alone', async () => {
    await open();
    await expect(open()).rejects.toThrow('start another worker');
    expect(page.goto).toHaveBeenCalledTimes(1);
  });

  it('is refused a second time also when the first could not reach WhatsApp', async () => {
    page.goto.mockRejectedValueOnce(new Error('net::ERR_CONNECTION_REFUSED'));
    await expect(open()).rejects.toThrow('net::ERR_CONNECTION_REFUSED');
    await expect(open()).rejects.toThrow('start another worker');
    expect(page.goto).toHaveBeenCalledTimes(1);
  });
});

describe('attachEventListeners()', () => {
  const attachOfLibrary = () => vi.spyOn(LibraryClient.prototype, 'attachEventListeners').mockResolvedValue(undefined);
  beforeEach(() => {
    vi.spyOn(LibraryClient.prototype, 'inject').mockResolvedValue(undefined);
  });

  it('attaches once, however often it is called', async () => {
    const attach = attachOfLibrary();
    await open();
    await client.inject();
    await Promise.all([client.attachEventListeners(), client.attachEventListeners()]);
    await client.attachEventListeners();
    expect(attach).toHaveBeenCalledTimes(1);
  });

  it('attaches once more when the page shows another document, into which the library was injected', async () => {
    const attach = attachOfLibrary();
    await open();
    await client.inject();
    await client.attachEventListeners();
    page.showNextDocument();
    await client.inject();
    await Promise.all([client.attachEventListeners(), client.attachEventListeners()]);
    expect(attach).toHaveBeenCalledTimes(2);
  });

  it('attaches once more in a document that nobody told of, once it is taken up', async () => {
    const attach = attachOfLibrary();
    const told = vi.fn();
    await open();
    client.onNewDocument(told);
    await client.attachEventListeners();
    page.window = newWindow();
    await client.attachEventListeners();
    expect(attach).toHaveBeenCalledTimes(1);
    client.takeUpDocument();
    await client.attachEventListeners();
    expect(attach).toHaveBeenCalledTimes(2);
    expect(told).toHaveBeenCalledExactlyOnceWith({ loggedOut: false });
  });

  it('leaves a mark that can’t be removed, and counts behind it what the library is to hand over', async () => {
    attachOfLibrary();
    await open();
    await client.attachEventListeners();
    page.collection.emit('add', { isNewMsg: true, type: 'chat' });
    page.collection.emit('add', { isNewMsg: false, type: 'chat' });
    page.collection.emit('add', { isNewMsg: true, type: 'gp2' });
    const undecrypted = Object.assign(new EventEmitter(), { isNewMsg: true, type: 'ciphertext' });
    page.collection.emit('add', undecrypted);
    expect(page.window.wasup).toMatchObject({ incarnation, messages: 1 });
    undecrypted.emit('change:type', { type: 'image' });
    expect(page.window.wasup).toMatchObject({ incarnation, messages: 2 });
    expect(Reflect.deleteProperty(page.window, 'wasup')).toBe(false);

    client.emit('message_create', {});
    client.emit('message', {});
    expect(client.messages).toBe(1);
  });

  it('leaves the mark of this worker life in the page, but not before the listeners are attached', async () => {
    let attached = (): void => undefined;
    const attach = attachOfLibrary().mockReturnValue(new Promise<void>((resolve) => (attached = resolve)));
    await open();
    const attaching = client.attachEventListeners();
    await vi.waitFor(() => expect(attach).toHaveBeenCalled());
    await Promise.resolve();
    expect(page.window.wasup).toMatchObject({ incarnation: null });
    attached();
    await attaching;
    expect(page.window.wasup).toMatchObject({ incarnation, messages: 0 });
  });
});

/** As much of a page as a client asks of it; what would run in the browser sees {@link window}. */
class FakePage {
  window = newWindow();
  /** The messages of the document that is shown. */
  get collection(): EventEmitter {
    return (this.window.require('WAWebCollections') as { Msg: EventEmitter }).Msg;
  }
  readonly goto = vi.fn(() => Promise.resolve());
  readonly evaluateOnNewDocument = vi.fn(() => Promise.resolve());
  readonly waitForFunction = (): Promise<void> => Promise.resolve();
  readonly createCDPSession = (): Promise<EventEmitter> => Promise.resolve(this.#session);
  readonly exposeFunction = (): Promise<void> => Promise.resolve();
  readonly #session = Object.assign(new EventEmitter(), { send: () => Promise.resolve() });

  evaluate<Result>(run: (...parameters: unknown[]) => Result, ...parameters: unknown[]): Promise<Result> {
    vi.stubGlobal('window', this.window);
    return Promise.resolve(run(...parameters));
  }

  showNextDocument(): void {
    this.window = newWindow();
    this.#session.emit('Page.frameNavigated', { frame: { url: 'https://web.whatsapp.com/' } });
  }
}

/** WhatsApp Web as the library knows it: it needs no patch. */
function newWindow(): { wasup?: unknown; require: (module: string) => object } {
  const modules: Record<string, object> = {
    WAWebMsgKey: { prototype: { _serialized: '' } },
    WAWebCollections: { Msg: new EventEmitter() },
  };
  return { require: (module) => modules[module] ?? {} };
}

function open(): Promise<void> {
  return client.open(new EventEmitter() as unknown as Browser, page as unknown as Page, 1_000);
}
