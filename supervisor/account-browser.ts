import { setTimeout as sleep } from 'node:timers/promises';

import type { Configuration } from '../shared/configuration/compile-configuration.js';
import { describeError } from '../shared/errors.js';
import { hasRoom } from '../shared/files/has-room.js';
import type { Logger } from '../shared/logger.js';
import type { SessionPaths } from '../shared/paths.js';
import type { BrowserProcess, SpawnedBrowser } from './browser/browser-process.js';
import { BrowserStartError } from './browser/browser-start-error.js';
import type { LaunchSurroundings } from './browser/launch-surroundings.js';
import { BrowserWatch } from './browser-watch.js';
import type { ChildRecords } from './child-records.js';
import type { MachineEvent } from './machine-types.js';
import { startAccountBrowser } from './start-account-browser.js';
import { divideStopTime } from './stop-budget.js';
import { browserFailure } from './tell-failure.js';

export interface AccountBrowserOptions {
  /** As it is now; a reload may change it. */
  readonly configuration: () => Configuration;
  readonly executablePath: string;
  /** Still being found out, maybe, when the first browser is to start. */
  readonly surroundings: Promise<LaunchSurroundings>;
  readonly paths: SessionPaths;
  readonly log: Logger;
  readonly children: Pick<ChildRecords, 'note' | 'forget'>;
  readonly onEvent: (event: MachineEvent) => void;
  /** There is no room on the disk of the profile, and the start of the browser waits for it; or there is room again. */
  readonly onRoom: (isThere: boolean) => void;
  /** Another supervisor's browser holds the profile. */
  readonly onHeldByAnother: () => void;
}

/** A process that survives SIGKILL waits for the kernel; when that lets it go nobody knows. */
const stuckRetryMs = 60_000;
/** A disk that is full is looked at this often. */
const roomLookMs = 1_000;

/** An account's browser, one at most: starts it, asks whether it lives, ends it, and says what becomes of it. */
export class AccountBrowser {
  readonly #options: AccountBrowserOptions;
  #browser: BrowserProcess | undefined;
  /** From its spawn to its exit; it may not have answered yet. */
  #spawned: SpawnedBrowser | undefined;
  #starting: AbortController | undefined;
  #watch: BrowserWatch | undefined;
  #retryTimer: NodeJS.Timeout | undefined;

  constructor(options: AccountBrowserOptions) {
    this.#options = options;
  }

  /** The one that has answered. */
  get process(): BrowserProcess | undefined {
    return this.#browser;
  }

  async start(): Promise<void> {
    const { paths, log, onEvent, onHeldByAnother, configuration, executablePath, surroundings } = this.#options;
    const starting = new AbortController();
    this.#starting = starting;
    try {
      await this.#waitForRoom(starting.signal);
      const browser = await startAccountBrowser(
        { executablePath, surroundings: await surroundings, configuration: configuration() },
        paths,
        {
          signal: starting.signal,
          onNews: (sentence) => log.warn(sentence),
          onClientCut: (reason) => log.error(`The worker was cut off from the browser: ${reason}`),
          onSpawned: (spawned) => this.#noteSpawned(spawned),
        },
      );
      this.#browser = browser;
      this.#watchOver(browser);
      void browser.exited.then(({ code, signal }) => {
        if (this.#browser === browser) this.#forget();
        onEvent({ type: 'browser-exited', reason: `The browser is gone (${signal ?? `exit code ${code ?? '?'}`})` });
      });
      onEvent({ type: 'browser-ready' });
    } catch (error) {
      if (error instanceof BrowserStartError && error.failure === 'profile-held') onHeldByAnother();
      onEvent({ type: 'browser-failed', failure: browserFailure(error) });
    } finally {
      this.#starting = undefined;
    }
  }

  /** On a full disk Chromium can't read what it has stored, and may give it up: the login with it. */
  async #waitForRoom(signal: AbortSignal): Promise<void> {
    const { paths, onRoom } = this.#options;
    if (await hasRoom(paths.profile)) return;
    onRoom(false);
    try {
      do {
        await sleep(roomLookMs, undefined, { signal, ref: false });
      } while (!(await hasRoom(paths.profile)));
    } finally {
      onRoom(true);
    }
  }

  /** In order: it saves what it has. */
  stop(): void {
    void this.#end(divideStopTime(this.#options.configuration().stopTimeoutMs).browserMs);
  }

  /** At once: it answers nobody. */
  kill(): void {
    void this.#end(0);
  }

  /** Nobody waits for it any more; one that has answered already is another matter. */
  abandonStart(): void {
    if (this.#browser !== undefined || this.#starting === undefined) return;
    this.#starting.abort();
    void this.#stopSpawned(divideStopTime(this.#options.configuration().stopTimeoutMs).browserMs);
  }

  /** Whatever it is at, its start included. Resolves when it has gone, or can't be ended. */
  killEverything(): Promise<void> {
    this.#starting?.abort();
    return this.#stopSpawned(0);
  }

  async #stopSpawned(timeoutMs: number): Promise<void> {
    try {
      await this.#spawned?.stop({ timeoutMs });
    } catch (error) {
      this.#options.log.error(`The browser could not be ended: ${describeError(error)}`);
    }
  }

  async #end(timeoutMs: number): Promise<void> {
    const browser = this.#browser;
    this.#watch?.stop();
    try {
      await browser?.stop({ timeoutMs });
    } catch (error) {
      if (this.#browser !== browser) return;
      this.#options.onEvent({ type: 'browser-stuck', reason: describeError(error) });
      clearTimeout(this.#retryTimer);
      this.#retryTimer = setTimeout(() => void this.#end(0), stuckRetryMs).unref();
    }
  }

  #noteSpawned(spawned: SpawnedBrowser): void {
    const { children } = this.#options;
    this.#spawned = spawned;
    void children.note('browser', spawned.pid);
    void spawned.exited.then(() => {
      void children.forget('browser', spawned.pid);
      if (this.#spawned === spawned) this.#spawned = undefined;
    });
  }

  #watchOver(browser: BrowserProcess): void {
    const { onEvent, configuration } = this.#options;
    const { probeIntervalMs, probeTimeoutMs } = configuration();
    const onHung = (afterMs: number): void => {
      if (this.#browser === browser) onEvent({ type: 'browser-hung', afterMs });
    };
    this.#watch?.stop();
    this.#watch = new BrowserWatch({ probeIntervalMs, probeTimeoutMs, onHung });
    this.#watch.start(browser);
  }

  #forget(): void {
    this.#browser = undefined;
    this.#watch?.stop();
    clearTimeout(this.#retryTimer);
  }
}
