import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

import type { ConnectionTransport, ConnectOptions, Page } from 'puppeteer';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import type { SessionMode } from '../../shared/protocol/messages.js';
import { LibraryClient, puppeteer } from '../../worker/whatsapp/library.js';
import { libraryCallbacks } from '../../worker/whatsapp/page-relay.js';
import { readPageState } from '../../worker/whatsapp/page-state.js';
import { StoredLoginStrategy } from '../../worker/whatsapp/stored-login-strategy.js';
import { type LinkedPage, load, openLinkedPage, openPage } from './linked-page.js';

// What wasup builds on and the library doesn't promise. A new version of the library that breaks one of these breaks
// wasup in the same place.

const require = createRequire(import.meta.url);
const libraryPath = require.resolve('whatsapp-web.js');
const whatsapp = require('whatsapp-web.js') as {
  version: string;
  Events: Record<string, string>;
  Message: new (client: object, data: object) => { rawData: object };
};
const source = readFileSync(require.resolve('whatsapp-web.js/src/Client.js'), 'utf8');

interface Manifest {
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
}

describe('the library’s versions', () => {
  const library = require('whatsapp-web.js/package.json') as Manifest;
  const own = require('../../package.json') as Manifest;

  it('are the ones that were tried', () => {
    expect(whatsapp.version).toBe('1.34.7');
    expect(own.dependencies['whatsapp-web.js']).toBe('1.34.7');
  });

  it('have one puppeteer: the one that the library pins, at the one place where both look', () => {
    const puppeteerPath = require.resolve('puppeteer');
    expect(createRequire(libraryPath).resolve('puppeteer')).toBe(puppeteerPath);
    expect((createRequire(puppeteerPath)('puppeteer/package.json') as Manifest).version).toBe('24.38.0');
    expect(library.dependencies['puppeteer']).toBe('24.38.0');
    expect(own.dependencies['puppeteer']).toBe('24.38.0');
  });
});

