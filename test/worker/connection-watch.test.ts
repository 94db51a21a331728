import { pino } from 'pino';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import type { Alert } from '../../shared/alerts.js';
import type { Assignment } from '../../shared/protocol/messages.js';
import { ConnectionWatch } from '../../worker/connection-watch.js';
import type { AttachedClient } from '../../worker/whatsapp/attached-client.js';
import type { WorkerFailure } from '../../worker/worker-failure.js';

const deadlines = {
  probeTimeoutMs: 4_000,
  transportReconnectMs: 30_000,
  transportReloadMs: 90_000,
  transportRestartMs: 180_000,
} as Assignment['deadlines'];

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('takes each step about a connection that is away once, at its time', async () => {
  const page = new WatchedPage();
  page.observe('OPENING');
  const deeds: string[][] = [];
  for (const atMs of [29_999, 30_001, 89_999, 90_001, 179_999, 180_001, 3_600_000]) {
    await vi.advanceTimersByTimeAsync(atMs - page.nowMs);
    page.observe('TIMEOUT');
    deeds.push([...page.deeds]);
  }
  const all = ['in the page', 'reload', 'fail: NETWORK'];
  expect(deeds.map(({ length }) => length)).toEqual([0, 1, 1, 2, 2, 3, 3]);
  expect(page.deeds).toEqual(all);
});

it('begins anew with each absence', async () => {
  const page = new WatchedPage();
  for (let absence = 0; absence < 3; absence += 1) {
    page.observe('OPENING');
    await vi.advanceTimersByTimeAsync(40_000);
    page.observe('CONNECTED');
    await vi.advanceTimersByTimeAsync(600_000);
  }
  expect(page.deeds).toEqual(['in the page', 'in the page', 'in the page']);
  expect(page.watch.isAway).toBe(false);
});

it('leaves a page alone that comes up: it has other deadlines', async () => {
  const page = new WatchedPage();
  page.observe('OPENING', { listens: false });
  await vi.advanceTimersByTimeAsync(600_000);
  expect(page.deeds).toEqual([]);
});

it('goes on with an absence while the page comes up again because of it', async () => {
  const page = new WatchedPage();
  page.observe('OPENING');
  await vi.advanceTimersByTimeAsync(100_000);
  page.observe('OPENING', { listens: false });
  expect(page.watch.isAway).toBe(true);
  await vi.advanceTimersByTimeAsync(100_000);
  expect(page.deeds).toEqual(['in the page', 'reload', 'fail: NETWORK']);
});

it('takes no step after it was stopped', async () => {
  const page = new WatchedPage();
  page.observe('OPENING');
  page.watch.stop();
  await vi.advanceTimersByTimeAsync(600_000);
  expect(page.deeds).toEqual([]);
});

it('takes a conflict over once, however often it is told of it, and ends with an alert at the next', async () => {
  const page = new WatchedPage();
  for (let times = 0; times < 3; times += 1) page.observe('CONFLICT');
  await vi.advanceTimersByTimeAsync(1_000);
  // Looking for other pages is none of the page's business.
  expect(page.deeds).toEqual(['in the page']);
  page.observe('OPENING');
  page.observe('CONNECTED');
  await vi.advanceTimersByTimeAsync(60_000);
  page.observe('CONFLICT');
  expect(page.deeds).toEqual(['in the page', 'alert: conflict', 'fail: TERMINAL']);
});

it('closes other pages of the browser that show WhatsApp Web, and no more, before it takes over', async () => {
  const page = new WatchedPage();
  const closed: string[] = [];
  page.others = ['https://web.whatsapp.com/', 'about:blank', 'https://example.org/?https://web.whatsapp.com/'].map(
    (url) => ({ url: () => url, close: () => Promise.resolve(void closed.push(url)) }),
  );
  page.observe('CONFLICT');
  await vi.advanceTimersByTimeAsync(1_000);
  expect(closed).toEqual(['https://web.whatsapp.com/']);
});

it('loads the page anew once for a newer version; the next document that wants one is the end', () => {
  const page = new WatchedPage();
  page.observe('DEPRECATED_VERSION', { listens: false });
  // The library tells of it, too, before the document has gone.
  page.observe('DEPRECATED_VERSION', { listens: false });
  expect(page.deeds).toEqual(['reload']);
  page.watch.beginDocument();
  page.observe('DEPRECATED_VERSION', { listens: false });
  expect(page.deeds).toEqual(['reload', 'fail: TRANSIENT']);
});

/** A page of which is seen what is done to it. */
class WatchedPage {
  readonly deeds: string[] = [];
  readonly watch: ConnectionWatch;
  others: { url(): string; close(): Promise<void> }[] = [];
  readonly #startedAt = performance.now();

  constructor() {
    const page = {
      evaluate: () => Promise.resolve(void this.deeds.push('in the page')),
      browser: () => ({ pages: () => Promise.resolve([page, ...this.others]) }),
      url: () => 'https://web.whatsapp.com/',
    };
    this.watch = new ConnectionWatch({
      client: { page } as unknown as AttachedClient,
      deadlines,
      log: pino({ level: 'silent' }),
      reload: () => this.deeds.push('reload'),
      fail: (failure: WorkerFailure) => this.deeds.push(`fail: ${failure.class}`),
      alert: ({ kind }: Alert) => this.deeds.push(`alert: ${kind}`),
    });
  }

  get nowMs(): number {
    return performance.now() - this.#startedAt;
  }

  observe(state: string, { listens = true } = {}): void {
    this.watch.observe(state, { listens });
  }
}
