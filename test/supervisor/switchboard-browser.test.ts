import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import puppeteer, { type Browser, type ConnectOptions, type Page } from 'puppeteer';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { BrowserProcess } from '../../supervisor/browser/browser-process.js';
import { idsPerClient } from '../../supervisor/switchboard/command-ids.js';
import { commandIdGenerator, LineTransport } from '../../worker/whatsapp/line-transport.js';
import { BrowserFolder } from '../support/real-browser.js';
import { socketPair } from '../support/socket-pair.js';

// Less patience with a client that doesn't read: nobody wants to wait for the real one in a test.
vi.mock('../../supervisor/switchboard/limits.js', async (importOriginal) => {
  const { defaultLimits } = await importOriginal<typeof import('../../supervisor/switchboard/limits.js')>();
  return { defaultLimits: { ...defaultLimits, maxStallMs: 1_000 } };
});

let folder: BrowserFolder;
let browserProcess: BrowserProcess;
/** Pages whose title is their path. */
const server = createServer((request, response) => {
  response.setHeader('content-type', 'text/html').end(`<title>${request.url ?? ''}</title>`);
});
let site: string;
const onClientCut = vi.fn<(reason: string) => void>();
const lines: Socket[] = [];

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  site = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  folder = await BrowserFolder.create();
  browserProcess = await folder.start({ onClientCut });
});

afterEach(async () => {
  await browserProcess.switchboard.disconnect();
  for (const line of lines.splice(0)) line.destroy();
  onClientCut.mockClear();
});

afterAll(async () => {
  await folder.remove();
  server.closeAllConnections();
  server.close();
});

describe('one client after another on the same page', () => {
  it('finds the page as it was left, and its own bindings work', async () => {
    const first = await client();
    await first.page.evaluate(() => Object.assign(globalThis, { left: 'here' }));
    first.die();
    const second = await client();
    await second.page.exposeFunction('answerOfTheSecond', () => 42);
    expect(await second.page.evaluate('answerOfTheSecond()')).toBe(42);
    expect(await second.page.evaluate('left')).toBe('here');
  });

  it('is free of bindings of one that died: they lead nowhere', async () => {
    const first = await client();
    await first.page.exposeFunction('callTheFirst', () => 'the first hears');
    first.die();
    const second = await client();
    // Puppeteer's wrapper stays in the page.
    await second.page.evaluate('void callTheFirst()');
    await second.page.evaluate('1 + 1');
    expect(second.heard('Runtime.bindingCalled')).toBe(false);
    second.expectNothingForeign();
  });

  it('is free of interceptions, pending commands and half frames of one that died', async () => {
    const first = await client();
    await first.page.setRequestInterception(true);
    void first.page.evaluate('new Promise(() => {})').catch(() => undefined);
    void first.page.goto(`${site}/held-up`).catch(() => undefined);
    await first.intercepted();
    first.line.write(`{"id":${first.idBase + 500_000},"method":"Browser.cl`);
    first.die();

    const second = await client();
    await second.page.goto(`${site}/free`);
    expect(await second.page.title()).toBe('/free');
    second.expectNothingForeign();
  });

  it('hears nothing of the other, even when the page never stops talking', async () => {
    const first = await client();
    await first.page.evaluate('globalThis.talk = setInterval(() => console.log("x".repeat(2000)), 0)');
    await new Promise((resolve) => first.page.once('console', resolve));
    for (let count = 0; count < 5; count += 1) {
      const next = await client();
      await new Promise((resolve) => next.page.once('console', resolve));
      next.expectNothingForeign();
    }
    const last = await client();
    await last.page.evaluate('clearInterval(globalThis.talk)');
  });

  it('gets targets of its own: pages that open and close later', async () => {
    (await client()).die();
    const second = await client();
    const page = await second.browser.newPage();
    expect((await second.browser.pages()).length).toBe(2);
    await page.close();
    expect((await second.browser.pages()).length).toBe(1);
    second.expectNothingForeign();
  });

  it('leaves no session behind in 50 swaps, and takes milliseconds', async () => {
    const durations: number[] = [];
    for (let count = 0; count < 50; count += 1) {
      const current = await client();
      await current.page.evaluate('1 + 1');
      if (count % 2 === 0) current.die();
      const begin = performance.now();
      await browserProcess.switchboard.disconnect();
      durations.push(performance.now() - begin);
      expect(await attachedTargets()).toEqual([]);
    }
    durations.sort((left, right) => left - right);
    const median = durations[25] ?? 0;
    console.log(`Swap: median ${median.toFixed(2)} ms, longest ${(durations.at(-1) ?? 0).toFixed(2)} ms.`);
    expect(median).toBeLessThan(100);
  });

  it('is free of a long frame of one that died in its middle: the browser can’t read it, and takes the next', async () => {
    const first = await client();
    const begin = `{"id":${first.idBase + 500_000},"method":"Target.createTarget","params":{"url":"about:blank#`;
    first.line.write(begin + 'x'.repeat(5_000_000));
    await vi.waitFor(() => expect(first.line.writableLength).toBe(0));
    first.die();
    const second = await client();
    expect(await second.page.evaluate('1 + 1')).toBe(2);
    expect((await second.browser.pages()).length).toBe(1);
    second.expectNothingForeign();
  });

  it('carries frames of many megabytes both ways, with characters that chunks cut in two', async () => {
    const { page } = await client();
    const text = 'ä😀x'.repeat(2_000_000);
    expect(await page.evaluate((sent: string) => sent.length, text)).toBe(text.length);
    expect((await page.evaluate('"ä😀x".repeat(2000000)')) === text).toBe(true);
  });
});

