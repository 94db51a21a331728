import { afterEach, describe, expect, it } from 'vitest';

import { BrowserWatch } from '../../supervisor/browser-watch.js';
import { FairClock } from '../../supervisor/fair-clock.js';
import { Switchboard } from '../../supervisor/switchboard/switchboard.js';
import { FakeBrowser } from '../support/fake-browser.js';
import { BrowserFolder } from '../support/real-browser.js';
import { until } from '../support/until.js';
import { VirtualTime } from '../support/virtual-time.js';

describe('a browser', () => {
  it('is asked once an interval, and left alone while it answers', async () => {
    const watched = new WatchedBrowser();
    for (let probes = 1; probes <= 5; probes += 1) await watched.pass(5_000);
    expect(watched.browser.methods).toEqual(Array.from({ length: 5 }, () => 'Browser.getVersion'));
    expect(watched.hung).toEqual([]);
  });

  it('that doesn’t answer twice in a row hangs: said once, within 15 s', async () => {
    const watched = new WatchedBrowser();
    watched.browser.answer = () => undefined;
    await watched.pass(5_000);
    await watched.pass(4_250);
    expect(watched.hung).toEqual([]);
    await watched.pass(4_250);
    expect(watched.hung).toEqual([8_000]);
    expect(watched.time.now()).toBeLessThan(15_000);
    await watched.pass(60_000);
    expect(watched.browser.methods).toHaveLength(2);
    expect(watched.hung).toEqual([8_000]);
  });

  it('that hangs is found within a second where that is asked for', async () => {
    const watched = new WatchedBrowser({ probeIntervalMs: 300, probeTimeoutMs: 300 });
    watched.browser.answer = () => undefined;
    for (let ms = 0; ms < 1_000; ms += 50) await watched.pass(50);
    expect(watched.hung).toEqual([600]);
  });

  it('is forgiven one question, also when its answer comes late', async () => {
    const watched = new WatchedBrowser();
    for (let rounds = 0; rounds < 4; rounds += 1) {
      watched.browser.answer = () => undefined;
      await watched.pass(5_250);
      watched.browser.answer = () => ({});
      await watched.pass(4_250);
    }
    watched.browser.answer = () => undefined;
    await watched.pass(5_250);
    const late = watched.browser.received.at(-1);
    await watched.pass(4_250);
    watched.browser.say({ id: late?.id, result: {} });
    await watched.pass(0);
    await watched.pass(4_250);
    expect(watched.hung).toEqual([]);
  });

  it('that refuses has answered', async () => {
    const watched = new WatchedBrowser();
    watched.browser.answer = () => {
      throw new Error('Not allowed');
    };
    for (let seconds = 0; seconds < 60; seconds += 1) await watched.pass(1_000);
    expect(watched.browser.methods.length).toBeGreaterThan(8);
    expect(watched.hung).toEqual([]);
  });

  it('isn’t blamed for the time in which we stood still ourselves', async () => {
    const watched = new WatchedBrowser();
    watched.browser.answer = () => undefined;
    await watched.pass(5_000);
    for (let times = 0; times < 6; times += 1) {
      watched.time.stall(20_000);
      await watched.pass(20_000);
    }
    const { id } = watched.browser.received.at(-1) ?? {};
    watched.browser.say({ id, result: {} });
    await watched.pass(100);
    expect(watched.hung).toEqual([]);
    expect(watched.browser.methods).toHaveLength(1);
  });

  it('that has left is asked nothing any more', async () => {
    const watched = new WatchedBrowser();
    await watched.pass(5_000);
    watched.switchboard.close('Chromium has left.');
    for (let seconds = 0; seconds < 60; seconds += 1) await watched.pass(1_000);
    expect(watched.hung).toEqual([]);
    expect(watched.time.waitingTimers).toBe(0);
  });

  it('is watched no more after a stop, also when a question is open', async () => {
    const watched = new WatchedBrowser();
    watched.browser.answer = () => undefined;
    await watched.pass(9_250);
    watched.watch.stop();
    await watched.pass(60_000);
    expect(watched.hung).toEqual([]);
  });
});

describe('a real browser', () => {
  let folder: BrowserFolder;
  afterEach(() => folder.remove());

  it('is found hung when all of it was stopped, and not before', async () => {
    folder = await BrowserFolder.create();
    const browser = await folder.start();
    const hung: number[] = [];
    const watch = new BrowserWatch({
      probeIntervalMs: 300,
      probeTimeoutMs: 1_000,
      onHung: (afterMs) => hung.push(afterMs),
    });
    watch.start(browser);
    try {
      for (let answers = 0; answers < 5; answers += 1) await browser.switchboard.send('Browser.getVersion');
      expect(hung).toEqual([]);
      process.kill(-browser.pid, 'SIGSTOP');
      await until(() => hung[0], { expectation: () => 'the browser to be found hung' });
      expect(hung).toEqual([2_000]);
    } finally {
      watch.stop();
      process.kill(-browser.pid, 'SIGCONT');
    }
  });
});

class WatchedBrowser {
  readonly time = new VirtualTime();
  readonly browser = new FakeBrowser();
  readonly switchboard = new Switchboard({
    toBrowser: this.browser.toBrowser,
    fromBrowser: this.browser.fromBrowser,
    onClosed: () => undefined,
  });
  readonly hung: number[] = [];
  readonly watch: BrowserWatch;

  constructor({ probeIntervalMs, probeTimeoutMs } = { probeIntervalMs: 5_000, probeTimeoutMs: 4_000 }) {
    this.watch = new BrowserWatch({
      probeIntervalMs,
      probeTimeoutMs,
      onHung: (afterMs) => this.hung.push(afterMs),
      clock: new FairClock(this.time),
    });
    this.watch.start(this);
  }

  /** Time passes, and then everything that was said is heard. */
  async pass(milliseconds: number): Promise<void> {
    this.time.runUntil(this.time.now() + milliseconds);
    for (let turns = 0; turns < 5; turns += 1) await new Promise((resolve) => setImmediate(resolve));
  }
}
