import { EventEmitter } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import type { Configuration } from '../shared/configuration/compile-configuration.js';
import { readDeviceStatus, updateDeviceStatus } from '../shared/device-status.js';
import { describeError } from '../shared/errors.js';
import type { Logger } from '../shared/logger.js';
import { type SessionPaths, sessionPaths } from '../shared/paths.js';
import { protocolVersion, type WorkerMessage } from '../shared/protocol/messages.js';
import { type BrowserProcess, startBrowser } from './browser/browser-process.js';
import { launchArguments } from './browser/launch-arguments.js';
import type { LaunchSurroundings } from './browser/launch-surroundings.js';
import { renewPage } from './browser/renew-page.js';
import { createMachine, type Effect, type Machine, type MachineEvent, transition } from './machine.js';
import { decideMode } from './stored-login.js';
import { browserFailure, failureLine } from './tell-failure.js';
import { WorkerProcess } from './worker-process.js';

/** Handlers of the bot may use so much of the time for a stop; the rest belongs to the browser. */
const workerShareOfStop = 0.3;
const browserShareOfStop = 0.6;

export interface AccountOptions {
  readonly number: string;
  readonly configuration: Configuration;
  readonly executablePath: string;
  readonly surroundings: LaunchSurroundings;
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
  #machine: Machine = createMachine('restore');
  #stopRequested = false;
  #browser: BrowserProcess | undefined;
  #worker: WorkerProcess | undefined;
  #retryTimer: NodeJS.Timeout | undefined;
  #heartbeatTimer: NodeJS.Timeout | undefined;
  /** Writes to the account's files, one after another. */
  #writing: Promise<unknown> = Promise.resolve();