describe('a worker process', () => {
  it('that is killed leaves the browser to the next within the deadline, whatever it had going on', async () => {
    const { worker } = await startWorker();
    const gone = new Promise((resolve) => worker.once('exit', resolve));
    worker.kill('SIGKILL');
    await gone;
    const next = await client();
    await next.page.goto(`${site}/after-the-kill`);
    expect(await next.page.title()).toBe('/after-the-kill');
    next.expectNothingForeign();
    await browserProcess.switchboard.disconnect();
    expect(await attachedTargets()).toEqual([]);
  });

  it('that is stopped is cut, and the browser answers all the time', async () => {
    const { worker } = await startWorker();
    worker.kill('SIGSTOP');
    try {
      // Its page logs a line each millisecond, which fills the socket and then the queue.
      await vi.waitFor(() => expect(onClientCut).toHaveBeenCalledOnce(), { timeout: 20_000 });
      await browserProcess.switchboard.send('Browser.getVersion', {}, { timeoutMs: 5_000 });
      expect(browserProcess.switchboard.connected).toBe(false);
    } finally {
      worker.kill('SIGKILL');
    }
    const next = await client();
    await next.page.goto('about:blank');
    next.expectNothingForeign();
  });
});

interface Client {
  readonly browser: Browser;
  readonly page: Page;
  readonly idBase: number;
  /** The worker's end of its line. */
  readonly line: Socket;
  /** What the switchboard sees of a killed worker. */
  die(): void;
  heard(method: string): boolean;
  /** Resolves when a request is held up. */
  intercepted(): Promise<void>;
  /** All answers were to its own commands, all events of sessions that it was told of. */
  expectNothingForeign(): void;
}

async function client(): Promise<Client> {
  const { switchboard } = browserProcess;
  const [line, end] = await socketPair();
  lines.push(line, end);
  const idBase = switchboard.nextIdBase();
  const transport = new ObservedTransport(end);
  const options: ConnectOptions & { idGenerator: () => number } = {
    transport,
    defaultViewport: null,
    idGenerator: commandIdGenerator(idBase),
  };
  const connecting = puppeteer.connect(options);
  await switchboard.connect(line, { idBase });
  const browser = await connecting;
  // One whose navigation has just been set free has no address for a moment, and puppeteer doesn't show it until it has.
  const target = await browser.waitForTarget((candidate) => (candidate.type() as string) === 'page');
  const page = await target.page();
  if (page === null) throw new Error('The browser has no page.');
  return {
    browser,
    page,
    idBase,
    line: end,
    die: () => void end.destroy(),
    heard: (method) => transport.methods.includes(method),
    intercepted: () => vi.waitFor(() => expect(transport.methods).toContain('Fetch.requestPaused')),
    expectNothingForeign: () => expect(transport.foreign(idBase)).toEqual([]),
  };
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly sessionId?: string;
  readonly params?: { readonly sessionId?: string };
}

/** Notes what comes before puppeteer sees it. */
class ObservedTransport extends LineTransport {
  readonly #messages: Message[] = [];

  constructor(line: Socket) {
    super(line);
    let receiver: ((message: string) => void) | undefined;
    Object.defineProperty(this, 'onmessage', {
      get: () => (message: string) => {
        this.#messages.push(JSON.parse(message) as Message);
        receiver?.(message);
      },
      set: (value: typeof receiver) => (receiver = value),
    });
  }

  get methods(): (string | undefined)[] {
    return this.#messages.map(({ method }) => method);
  }

  foreign(idBase: number): Message[] {
    const sessions = new Set<string | undefined>([undefined]);
    return this.#messages.filter(({ id, method, sessionId, params }) => {
      if (method === 'Target.attachedToTarget') sessions.add(params?.sessionId);
      const foreignAnswer = id !== undefined && (id < idBase || id >= idBase + idsPerClient);
      return foreignAnswer || !sessions.has(sessionId);
    });
  }
}

async function attachedTargets(): Promise<unknown[]> {
  const { targetInfos } = (await browserProcess.switchboard.send('Target.getTargets')) as {
    targetInfos: { type: string; attached: boolean }[];
  };
  return targetInfos.filter(({ type, attached }) => attached && type !== 'browser');
}

async function startWorker() {
  const { switchboard } = browserProcess;
  const idBase = switchboard.nextIdBase();
  const fixture = fileURLToPath(new URL('fixtures/puppeteer-worker.ts', import.meta.url));
  const worker = execa(process.execPath, ['--import', 'tsx', fixture, String(idBase)], {
    ipc: true,
    buffer: false,
    reject: false,
    stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
  });
  const ready = new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('exit', (code) => reject(new Error(`The worker has left with code ${code}.`)));
  });
  await switchboard.connect(worker.stdio[3] as unknown as Socket, { idBase });
  await ready;
  // Wrapped, since awaiting a subprocess of execa awaits its end.
  return { worker };
}