describe('the library’s client', () => {
  it.each([
    ['inject', 0],
    ['attachEventListeners', 0],
    ['initialize', 0],
    ['destroy', 0],
    ['logout', 0],
    // (phoneNumber, showNotification = true, intervalMs = 180000)
    ['requestPairingCode', 1],
  ])('has the method %s', (name, parameters) => {
    const method = (LibraryClient.prototype as unknown as Record<string, unknown>)[name];
    expect(method).toBeInstanceOf(Function);
    expect(method).toHaveLength(parameters);
  });

  it('keeps the options that it is given, and hands itself to the strategy', () => {
    const strategy = new ObservedStrategy('restore');
    const client = newClient(strategy, { authTimeoutMs: 1234 });
    expect(client.options).toMatchObject({
      authTimeoutMs: 1234,
      webVersionCache: { type: 'none' },
      takeoverOnConflict: false,
    });
    expect(strategy.calls).toEqual(['setup']);
    expect(client.lastLoggedOut).toBe(false);
  });

  it('reads all of these options by these names', () => {
    for (const name of ['authStrategy', 'authTimeoutMs', 'webVersionCache', 'takeoverOnConflict']) {
      expect(source).toContain(`this.options.${name}`);
    }
  });

  it('asks nothing of a strategy but what ours has', () => {
    const asked = new Set([...source.matchAll(/this\.authStrategy\.(\w+)\(/g)].map(([, name]) => name));
    const strategy = new StoredLoginStrategy('restore', () => undefined) as unknown as Record<string, unknown>;
    expect(asked.size).toBeGreaterThan(0);
    for (const name of asked) expect(strategy[name ?? ''], name).toBeInstanceOf(Function);
  });

  it('names its events as wasup hears them', () => {
    expect(Object.values(whatsapp.Events)).toEqual(
      expect.arrayContaining([
        'qr',
        'code',
        'loading_screen',
        'authenticated',
        'auth_failure',
        'ready',
        'change_state',
        'disconnected',
        'message',
      ]),
    );
  });

  it('asks WhatsApp to unlink the device by the one call that wasup makes itself', () => {
    expect(source).toMatch(
      /async logout\(\) \{\s+await this\.pupPage\.evaluate\(\(\) => \{\s+return window\.require\('WAWebSocketModel'\)\.Socket\.logout\(\);/,
    );
  });

  it('closes the browser in destroy() and logout() alone, both of which wasup overrides', () => {
    expect(source.match(/browser\.close\(\)/gi)).toHaveLength(2);
    expect(source.match(/pupBrowser\.close\(\)/g)).toHaveLength(1);
  });
});

describe('the functions that the library gives to the page', () => {
  const exposed = [...source.matchAll(/exposeFunctionIfAbsent\(\s*this\.pupPage,\s*'(\w+)'/g)].map(([, name]) => name);

  it('are the ones that lead through the relay', () => {
    expect([...new Set(exposed)].sort()).toEqual([...libraryCallbacks].sort());
    expect(source.match(/exposeFunction/g)).toHaveLength(exposed.length + 1);
  });

  it('are all that its listeners in the page call', () => {
    const called = [...source.matchAll(/window\.(on[A-Z]\w+)\(/g)].map(([, name]) => name ?? '');
    expect(called.length).toBeGreaterThan(20);
    for (const name of called) expect(libraryCallbacks.has(name), name).toBe(true);
  });

  it('can be noted before a page in which all is there already, without waiting for anything', async () => {
    const names: string[] = [];
    const client = newClient(new ObservedStrategy('restore'));
    const page = {
      evaluate: (work: unknown) => Promise.resolve(typeof work === 'string' ? true : undefined),
      exposeFunction: (name: string) => Promise.resolve(void names.push(name)),
    };
    client.pupPage = page as unknown as Page;
    let turns = 0;
    const counting = setImmediate(() => (turns += 1));
    await client.inject();
    await client.attachEventListeners();
    clearImmediate(counting);
    expect(turns).toBe(0);
    const ofLinking = ['onQRChangedEvent', 'onCodeReceivedEvent'];
    expect(names.sort()).toEqual([...libraryCallbacks].filter((name) => !ofLinking.includes(name)).sort());
  });

  it('are given what a message keeps as its raw data', () => {
    const data = { id: { fromMe: false, remote: 'a@c.us', id: '1', _serialized: 'false_a@c.us_1' }, from: 'a@c.us' };
    const message = new whatsapp.Message({}, data);
    expect(message.rawData).toBe(data);
  });
});

describe('puppeteer', () => {
  it('numbers its commands with the idGenerator that connect() is given', async () => {
    const sent: number[] = [];
    const transport: ConnectionTransport = {
      send(message) {
        const { id, method } = JSON.parse(message) as { id: number; method: string };
        sent.push(id);
        const result = method === 'Target.getBrowserContexts' ? { browserContextIds: [] } : { product: 'Chrome/1' };
        setImmediate(() => transport.onmessage?.(JSON.stringify({ id, result })));
      },
      close: () => undefined,
    };
    let next = 7_000_000;
    const options: ConnectOptions & { idGenerator: () => number } = { transport, idGenerator: () => next++ };
    const browser = await puppeteer.connect(options);
    expect(await browser.version()).toBe('Chrome/1');
    await browser.disconnect();
    expect(sent.length).toBeGreaterThan(2);
    expect(sent).toEqual(sent.map((_id, index) => 7_000_000 + index));
  });
});

describe('inject() on a page that is not linked', () => {
  let opened: LinkedPage;
  let page: Page;

  beforeAll(async () => {
    opened = await openPage();
  });
  beforeEach(async () => {
    page = await anotherPage(opened);
  });
  afterAll(() => opened.close());

  it('asks the strategy; told that this is a failure it stops with auth_failure, and shows no QR', async () => {
    const strategy = new ObservedStrategy('restore');
    const client = newClient(strategy, {}, page);
    const events = eventsOf(client);
    await client.inject();
    expect(strategy.calls).toEqual(['setup', 'onAuthenticationNeeded']);
    expect(strategy.unpaired).toBe(1);
    expect(events).toEqual([['auth_failure', 'WhatsApp says that this device is not linked']]);
    expect(client.destroyed).toBe(1);
    // Nothing was set up in the page, so nothing can show a code later.
    expect(await page.evaluate("typeof window.onQRChangedEvent + ' ' + typeof window.onAppStateHasSyncedEvent")).toBe(
      'undefined undefined',
    );
    expect(await page.evaluate("require('WAWebConnModel').Conn.hasListener('change:ref')")).toBe(false);
  });

  it('shows the QR when the strategy lets it, and goes on to wait for the sync', async () => {
    const client = newClient(new ObservedStrategy('link'), {}, page);
    const shown = new Promise<string>((resolve) => client.once('qr', resolve));
    await client.inject();
    expect((await shown).split(',')).toHaveLength(5);
    expect(await page.evaluate("require('WAWebSocketModel').Socket.hasListener('change:hasSynced')")).toBe(true);
    expect(client.destroyed).toBe(0);
  });

  it('gives a pairing code on request, by the code event and as the result', async () => {
    const client = newClient(new ObservedStrategy('link'), {}, page);
    await client.inject();
    const announced = new Promise<string>((resolve) => client.once('code', resolve));
    const code = await client.requestPairingCode(opened.phone.number, true, 2 ** 31 - 1);
    expect(code).toMatch(/^[A-Z0-9]{8}$/);
    expect(await announced).toBe(code);
  });

  it('gives up with the string "auth timeout" when WhatsApp Web doesn’t start', async () => {
    await page.goto('about:blank');
    const client = newClient(new ObservedStrategy('restore'), { authTimeoutMs: 1 }, page);
    await expect(client.inject()).rejects.toBe('auth timeout');
  });
});

describe('inject() on a page that is linked', () => {
  let linked: LinkedPage;

  beforeAll(async () => {
    linked = await openLinkedPage();
  });
  afterAll(() => linked.close());

  it('says nothing when the page has synced already, and everything once its in-page function is called', async () => {
    const { page } = linked;
    const strategy = new ObservedStrategy('restore');
    const client = newClient(strategy, {}, page);
    const events = eventsOf(client);
    await client.inject();
    expect(events).toEqual([]);
    expect(await readPageState(page)).toMatchObject({ socket: 'CONNECTED', hasSynced: true, utilities: false });

    await page.evaluate('window.onAppStateHasSyncedEvent()');
    expect(events.map(([name]) => name)).toEqual(['authenticated', 'ready']);
    expect(client.attached).toBe(1);
    expect(strategy.calls).toEqual(['setup', 'getAuthEventPayload', 'afterAuthReady']);
    expect(await readPageState(page)).toMatchObject({ utilities: true, identity: linked.phone.number });
  });

  it('is ready again on the next edge, without attaching its listeners again', async () => {
    const client = newClient(new ObservedStrategy('restore'), {}, await anotherPage(linked));
    const ready = new Promise<void>((resolve) => client.once('ready', resolve));
    await client.inject();
    await client.pupPage?.evaluate('window.onAppStateHasSyncedEvent()');
    await ready;
    const readyAgain = new Promise<void>((resolve) => client.once('ready', resolve));
    await client.pupPage?.evaluate('window.onAppStateHasSyncedEvent()');
    await readyAgain;
    expect(client.attached).toBe(1);
  });

  it('notes in lastLoggedOut that WhatsApp has logged out', async () => {
    const client = newClient(new ObservedStrategy('restore'), {}, await anotherPage(linked));
    await client.inject();
    expect(client.lastLoggedOut).toBe(false);
    const loggedOut = client.pupPage?.waitForNavigation();
    linked.phone.unlink();
    await loggedOut;
    expect(client.lastLoggedOut).toBe(true);
  });
});

/** The strategy as wasup uses it, with a memory of what was asked of it. */
class ObservedStrategy extends StoredLoginStrategy {
  readonly calls: string[] = [];
  /** How often WhatsApp said that the page isn't linked. */
  unpaired = 0;

  constructor(mode: SessionMode) {
    super(mode, () => void (this.unpaired += 1));
    return new Proxy(this, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== 'function') return value;
        target.calls.push(String(name));
        return value.bind(target) as unknown;
      },
    });
  }
}

/** The library's client with nothing of wasup's own, but that it doesn't close the browser and counts what it does. */
class ObservedClient extends LibraryClient {
  destroyed = 0;
  attached = 0;

  override destroy(): Promise<void> {
    this.destroyed += 1;
    return Promise.resolve();
  }

  override async attachEventListeners(): Promise<void> {
    this.attached += 1;
    await super.attachEventListeners();
  }
}

function newClient(
  strategy: ObservedStrategy,
  options: { authTimeoutMs?: number } = {},
  page?: Page,
): ObservedClient & { options: unknown } {
  const authStrategy: unknown = strategy;
  const client = new ObservedClient({
    authStrategy: authStrategy as never,
    webVersionCache: { type: 'none' },
    takeoverOnConflict: false,
    ...options,
  });
  if (page !== undefined) {
    client.pupPage = page;
    client.pupBrowser = page.browser();
  }
  return client as ObservedClient & { options: unknown };
}

function eventsOf(client: ObservedClient): unknown[][] {
  const events: unknown[][] = [];
  const emit = client.emit.bind(client);
  client.emit = (name: string, ...details: unknown[]) => {
    events.push([name, ...details]);
    return emit(name, ...details);
  };
  return events;
}

/** What a client has exposed in a page stays there; the next one takes another page. */
async function anotherPage({ browser }: LinkedPage): Promise<Page> {
  const page = await browser.newPage();
  await Promise.all((await browser.pages()).filter((other) => other !== page).map((other) => other.close()));
  await load(page);
  return page;
}