  constructor(options: AccountOptions) {
    super();
    this.#options = options;
    this.number = options.number;
    this.#paths = sessionPaths(options.configuration.sessionsDirectory, options.number);
    this.#log = options.log.child({ account: `+${options.number}` });
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

  /** @throws WasupError when the account's folder can't be made or written. */
  async start(): Promise<void> {
    await mkdir(this.#paths.profile, { recursive: true, mode: 0o700 });
    const hasProfile = existsSync(join(this.#paths.profile, 'Default'));
    const hasStatus = existsSync(this.#paths.deviceStatus);
    const { status, repaired } = await readDeviceStatus(this.#paths.deviceStatus, this.number);
    if (repaired !== undefined) this.#log.warn(`device-status.json was damaged (${repaired}); set aside and rebuilt.`);
    // A stop that came while we read found nothing to stop.
    if (this.#stopRequested) return;
    const knowsStatus = hasStatus && repaired === undefined;
    this.#machine = createMachine(decideMode(hasProfile, knowsStatus ? status.deviceLinked : undefined));
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
    await this.#writing;
  }

  /** The second signal: no more politeness. */
  kill(): void {
    this.#worker?.kill('SIGKILL');
    if (this.#browser !== undefined) killGroup(this.#browser.pid);
  }

  /** Ends the worker's life so that the next one starts with the code as it is now. */
  restartWorker(): void {
    this.#dispatch({ type: 'reload' });
  }

  get #workerStopMs(): number {
    return this.#options.configuration.stopTimeoutMs * workerShareOfStop;
  }

  #dispatch(event: MachineEvent): void {
    const { configuration } = this.#options;
    const before = this.#machine.state;
    const { machine, effects } = transition(this.#machine, event, configuration, performance.now(), Math.random());
    this.#machine = machine;
    if (machine.state !== 'listening' && machine.state !== 'degraded') clearTimeout(this.#heartbeatTimer);
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
        void this.#worker?.stop(this.#workerStopMs);
        return;
      case 'kill-worker':
        this.#log.error(`${effect.reason}; killing it.`);
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
        this.#recordInactive();
        return;
      case 'tell':
        this.#tell(effect);
        return;
      case 'cannot-happen':
        this.#log.error(`"${effect.event}" arrived where it can't; ignored. Please report this.`);
        return;
    }
  }

  async #startBrowser(): Promise<void> {
    const { configuration, executablePath, surroundings } = this.#options;
    try {
      const browser = await startBrowser({
        executablePath,
        arguments: launchArguments({
          profileDirectory: this.#paths.profile,
          extraArguments: configuration.browser.arguments,
          ...surroundings,
        }),
        logPath: this.#paths.browserLog,
        startTimeoutMs: configuration.browserStartTimeoutMs,
        environment: process.env,
        onClientCut: (reason) => this.#log.error(`The worker was cut off from the browser: ${reason}`),
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
      this.#log.error(`The worker could not be started: ${describeError(error)}`);
      setImmediate(() => this.#dispatch({ type: 'worker-exited', code: null, signal: null }));
      return;
    }
    this.#worker = worker;
    const startTimer = setTimeout(() => {
      this.#log.error(`The worker has not said hello within ${configuration.workerStartTimeoutMs} ms; killing it.`);
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

  async #assign({ mode, rung, attempt, renewPage: renew }: Extract<Effect, { type: 'assign' }>): Promise<void> {
    const { configuration, number } = this.#options;
    const { incarnation } = this.#machine;
    const browser = this.#browser;
    const worker = this.#worker;
    if (browser === undefined || worker === undefined) return;
    const idBase = browser.switchboard.nextIdBase();
    try {
      await browser.switchboard.disconnect();
      if (renew) await renewPage(browser.switchboard);
      await browser.switchboard.connect(worker.line, { idBase });
    } catch (error) {
      if (this.#browser === browser && this.#worker === worker) {
        this.#dispatch({ type: 'page-lost', reason: describeError(error) });
      }
      return;
    }
    worker.send({
      type: 'assign',
      version: protocolVersion,
      incarnation,
      account: number,
      mode,
      rung,
      authMethod: configuration.authMethod,
      attempt,
      maxAttempts: configuration.maxRestoreAttempts,
      sessionDirectory: this.#paths.directory,
      browser: { pid: browser.pid, idBase },
      deadlines: {
        heartbeatIntervalMs: configuration.heartbeatIntervalMs,
        pageLoadTimeoutMs: configuration.pageLoadTimeoutMs,
        authTimeoutMs: configuration.authTimeoutMs,
        syncTimeoutMs: configuration.syncTimeoutMs,
        probeTimeoutMs: configuration.probeTimeoutMs,
      },
    });
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
      case 'pairing-code':
        return;
    }
  }

  /** Armed only while the session listens: a start has deadlines of its own, phase by phase. */
  #expectHeartbeat(): void {
    clearTimeout(this.#heartbeatTimer);
    const { state } = this.#machine;
    if (state !== 'listening' && state !== 'degraded') return;
    const { heartbeatTimeoutMs } = this.#options.configuration;
    this.#heartbeatTimer = setTimeout(
      () => this.#dispatch({ type: 'heartbeat-missed', afterMs: heartbeatTimeoutMs }),
      heartbeatTimeoutMs,
    );
  }

  #recordInactive(): void {
    const { state, failure } = this.#machine;
    this.#writing = this.#writing
      .then(() =>
        updateDeviceStatus(this.#paths.deviceStatus, this.number, {
          isActive: false,
          state,
          workerPid: null,
          browserPid: this.#browser?.pid ?? null,
          reason: failure?.reason ?? null,
          userAction: failure?.userAction ?? null,
        }),
      )
      .catch((error: unknown) => this.#log.warn(`device-status.json could not be written: ${describeError(error)}`));
  }

  #tell({ failure, next }: Extract<Effect, { type: 'tell' }>): void {
    const line = failureLine(failure, next);
    if (failure.userAction === null) this.#log.warn({ class: failure.class }, line);
    else this.#log.error({ class: failure.class }, line);
  }
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has gone already.
  }
}
