import { describeError } from '../shared/errors.js';
import type { Logger } from '../shared/logger.js';
import type { SessionPaths } from '../shared/paths.js';
import type { Assignment, FailureClass, SupervisorMessage, WorkerMessage } from '../shared/protocol/messages.js';
import { createAssignment } from './assignment.js';
import type { BrowserProcess, SpawnedBrowser } from './browser/browser-process.js';
import { BrowserStartError } from './browser/browser-start-error.js';
import { renewPage } from './browser/renew-page.js';
import type { ChildRecords } from './child-records.js';
import { environmentForChildren } from './environment-for-children.js';
import { workerEnvironment } from './find-orphan-workers.js';
import type { Effect, MachineEvent } from './machine-types.js';
import { type AccountBrowserOptions, startAccountBrowser } from './start-account-browser.js';
import { divideStopTime } from './stop-budget.js';
import { startAccountWorker } from './start-account-worker.js';
import { browserFailure } from './tell-failure.js';
import type { WorkerProcess } from './worker-process.js';

export interface AccountProcessesOptions extends AccountBrowserOptions {
  readonly number: string;
  readonly botModule: string;
  readonly paths: SessionPaths;
  readonly log: Logger;
  readonly children: Pick<ChildRecords, 'note' | 'forget'>;
  readonly onEvent: (event: MachineEvent) => void;
  /** A message of the worker that was spawned for this incarnation. */
  readonly onMessage: (message: WorkerMessage, incarnation: number) => void;
  readonly onWorkerExit: (exit: { code: number | null; signal: string | null }) => void;
  /** Another supervisor's browser holds the profile. */
  readonly onHeldByAnother: () => void;
  /** The worker has been told what to do. */
  readonly onAssigned: (effect: Extract<Effect, { type: 'assign' }>) => void;
}

/** An account's browser and worker, one of each at most: starts, joins and stops them, and says what becomes of them. */
export class AccountProcesses {
  readonly #options: AccountProcessesOptions;
  #browser: BrowserProcess | undefined;
  /** From its spawn to its exit; it may not have answered yet. */
  #spawned: SpawnedBrowser | undefined;
  #starting: AbortController | undefined;
  #worker: WorkerProcess | undefined;

  constructor(options: AccountProcessesOptions) {
    this.#options = options;
  }

  get workerPid(): number | undefined {
    return this.#worker?.pid;
  }

  get browserPid(): number | undefined {
    return this.#browser?.pid;
  }

  send(message: SupervisorMessage): void {
    this.#worker?.send(message);
  }

  /** Both at once, without politeness. */
  kill(): void {
    this.#starting?.abort();
    this.killWorker();
    void this.#spawned?.stop({ timeoutMs: 0 }).catch((error: unknown) => {
      this.#options.log.error(`The browser could not be killed: ${describeError(error)}`);
    });
  }

  killWorker(): void {
    this.#worker?.kill('SIGKILL');
  }

  stopWorker(): void {
    const { worker } = divideStopTime(this.#options.configuration.stopTimeoutMs);
    this.#worker?.stop(worker.askMs, worker).catch((error: unknown) => {
      this.#options.log.error(describeError(error));
    });
  }

  async startBrowser(): Promise<void> {
    const { paths, log, children, onEvent, onHeldByAnother } = this.#options;
    const starting = new AbortController();
    this.#starting = starting;
    try {
      const browser = await startAccountBrowser(this.#options, paths, {
        signal: starting.signal,
        onNews: (sentence) => log.warn(sentence),
        onClientCut: (reason) => log.error(`The worker was cut off from the browser: ${reason}`),
        onSpawned: (spawned) => {
          this.#spawned = spawned;
          void children.note('browser', spawned.pid);
          void spawned.exited.then(() => {
            void children.forget('browser', spawned.pid);
            if (this.#spawned === spawned) this.#spawned = undefined;
          });
        },
      });
      this.#browser = browser;
      void browser.exited.then(({ code, signal }) => {
        if (this.#browser === browser) this.#browser = undefined;
        onEvent({ type: 'browser-exited', reason: `The browser is gone (${signal ?? `exit code ${code ?? '?'}`})` });
      });
      onEvent({ type: 'browser-ready' });
    } catch (error) {
      if (error instanceof BrowserStartError && error.failure === 'profile-held') onHeldByAnother();
      onEvent({ type: 'browser-failed', failure: browserFailure(error) });
    }
  }

  async stopBrowser(): Promise<void> {
    const { browserMs: timeoutMs } = divideStopTime(this.#options.configuration.stopTimeoutMs);
    await this.#browser?.stop({ timeoutMs }).catch((error: unknown) => {
      this.#options.log.error(`The browser could not be stopped: ${describeError(error)}`);
    });
  }

  startWorker(incarnation: number): void {
    const { configuration, botModule, paths, log, children, onEvent, onMessage, onWorkerExit } = this.#options;
    const failed = (failureClass: FailureClass, reason: string): void => {
      onEvent({ type: 'worker-failure', failure: { class: failureClass, reason, userAction: null, reported: false } });
    };
    try {
      const worker = startAccountWorker({
        botModule,
        log: configuration.log,
        environment: workerEnvironment(paths.directory, environmentForChildren(process.env)),
        startTimeoutMs: configuration.workerStartTimeoutMs,
        onTooSlow: (reason) => failed('TRANSIENT', reason),
        onMalformed: (problem) => log.error(`The worker said something that makes no sense: ${problem}`),
        onMessage: (message) => onMessage(message, incarnation),
        onExit: (exit) => {
          if (this.#worker === worker) this.#worker = undefined;
          void children.forget('worker', worker.pid);
          onWorkerExit(exit);
        },
      });
      this.#worker = worker;
      void children.note('worker', worker.pid);
    } catch (error) {
      setImmediate(() => {
        failed('LOCAL', describeError(error));
        onWorkerExit({ code: null, signal: null });
      });
    }
  }

  /** Hands the browser's page over to the worker, and tells it what to do there. */
  async assign(
    effect: Extract<Effect, { type: 'assign' }>,
    incarnation: number,
    authMethod: Assignment['authMethod'],
  ): Promise<void> {
    const { configuration, number, paths, onEvent, onAssigned } = this.#options;
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
        onEvent({ type: 'page-lost', reason: describeError(error) });
      }
      return;
    }
    const circumstances = {
      number,
      incarnation,
      sessionDirectory: paths.directory,
      browser: { pid: browser.pid, idBase },
      authMethod,
    };
    worker.send(createAssignment(effect, circumstances, configuration));
    onAssigned(effect);
  }
}
