import type { Configuration } from '../shared/configuration/compile-configuration.js';
import { describeError } from '../shared/errors.js';
import type { Logger } from '../shared/logger.js';
import type { SessionPaths } from '../shared/paths.js';
import type { FailureClass, WorkerMessage } from '../shared/protocol/messages.js';
import { type BotVersion, readBotVersion } from './bot-version.js';
import type { ChildRecords } from './child-records.js';
import { environmentForWorkers } from './environment-for-children.js';
import type { WorkerExit } from './exit-failure.js';
import { workerEnvironment } from './find-orphan-workers.js';
import type { Failure, MachineEvent } from './machine-types.js';
import type { StandbyPool } from './standby-pool.js';
import { divideStopTime } from './stop-budget.js';
import { spawnWorker, watchWorkerStart } from './start-account-worker.js';
import type { WorkerProcess } from './worker-process.js';

export interface AccountWorkerSlotOptions {
  /** As it is now; a reload may change it. */
  readonly configuration: () => Configuration;
  readonly botModule: () => string;
  readonly paths: SessionPaths;
  readonly log: Logger;
  readonly children: Pick<ChildRecords, 'note' | 'forget'>;
  /** Where a worker may wait that has loaded everything. */
  readonly standby: Pick<StandbyPool, 'take'>;
  readonly onEvent: (event: MachineEvent) => void;
  /** A message of the worker that was spawned for this incarnation. */
  readonly onMessage: (message: WorkerMessage, incarnation: number) => void;
  readonly onExit: (exit: WorkerExit) => void;
}

type Exit = Parameters<AccountWorkerSlotOptions['onExit']>[0];

/** A worker of this account. It gets its incarnation when it becomes the one that counts. */
interface Life {
  readonly worker: WorkerProcess;
  readonly bot: BotVersion;
  incarnation: number | undefined;
  /** What it has said about why it ends. */
  failure: Failure | undefined;
}

/**
 * An account's worker, and the one that is to follow it as planned: starts and ends them, and says what becomes of
 * them.
 */
export class AccountWorkerSlot {
  readonly #options: AccountWorkerSlotOptions;
  #current: Life | undefined;
  #successor: Life | undefined;

  constructor(options: AccountWorkerSlotOptions) {
    this.#options = options;
  }

  get process(): WorkerProcess | undefined {
    return this.#current?.worker;
  }

  /** Which version of the bot the worker has loaded; undefined while there is none. */
  get bot(): BotVersion | undefined {
    return this.#current?.bot;
  }

  /** One that waits on standby is there at once. */
  start(incarnation: number): void {
    const { standby, botModule, onMessage } = this.#options;
    const waiting = standby.take(botModule(), this.#options.configuration().log);
    if (waiting !== undefined) {
      const { hello, ...rest } = waiting;
      this.#current = this.#hold(rest, incarnation);
      // Not before whoever starts it has taken note.
      setImmediate(() => onMessage(hello, incarnation));
      return;
    }
    try {
      this.#current = this.#spawn(incarnation);
    } catch (error) {
      setImmediate(() => {
        this.#fail('LOCAL', describeError(error));
        this.#options.onExit({ code: null, signal: null });
      });
    }
  }

  /** Always of the code as it is now. */
  startSuccessor(): void {
    this.dropSuccessor();
    try {
      this.#successor = this.#spawn(undefined);
    } catch (error) {
      const failure: Failure = { class: 'LOCAL', reason: describeError(error), userAction: null };
      setImmediate(() => this.#options.onEvent({ type: 'successor-failed', failure }));
    }
  }

  promoteSuccessor(incarnation: number): void {
    const life = this.#successor;
    if (life === undefined) return;
    this.#successor = undefined;
    life.incarnation = incarnation;
    this.#current = life;
  }

  /** It has nothing yet that it could lose. */
  dropSuccessor(): void {
    const life = this.#successor;
    this.#successor = undefined;
    life?.worker.kill('SIGKILL');
  }

  stop({ isOverMemory }: { readonly isOverMemory: boolean }): void {
    const { configuration, onEvent } = this.#options;
    const { worker: budget } = divideStopTime(configuration().stopTimeoutMs);
    const life = this.#current;
    life?.worker.stop(budget.askMs, { ...budget, isOverMemory }).catch((error: unknown) => {
      if (this.#current === life) onEvent({ type: 'worker-stuck', reason: describeError(error) });
    });
  }

  /** At once: all there are. */
  kill(): void {
    this.#current?.worker.kill('SIGKILL');
  }

  #spawn(incarnation: number | undefined): Life {
    const { configuration, botModule, paths } = this.#options;
    const { log, workerStartTimeoutMs, memoryHardLimitMb } = configuration();
    const bot = readBotVersion(botModule());
    const worker = spawnWorker({
      botModule: bot.path,
      log,
      rehearse: incarnation === undefined,
      memoryLimitMb: memoryHardLimitMb,
      environment: workerEnvironment(paths.directory, environmentForWorkers(process.env, process.stdout)),
    });
    const life = this.#hold({ worker, bot }, incarnation);
    watchWorkerStart(worker, {
      botModule: bot.path,
      startTimeoutMs: workerStartTimeoutMs,
      onTooSlow: (reason) => this.#hearFailure(life, { class: 'TRANSIENT', reason, userAction: null }, false),
    });
    return life;
  }

  #hold({ worker, bot }: Pick<Life, 'worker' | 'bot'>, incarnation: number | undefined): Life {
    const { children, log } = this.#options;
    const life: Life = { worker, bot, incarnation, failure: undefined };
    worker.on('malformed', (problem) => log.error(`The worker said something that makes no sense: ${problem}`));
    worker.on('message', (message) => this.#hear(life, message));
    worker.on('exit', (exit) => {
      void children.forget('worker', worker.pid);
      this.#bury(life, exit);
    });
    void children.note('worker', worker.pid);
    return life;
  }

  #hear(life: Life, message: WorkerMessage): void {
    const { onMessage, onEvent } = this.#options;
    if (this.#current === life && life.incarnation !== undefined) onMessage(message, life.incarnation);
    else if (this.#successor !== life) return;
    else if (message.type === 'hello') onEvent({ type: 'successor-ready' });
    else if (message.type === 'failure') this.#hearFailure(life, message, true);
  }

  #hearFailure(life: Life, { class: failureClass, reason, userAction }: Failure, reported: boolean): void {
    const failure: Failure = { class: failureClass, reason, userAction };
    if (this.#successor === life) life.failure = failure;
    else if (this.#current === life)
      this.#options.onEvent({ type: 'worker-failure', failure: { ...failure, reported } });
  }

  #bury(life: Life, exit: Exit): void {
    const { onExit, onEvent } = this.#options;
    if (this.#successor === life) {
      this.#successor = undefined;
      const how = exit.signal === null ? `with code ${exit.code ?? 'unknown'}` : `by ${exit.signal}`;
      const unknown: Failure = { class: 'TRANSIENT', reason: `It ended ${how} while it loaded`, userAction: null };
      onEvent({ type: 'successor-failed', failure: life.failure ?? unknown });
    } else if (this.#current === life) {
      this.#current = undefined;
      onExit(exit);
    }
  }

  #fail(failureClass: FailureClass, reason: string): void {
    const failure = { class: failureClass, reason, userAction: null, reported: false };
    this.#options.onEvent({ type: 'worker-failure', failure });
  }
}
