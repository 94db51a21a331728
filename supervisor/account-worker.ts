import type { Configuration } from '../shared/configuration/compile-configuration.js';
import { describeError } from '../shared/errors.js';
import type { Logger } from '../shared/logger.js';
import type { SessionPaths } from '../shared/paths.js';
import type { FailureClass, WorkerMessage } from '../shared/protocol/messages.js';
import type { ChildRecords } from './child-records.js';
import { environmentForChildren } from './environment-for-children.js';
import { workerEnvironment } from './find-orphan-workers.js';
import type { MachineEvent } from './machine-types.js';
import { startAccountWorker } from './start-account-worker.js';
import { divideStopTime } from './stop-budget.js';
import type { WorkerProcess } from './worker-process.js';

export interface AccountWorkerSlotOptions {
  /** As it is now; a reload may change it. */
  readonly configuration: () => Configuration;
  readonly botModule: () => string;
  readonly paths: SessionPaths;
  readonly log: Logger;
  readonly children: Pick<ChildRecords, 'note' | 'forget'>;
  readonly onEvent: (event: MachineEvent) => void;
  /** A message of the worker that was spawned for this incarnation. */
  readonly onMessage: (message: WorkerMessage, incarnation: number) => void;
  readonly onExit: (exit: { code: number | null; signal: string | null }) => void;
}

/** An account's worker, one at most: starts and ends it, and says what becomes of it. */
export class AccountWorkerSlot {
  readonly #options: AccountWorkerSlotOptions;
  #worker: WorkerProcess | undefined;

  constructor(options: AccountWorkerSlotOptions) {
    this.#options = options;
  }

  get process(): WorkerProcess | undefined {
    return this.#worker;
  }

  start(incarnation: number): void {
    const { configuration, botModule, paths, log, children, onMessage, onExit } = this.#options;
    const { log: logOptions, workerStartTimeoutMs } = configuration();
    try {
      const worker = startAccountWorker({
        botModule: botModule(),
        log: logOptions,
        environment: workerEnvironment(paths.directory, environmentForChildren(process.env)),
        startTimeoutMs: workerStartTimeoutMs,
        onTooSlow: (reason) => this.#fail('TRANSIENT', reason),
        onMalformed: (problem) => log.error(`The worker said something that makes no sense: ${problem}`),
        onMessage: (message) => onMessage(message, incarnation),
        onExit: (exit) => {
          if (this.#worker === worker) this.#worker = undefined;
          void children.forget('worker', worker.pid);
          onExit(exit);
        },
      });
      this.#worker = worker;
      void children.note('worker', worker.pid);
    } catch (error) {
      setImmediate(() => {
        this.#fail('LOCAL', describeError(error));
        onExit({ code: null, signal: null });
      });
    }
  }

  stop(): void {
    const { configuration, onEvent } = this.#options;
    const { worker: budget } = divideStopTime(configuration().stopTimeoutMs);
    const worker = this.#worker;
    worker?.stop(budget.askMs, budget).catch((error: unknown) => {
      if (this.#worker === worker) onEvent({ type: 'worker-stuck', reason: describeError(error) });
    });
  }

  kill(): void {
    this.#worker?.kill('SIGKILL');
  }

  #fail(failureClass: FailureClass, reason: string): void {
    const failure = { class: failureClass, reason, userAction: null, reported: false };
    this.#options.onEvent({ type: 'worker-failure', failure });
  }
}
