import { EventEmitter } from 'node:events';
import { mkdir } from 'node:fs/promises';

import { describeError } from '../shared/errors.js';
import type { Logger } from '../shared/logger.js';
import { type SessionPaths, sessionPaths } from '../shared/paths.js';
import type { WorkerMessage } from '../shared/protocol/messages.js';
import { AccountRecords } from './account-records.js';
import { createAssignment } from './assignment.js';
import { BrowserStartError } from './browser/browser-start-error.js';
import type { BrowserProcess } from './browser/browser-process.js';
import { renewPage } from './browser/renew-page.js';
import { signalProcess } from './browser/signals.js';
import { HeartbeatWatch } from './heartbeat-watch.js';
import { createMachine, type Effect, type Machine, type MachineEvent, transition } from './machine.js';
import { type AccountBrowserOptions, startAccountBrowser } from './start-account-browser.js';
import { decideMode } from './stored-login.js';
import { browserFailure, tellFailure } from './tell-failure.js';
import { WorkerProcess } from './worker-process.js';

/** Handlers of the bot may use so much of the time for a stop; the rest belongs to the browser. */
const workerShareOfStop = 0.3;
const browserShareOfStop = 0.6;

export interface AccountOptions extends AccountBrowserOptions {
  readonly number: string;
  readonly botModule: string;
  readonly log: Logger;
}

interface AccountEvents {
  message: [WorkerMessage];
  state: [Machine];
}

/** One account: its browser, its worker, and the machine that decides about them. Performs what the machine says. */
export class Account extends EventEmitter<AccountEvents> {
  readonly number: string;
  readonly #options: AccountOptions;
  readonly #paths: SessionPaths;
  readonly #log: Logger;
  readonly #records: AccountRecords;
  readonly #heartbeats = new HeartbeatWatch((afterMs) => this.#dispatch({ type: 'heartbeat-missed', afterMs }));
  #machine: Machine = createMachine('restore');
  #stopRequested = false;
  #browser: BrowserProcess | undefined;
  #worker: WorkerProcess | undefined;
  #retryTimer: NodeJS.Timeout | undefined;

  constructor(options: AccountOptions) {
    super();
    this.#options = options;
    this.number = options.number;
    this.#paths = sessionPaths(options.configuration.sessionsDirectory, options.number);
    this.#log = options.log.child({ account: `+${options.number}` });
    this.#records = new AccountRecords(this.#paths, options.number, this.#log);
  }

  get machine(): Machine {
    return this.#machine;
  }

  get workerPid(): number | undefined {
    return this.#worker?.pid;
  }

  get browserPid(): number | undefined {
    return this.#browser?.pid;
  }

  /** Another supervisor runs this account. */
  get isHeldByAnother(): boolean {
    return this.#records.belongsToAnother;
  }

