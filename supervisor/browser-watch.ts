import type { BrowserProcess } from './browser/browser-process.js';
import { type Alarm, type FairClock, fairClock } from './fair-clock.js';

/** What is asked: the browser, without its processes and without a worker between. */
export type WatchedBrowser = Pick<BrowserProcess, 'switchboard'>;

export interface BrowserWatchOptions {
  /** From one answer to the next question, in ms. */
  readonly probeIntervalMs: number;
  /** How long an answer may take, in ms. */
  readonly probeTimeoutMs: number;
  /** Called once, when the browser has not answered twice in a row, with how long it was given for that, in ms. */
  readonly onHung: (afterMs: number) => void;
  readonly clock?: FairClock;
}

/** One alone may fall into a moment in which the whole machine is busy. */
const maxMissedProbes = 2;
/** An answer that comes too late still is a sign of life; one that is later than this is not waited for. */
const lateAnswerFactor = 4;

/**
 * Asks a browser again and again over its pipe whether it lives: one that was stopped or hangs neither leaves nor says so, and
 * the worker that would notice may hang as well. Found within interval + 2 × timeout.
 */
export class BrowserWatch {
  readonly #options: BrowserWatchOptions;
  readonly #clock: FairClock;
  #browser: WatchedBrowser | undefined;
  #alarm: Alarm | undefined;
  #probes = 0;
  #missed = 0;

  constructor(options: BrowserWatchOptions) {
    this.#options = options;
    this.#clock = options.clock ?? fairClock;
  }

  /** Watches this browser, and no other any more. */
  start(browser: WatchedBrowser): void {
    this.stop();
    this.#browser = browser;
    this.#probeIn(this.#options.probeIntervalMs);
  }

  stop(): void {
    this.#alarm?.cancel();
    this.#browser = undefined;
    this.#missed = 0;
  }

  #probeIn(delayMs: number): void {
    this.#wait(delayMs, () => this.#probe());
  }

  #wait(delayMs: number, then: () => void): void {
    this.#alarm?.cancel();
    this.#alarm = this.#clock.after(delayMs, then);
  }

  #probe(): void {
    const browser = this.#browser;
    if (browser === undefined) return;
    const { probeTimeoutMs } = this.#options;
    this.#wait(probeTimeoutMs, () => this.#miss());
    const probe = (this.#probes += 1);
    browser.switchboard.send('Browser.getVersion', {}, { timeoutMs: probeTimeoutMs * lateAnswerFactor }).then(
      () => this.#forgive(browser),
      () => {
        // Its end is told by its exit.
        if (browser.switchboard.closed) this.#leave(browser);
        // It has refused, which is an answer; or we stood still ourselves for so long that the command has run out of time.
        else if (probe === this.#probes) this.#forgive(browser);
      },
    );
  }

  #miss(): void {
    const { probeTimeoutMs, onHung } = this.#options;
    this.#missed += 1;
    if (this.#missed < maxMissedProbes) {
      this.#probe();
      return;
    }
    const afterMs = this.#missed * probeTimeoutMs;
    this.stop();
    onHung(afterMs);
  }

  #forgive(browser: WatchedBrowser): void {
    if (this.#browser !== browser) return;
    this.#missed = 0;
    this.#probeIn(this.#options.probeIntervalMs);
  }

  #leave(browser: WatchedBrowser): void {
    if (this.#browser === browser) this.stop();
  }
}