  /** @throws WasupError when the account's folder can't be made or written. */
  async start(): Promise<void> {
    await mkdir(this.#paths.profile, { recursive: true, mode: 0o700 });
    const { hasProfile, deviceLinked } = await this.#records.readStoredLogin();
    // A stop that came while we read found nothing to stop.
    if (this.#stopRequested) return;
    this.#machine = createMachine(decideMode(hasProfile, deviceLinked));
    this.#dispatch({ type: 'start' });
  }

  /** Resolves when worker and browser are gone. */
  async stop(): Promise<void> {
    this.#stopRequested = true;
    if (this.#machine.state === 'stopped') return;
    const stopped = new Promise<void>((resolve) => {
      const onState = ({ state }: Machine): void => {
        if (state !== 'stopped') return;
        this.off('state', onState);
        resolve();
      };
      this.on('state', onState);
    });
    this.#dispatch({ type: 'stop' });
    await stopped;
    await this.#records.settled();
  }

  /** The second signal: no more politeness. */
  kill(): void {
    this.#worker?.kill('SIGKILL');
    if (this.#browser !== undefined) signalProcess(-this.#browser.pid, 'SIGKILL');
  }

  /** Ends the worker's life so that the next one starts with the code as it is now. */
  restartWorker(): void {
    this.#dispatch({ type: 'reload' });
  }

  #dispatch(event: MachineEvent): void {
    const { configuration } = this.#options;
    const before = this.#machine.state;
    const { machine, effects } = transition(this.#machine, event, configuration, performance.now(), Math.random());
    this.#machine = machine;
    if (machine.worker !== 'assigned') this.#heartbeats.disarm();
    this.#log.debug(
      { event: event.type, from: before, to: machine.state },
      `${event.type}: ${before} -> ${machine.state}`,
    );
    for (const effect of effects) this.#perform(effect);
    this.emit('state', machine);
  }

  #perform(effect: Effect): void {
    switch (effect.type) {
      case 'start-browser':
        void this.#startBrowser();
        return;
      case 'stop-browser':
        void this.#stopBrowser();
        return;
      case 'start-worker':
        this.#startWorker();
        return;
      case 'assign':
        void this.#assign(effect);
        return;
      case 'stop-worker':
        void this.#worker?.stop(this.#options.configuration.stopTimeoutMs * workerShareOfStop);
        return;
      case 'kill-worker':
        this.#worker?.kill('SIGKILL');
        return;
      case 'retry-in':
        clearTimeout(this.#retryTimer);
        this.#retryTimer = setTimeout(() => this.#dispatch({ type: 'retry' }), effect.delayMs);
        return;
      case 'cancel-retry':
        clearTimeout(this.#retryTimer);
        return;
      case 'record-inactive':
        this.#records.recordInactive(this.#machine, this.#browser?.pid);
        return;
      case 'tell':
        tellFailure(this.#log, effect.failure, effect.next);
        return;
      case 'cannot-happen':
        this.#log.error(`"${effect.event}" arrived where it can't; ignored. Please report this.`);
        return;
    }
  }

  async #startBrowser(): Promise<void> {
    try {
      const browser = await startAccountBrowser(this.#options, this.#paths, (reason) => {
        this.#log.error(`The worker was cut off from the browser: ${reason}`);
      });
      this.#browser = browser;
      void browser.exited.then(({ code, signal }) => {
        if (this.#browser === browser) this.#browser = undefined;
        this.#dispatch({
          type: 'browser-exited',
          reason: `The browser is gone (${signal ?? `exit code ${code ?? '?'}`})`,
        });
      });
      this.#dispatch({ type: 'browser-ready' });
    } catch (error) {
      if (error instanceof BrowserStartError && error.failure === 'profile-held') this.#records.leaveToAnother();
      this.#dispatch({ type: 'browser-failed', failure: browserFailure(error) });
    }
  }

  async #stopBrowser(): Promise<void> {
    const timeoutMs = this.#options.configuration.stopTimeoutMs * browserShareOfStop;
    await this.#browser?.stop({ timeoutMs }).catch((error: unknown) => {
      this.#log.error(`The browser could not be stopped: ${describeError(error)}`);
    });
  }

  #startWorker(): void {
    const { configuration, botModule } = this.#options;
    const { incarnation } = this.#machine;
    let worker: WorkerProcess;
    try {
      worker = new WorkerProcess({ botModule, log: configuration.log, environment: process.env });
    } catch (error) {
      const reason = `The worker could not be started (${describeError(error)})`;
      setImmediate(() => {
        this.#dispatch({ type: 'worker-failure', failure: { class: 'LOCAL', reason, userAction: null } });
        this.#dispatch({ type: 'worker-exited', code: null, signal: null });
      });
      return;
    }
    this.#worker = worker;
    const startTimer = setTimeout(() => {
      const reason = `The worker has not said hello within ${configuration.workerStartTimeoutMs} ms`;
      this.#dispatch({ type: 'worker-failure', failure: { class: 'TRANSIENT', reason, userAction: null } });
      worker.kill('SIGKILL');
    }, configuration.workerStartTimeoutMs);
    worker.on('malformed', (problem) => this.#log.error(`The worker said something that makes no sense: ${problem}`));
    worker.on('message', (message) => {
      if (message.type === 'hello') {
        clearTimeout(startTimer);
        this.#dispatch({ type: 'worker-ready' });
      } else if (message.incarnation === null || message.incarnation === incarnation) this.#hear(message);
      this.emit('message', message);
    });
    worker.on('exit', (exit) => {
      clearTimeout(startTimer);
      if (this.#worker === worker) this.#worker = undefined;
      this.#dispatch({ type: 'worker-exited', ...exit });
    });
  }

  async #assign(effect: Extract<Effect, { type: 'assign' }>): Promise<void> {
    const { configuration, number } = this.#options;
    const { incarnation } = this.#machine;
    const browser = this.#browser;
    const worker = this.#worker;
    if (browser === undefined || worker === undefined) return;
    const idBase = browser.switchboard.nextIdBase();
    try {
      await browser.switchboard.disconnect();
      if (effect.renewPage) await renewPage(browser.switchboard);
      await browser.switchboard.connect(worker.line, { idBase });
    } catch (error) {
      if (this.#browser === browser && this.#worker === worker) {
        this.#dispatch({ type: 'page-lost', reason: describeError(error) });
      }
      return;
    }
    const circumstances = {
      number,
      incarnation,
      sessionDirectory: this.#paths.directory,
      browser: { pid: browser.pid, idBase },
    };
    worker.send(createAssignment(effect, circumstances, configuration));
    this.#expectHeartbeat();
  }

  #hear(message: Exclude<WorkerMessage, { type: 'hello' }>): void {
    switch (message.type) {
      case 'listening':
        this.#dispatch({ type: 'listening' });
        this.#expectHeartbeat();
        return;
      case 'transport':
        this.#dispatch({ type: 'transport', connected: message.connected });
        return;
      case 'failure':
        this.#dispatch({
          type: 'worker-failure',
          failure: { class: message.class, reason: message.reason, userAction: message.userAction },
        });
        return;
      case 'heartbeat':
        this.#expectHeartbeat();
        return;
      case 'phase':
      case 'qr':
      case 'qr-expired':
      case 'pairing-code':
      case 'restore-metrics':
      case 'alert':
        return;
    }
  }

  /**
   * The worker's event loop turns from its assignment on, whatever the page does. Until it listens it is given the time of
   * a worker's start, in which the bot sets itself up: nobody is answered more slowly for it.
   */
  #expectHeartbeat(): void {
    const { worker, state } = this.#machine;
    if (worker !== 'assigned') return;
    const { heartbeatTimeoutMs, workerStartTimeoutMs } = this.#options.configuration;
    const listens = state === 'listening' || state === 'degraded';
    this.#heartbeats.expectWithin(listens ? heartbeatTimeoutMs : Math.max(heartbeatTimeoutMs, workerStartTimeoutMs));
  }
}
